"""The faults of a fake in order, and which of them a request or a delivery meets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Lock, get_ident
from typing import Final, TypeVar

from ..wire.call import Call
from ..world.outbox import Delivery
from ..world.state import Section, State
from .fault import Counts, Fault

F = TypeVar("F", bound=Fault)

_PATIENCE: Final = 1.0
"""How many seconds a thread waits until it may call a ``when``."""


class FaultQueue:
    """The faults of a fake. Its callers hold the fake's lock, except where a method says otherwise."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._counts: Section[int, Counts] = state.section("faults")
        self._faults: list[Fault] = []  # also those that a restore has taken away: another can bring them back
        self.newest: int = 0  # the number of the last fault
        self._asking = Lock()
        self._asker: int | None = None

    def add(self, fault: F) -> F:
        self.newest += 1
        self._faults.append(fault)
        fault.count_in(self._counts, self.newest)
        return fault

    def among(self, numbers: Collection[int]) -> list[Fault]:
        """Return the faults with these numbers, also those that are not there now, in the order of `faults`."""
        return [fault for fault in self._faults if fault.number in numbers]

    def bring(self, number: int, add: Callable[[], F]) -> F:
        """Return the fault that *add* adds, under a *number* of its own."""
        newest, self.newest = self.newest, number - 1
        try:
            return add()
        finally:
            self.newest = max(newest, number)

    def put_first(self, fault: Fault) -> None:
        """Let a fault be met before those that were added earlier."""
        self._faults.remove(fault)
        self._faults.insert(0, fault)

    def remove(self, fault: Fault) -> None:
        """Remove a fault for good: no restore brings it back."""
        self._faults.remove(fault)
        self._counts.take(fault.number)

    @property
    def faults(self) -> list[Fault]:
        """All faults, in the order in which they are met. This does not need the lock."""
        return [fault for fault in list(self._faults) if fault.number in self._counts]

    def keep(self) -> Callable[[], None]:
        met = [(fault, fault.met) for fault in self.faults]

        def back() -> None:
            for fault, count in met:
                fault.met = count

        return back

    @property
    def unfired(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.outstanding]

    def get(self, number: int) -> Fault | None:
        return next((fault for fault in self.faults if fault.number == number), None)

    def open(self, kind: type[F]) -> list[F]:
        """Return the faults of a *kind* that have not happened as often as they may. This does not need the lock."""
        # Each request asks, so this calls no method of a fault: 20 faults must not make a poll dearer.
        return [
            fault
            for fault in list(self._faults)
            if isinstance(fault, kind)
            and (counts := self._counts.get(fault.number)) is not None
            and counts.fired < fault.times
        ]

    def candidates(self, kind: type[F], thing: Call | Delivery) -> list[F]:
        """Return the `open` faults that *thing* can meet, after calling each ``when``. Do not hold the fake's lock.

        A ``when`` is code of the test, and may do what a test may do: add a fault, send a request, wait for a thread
        that sends one. So it runs without the lock. What it adds is no candidate: those were listed before. What it
        sends or waits for meets no fault that has a ``when``, or there would be no end. One thread at a time asks;
        another waits for its turn, but only for a second: the ``when`` that runs may be waiting for that thread.
        """
        there = self.open(kind)
        asked = [fault for fault in there if fault.conditional and fault.concerns(thing)]
        accepted: list[F] = []
        if asked and self._asker != get_ident() and self._asking.acquire(timeout=_PATIENCE):
            try:
                self._asker = get_ident()
                accepted = [fault for fault in asked if fault.accepts(thing)]
            finally:
                self._asker = None
                self._asking.release()
        return [fault for fault in there if not fault.conditional or fault in accepted]

    def met_by(self, thing: Call | Delivery, now: float, candidates: list[F]) -> F | None:
        """Return the first of the *candidates* that happens to *thing*; the others let it pass, or wait for the next.

        Each fault with an ``after`` counts for itself what concerns it, also what another fault happens to.
        """
        met: F | None = None
        for fault in candidates:
            if (met is None or fault.after) and fault.concerns(thing) and fault.is_due(now):
                met = met or fault
        if met is not None:
            self._state.undo.note(setattr, met, "met", met.met)
        return met
