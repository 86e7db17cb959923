"""Timing for a busy machine: CPU time, in interleaved rounds, as the ratio that each round says."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

__all__ = ("Result", "a_second", "microseconds", "milliseconds", "per_call", "ratio", "rounds")


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        what: What was measured.
        value: A ratio of times is the median of all rounds, since both of its halves meet the same machine; a
            duration comes from the fastest round, since other programs can only make it slower.
        bar: What the value must reach; None where that cannot be judged.
        unit: Of an absolute number; empty for a ratio.
        at_least: Whether more is better.
        quartiles: The lower and upper quartile of all rounds; None for a count, which is always the same.
    """

    what: str
    value: float
    bar: float | None
    unit: str = ""
    at_least: bool = False
    quartiles: tuple[float, float] | None = None

    @property
    def passed(self) -> bool | None:
        """Whether the bar holds, in the two decimals that it has; None without a bar."""
        if self.bar is None:
            return None
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
    return Result(what, median(values), bar, quartiles=_quartiles(values))


def microseconds(what: str, seconds: Sequence[float], bar: float) -> Result:
    """Return the row of a duration."""
    values = [value * 1e6 for value in seconds]
    return Result(what, min(values), bar, "us", quartiles=_quartiles(values))


def milliseconds(what: str, seconds: Sequence[float]) -> Result:
    """Return the row of a duration that has no bar: most of it is not ours."""
    values = [value * 1e3 for value in seconds]
    return Result(what, min(values), None, "ms", quartiles=_quartiles(values))


def a_second(what: str, cases: int, seconds: Sequence[float], bar: float) -> Result:
    """Return the row of how many *cases* a second were run."""
    values = [cases / value for value in seconds]
    return Result(what, max(values), bar, "cases/s", at_least=True, quartiles=_quartiles(values))


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    low, _, high = quantiles(values, n=4)
    return low, high
