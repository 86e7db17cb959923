"""Timing for a busy machine: CPU time, interleaved rounds, and what each round says."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Literal

__all__ = ("Result", "a_second", "added_ratio", "microseconds", "per_call", "ratio", "rounds")


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        what: What was measured.
        value: A ratio is the median of all rounds, since both of its halves meet the same machine; an absolute
            number comes from the fastest round, since other programs can only make it slower.
        fastest: From the fastest round of each contestant.
        low: The lower quartile of all rounds.
        high: Their upper quartile.
        bar: What the value must reach.
        at_least: Whether more is better.
        unit: Of an absolute number; empty for a ratio.
    """

    what: str
    value: float
    fastest: float
    low: float
    high: float
    bar: float
    at_least: bool = False
    unit: Literal["", "us", "cases/s"] = ""

    @property
    def passed(self) -> bool:
        """Whether the bar holds, in the two decimals that it has."""
        value = round(self.value, 2)
        return value >= self.bar if self.at_least else value <= self.bar


def per_call(action: Callable[[], object], times: int) -> float:
    """Return the CPU seconds of one call, over a block of them."""
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


def rounds(contestants: Mapping[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """Let every contestant measure itself once a round, each round beginning with another one."""
    names = list(contestants)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for contestant in contestants.values():  # the first run pays for bytecode, imports and caches
        contestant()
    for number in range(count):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            samples[name].append(contestants[name]())
    return samples


def ratio(what: str, ours: Sequence[float], theirs: Sequence[float], bar: float) -> Result:
    """Compare two contestants round by round."""
    values = [one / other for one, other in zip(ours, theirs, strict=True)]
    return _result(what, median(values), min(ours) / min(theirs), values, bar)


def added_ratio(what: str, samples: Mapping[str, Sequence[float]], ours: str, theirs: str, bar: float) -> Result:
    """Divide what *ours* adds to the contestant ``bare`` by what *theirs* adds to it."""
    fastest = {name: min(values) for name, values in samples.items()}
    each = [
        (one - bare) / (other - bare)
        for one, other, bare in zip(samples[ours], samples[theirs], samples["bare"], strict=True)
    ]
    least = (fastest[ours] - fastest["bare"]) / (fastest[theirs] - fastest["bare"])
    return _result(what, median(each), least, each, bar)


def microseconds(what: str, seconds: Sequence[float], bar: float) -> Result:
    """Return the row of a duration."""
    values = [value * 1e6 for value in seconds]
    return replace(_result(what, min(values), min(values), values, bar), unit="us")


def a_second(what: str, cases: int, seconds: Sequence[float], bar: float) -> Result:
    """Return the row of how many *cases* a second were run."""
    values = [cases / value for value in seconds]
    return replace(_result(what, max(values), max(values), values, bar), at_least=True, unit="cases/s")


def _result(what: str, value: float, fastest: float, values: Sequence[float], bar: float) -> Result:
    low, _, high = quantiles(values, n=4)
    return Result(what, value, fastest, low, high, bar)
