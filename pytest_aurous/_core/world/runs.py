"""Plays scripts: the position of each record in its run, and what ends a step: polls, time, or the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import islice
from math import inf
from typing import NamedTuple

from ..time.clock import Clock
from .script import Step
from .state import Section, State

Enter = Callable[[str, Step, float], None]
"""Called with the record's id, the step that it enters, and the instant."""


class Run(NamedTuple):
    """Work under way on one record: its steps, the index of the present one, since when, and how many polls saw it.

    The *resource*, such as ``characters``, has the state machine that the record follows.
    """

    steps: tuple[Step, ...]
    resource: str
    since: float
    current: int = 0
    seen: int = 0

    @property
    def step(self) -> Step:
        return self.steps[self.current]

    @property
    def last(self) -> bool:
        """Whether no step follows; then the present one holds for good."""
        return self.current == len(self.steps) - 1

    @property
    def position(self) -> str:
        """Where it is in its script, in words."""
        polls = f", seen {self.seen} of {self.step.polls} times" if self.step.polls and not self.last else ""
        return f"script step {self.current + 1} of {len(self.steps)}{polls}"

    @property
    def deadline(self) -> float:
        """When the present step ends by time; never for the others."""
        hold = self.step.hold
        return self.since + hold.seconds if hold and hold.kind == ":" and not self.last else inf

    def after_poll(self) -> int:
        """Return the index of the step that a poll would find now."""
        current, seen = self.current, self.seen
        while current < len(self.steps) - 1:
            polls = self.steps[current].polls
            if polls is None or seen < polls:
                break
            current, seen = current + 1, 0
        return current


class Runs:
    """The runs of all records of one fake. Callers hold the fake's lock."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.machines: dict[str, Enter] = {}  # by resource
        self.settling: bool = False  # whether the clock is moving a record now
        self._clock = clock
        self._state = state
        self.by_record: Section[str, Run] = state.section("runs")  # which a record is in or was last in, to be read
        self._due: list[tuple[float, int, str]] = state.sequence("due")  # a heap; stale entries are skipped
        self._ticks = 0

    def begin(self, record: str, steps: tuple[Step, ...], resource: str, *, settle: bool) -> None:
        """Put *record* at the first of *steps*; with *settle*, a ``*0`` is over at once."""
        run = self.by_record[record] = Run(steps, resource, self._clock.time())
        if settle and run.step.polls == 0 and not run.last:
            self._step(record, run, run.since)
        else:
            self._watch(record, run)

    def drop(self, record: str) -> Run | None:
        """End the run of *record*, and drop its remaining steps."""
        return self.by_record.take(record)

    def poll(self, record: str, *, seen: bool = True) -> bool:
        """Let a client poll, and return whether that moved the record: the poll after the last of a step does.

        A poll that has not *seen* the record, because a filter left it out, moves it but does not count.
        """
        run = self.by_record.get(record)
        if run is None:
            return False
        moves = run.after_poll() != run.current
        if moves:
            run = self._step(record, run, self._clock.time())
        if seen:
            self.by_record[record] = run._replace(seen=run.seen + 1)
        return moves

    def peek(self, record: str) -> Step | None:
        """Return the step that a poll would find, without polling; None where there is no run."""
        run = self.by_record.get(record)
        return None if run is None else run.steps[run.after_poll()]

    def settle(self) -> None:
        """Bring every record up to the clock, each step at the instant at which it was due."""
        while self._due and self._due[0][0] <= self._clock.time():
            self._state.undo.note(heappush, self._due, self._due[0])  # a second entry would be skipped
            deadline, _, record = heappop(self._due)
            run = self.by_record.get(record)
            if run is not None and run.deadline == deadline:  # else the run was dropped or moved on meanwhile
                self.settling = True
                try:
                    self._step(record, run, deadline)
                finally:
                    self.settling = False

    def advance(self, record: str) -> None:
        """End the present step, which must not be the last."""
        self._step(record, self.by_record[record], self._clock.time())

    def _step(self, record: str, run: Run, at: float) -> Run:
        while True:
            run = self.by_record[record] = run._replace(current=run.current + 1, seen=0, since=at)
            self.machines[run.resource](record, run.step, at)
            if run.last or run.step.polls != 0:
                break
        self._watch(record, run)
        return run

    def _watch(self, record: str, run: Run) -> None:
        if run.deadline < inf:
            self._ticks += 1
            heappush(self._due, (run.deadline, self._ticks, record))


def waiting(runs: Mapping[str, Run]) -> str:
    """Say which records wait for what, a few of them."""
    waits = (
        f"{record} is {run.step.status!r} until {_end_of(run.step)}"
        for record, run in tuple(runs.items())
        if not run.last
    )
    # A few: the message goes to a person, who looks for one record.
    return "; ".join(islice(waits, 5)) or "no record changes by itself anymore"


def _end_of(step: Step) -> str:
    if step.polls is not None:
        return f"it was polled {'once' if step.polls == 1 else f'{step.polls} times'}"
    return f"{step.hold.seconds:g} s have passed" if step.hold and step.hold.unit else "the test calls advance()"
