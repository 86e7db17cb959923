"""Timing for a busy machine: CPU time, interleaved rounds, and the median of what each round says."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

__all__ = ("Result", "difference", "per_call", "ratio", "rounds", "summary")

Unit = Literal["x", "us", "ms", "B", "/s", ""]


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        what: What was measured.
        value: The median of all rounds.
        low: Their lower quartile.
        high: Their upper quartile.
        unit: ``x`` for a ratio, else the unit of an absolute number.
        bar: What the value must not exceed; None for a number that is only shown.
    """

    what: str
    value: float
    low: float
    high: float
    unit: Unit = "x"
    bar: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the bar holds."""
        return self.bar is None or self.value <= self.bar


def per_call(action: Callable[[], object], times: int) -> float:
    """Return the CPU seconds of one call, over a block of them.

    CPU time, not the wall's: nothing here waits, and what other processes take of the machine is not ours.
    """
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


def rounds(contestants: Mapping[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """Let every contestant measure itself once a round, each round beginning with another one."""
    names = list(contestants)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for contestant in contestants.values():  # whoever comes first would pay for imports and caches
        contestant()
    for number in range(count):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            samples[name].append(contestants[name]())
    return samples


def ratio(what: str, ours: Sequence[float], theirs: Sequence[float], *, bar: float) -> Result:
    """Compare round by round: both halves of a pair met the same weather."""
    return summary(what, [mine / other for mine, other in zip(ours, theirs, strict=True)], bar=bar)


def difference(more: Sequence[float], less: Sequence[float]) -> list[float]:
    """Return what *more* adds to *less*, round by round."""
    return [one - other for one, other in zip(more, less, strict=True)]


def summary(
    what: str,
    values: Sequence[float],
    unit: Unit = "x",
    *,
    bar: float | None = None,
) -> Result:
    """Return the row of some measurements of one thing."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return Result(what, median(values), low, high, unit, bar)
