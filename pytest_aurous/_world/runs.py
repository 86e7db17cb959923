"""Plays scripts: where each record is in its run, and what ends a step: looks, time, or the test."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice
from math import inf

from .._time.clock import Clock
from .script import Step
from .undo import Undo

__all__ = ("Enter", "Run", "Runs")

Enter = Callable[[str, Step, float], None]
"""Called with the record's id, the step that it enters, and the instant."""


@dataclass(slots=True, eq=False)
class Run:
    """One synthesis under way: the position in its steps.

    Attributes:
        steps: What the client will see.
        enter: Makes the record follow.
        index: The present step.
        seen: How many looks have found it.
        since: When it began, in seconds since the epoch.
    """

    steps: tuple[Step, ...]
    enter: Enter
    since: float
    index: int = 0
    seen: int = 0

    @property
    def step(self) -> Step:
        """The present step."""
        return self.steps[self.index]

    @property
    def last(self) -> bool:
        """Whether no step follows; then the present one holds for good."""
        return self.index == len(self.steps) - 1

    @property
    def position(self) -> str:
        """Where it is in its script, in words."""
        looks = f", seen {self.seen} of {self.step.looks} times" if self.step.looks and not self.last else ""
        return f"script step {self.index + 1} of {len(self.steps)}{looks}"

    @property
    def deadline(self) -> float:
        """When the present step ends by time; never for the others."""
        hold = self.step.hold
        return self.since + hold.seconds if hold and hold.kind == ":" and not self.last else inf

    def after_look(self) -> int:
        """Return the index of the step that a look would find now."""
        index, seen = self.index, self.seen
        while index < len(self.steps) - 1:
            looks = self.steps[index].looks
            if looks is None or seen < looks:
                break
            index, seen = index + 1, 0
        return index


class Runs:
    """The runs of all records of one fake. Its callers hold the fake's lock."""

    __slots__ = ("_clock", "_due", "_runs", "_ticks", "_undo")

    def __init__(self, clock: Clock, undo: Undo | None = None) -> None:
        self._undo = undo or Undo()
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._due: list[tuple[float, int, str]] = []
        self._ticks = 0

    def get(self, record: str) -> Run | None:
        """Return the run that *record* is in or was last in."""
        return self._runs.get(record)

    def begin(self, record: str, steps: tuple[Step, ...], enter: Enter, *, settle: bool) -> None:
        """Put *record* at the first of *steps*; with *settle*, a ``*0`` is over at once."""
        self._undo.item(self._runs, record)
        run = self._runs[record] = Run(steps, enter, self._clock.time())
        if settle and run.step.looks == 0 and not run.last:
            self._step(record, run, run.since)
        else:
            self._watch(record, run)

    def drop(self, record: str) -> Run | None:
        """End the run of *record*: what its script still held is dropped."""
        self._undo.item(self._runs, record)
        return self._runs.pop(record, None)

    def look(self, record: str, *, seen: bool = True) -> bool:
        """A client looks: the look that comes after the last one of a step finds the next step.

        Args:
            record: The id.
            seen: Whether the client is shown the record; else the look moves it, but does not count.

        Returns:
            Whether the look moved it.
        """
        run = self._runs.get(record)
        if run is None:
            return False
        moves = run.after_look() != run.index
        if moves:
            self._step(record, run, self._clock.time())
        self._undo.attributes(run, "seen")
        run.seen += seen
        return moves

    def peek(self, record: str) -> Step | None:
        """Return the step that a look would find, without looking; None where there is no run."""
        run = self._runs.get(record)
        return None if run is None else run.steps[run.after_look()]

    def settle(self) -> None:
        """Bring every record up to the clock, each step at the instant at which it was due."""
        while self._due and self._due[0][0] <= self._clock.time():
            self._undo.before(heappush, self._due, self._due[0])  # twice there is as good as once
            deadline, _, record = heappop(self._due)
            run = self._runs.get(record)
            if run is not None and run.deadline == deadline:  # else the run was dropped or moved on meanwhile
                self._step(record, run, deadline)

    def advance(self, record: str) -> None:
        """End the present step, which must not be the last."""
        self._step(record, self._runs[record], self._clock.time())

    def waiting(self) -> str:
        """Say which records wait for what, a few of them."""
        waits = (
            f"{record} is {run.step.status!r} until {_end_of(run.step)}"
            for record, run in tuple(self._runs.items())
            if not run.last
        )
        return "; ".join(islice(waits, 5)) or "no record waits for anything"

    def _step(self, record: str, run: Run, at: float) -> None:
        while True:
            self._undo.attributes(run, "index", "seen", "since")
            run.index, run.seen, run.since = run.index + 1, 0, at
            run.enter(record, run.step, at)
            if run.last or run.step.looks != 0:
                break
        self._watch(record, run)

    def _watch(self, record: str, run: Run) -> None:
        if run.deadline < inf:
            self._ticks += 1
            heappush(self._due, (run.deadline, self._ticks, record))

    def state(self) -> tuple[dict[str, Run], list[tuple[float, int, str]]]:
        """Return what `restore` takes."""
        return {record: copy(run) for record, run in self._runs.items()}, list(self._due)

    def restore(self, state: tuple[dict[str, Run], list[tuple[float, int, str]]]) -> None:
        """Go back to a `state`, which can be restored again."""
        runs, due = state
        self._runs = {record: copy(run) for record, run in runs.items()}
        self._due = list(due)


def _end_of(step: Step) -> str:
    if step.looks is not None:
        return f"it was polled {step.looks} times"
    return f"{step.hold.seconds:g} s have passed" if step.hold and step.hold.unit else "the test calls advance()"
