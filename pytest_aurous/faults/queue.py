"""The faults of a fake in order, and which of them a request or a delivery meets."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, get_ident
from typing import Final, TypeVar

from .._wire.call import Call
from .._world.forks import renew_after_fork
from .._world.outbox import Delivery
from .._world.state import Section, State
from .fault import Counts, Fault

F = TypeVar("F", bound=Fault)

_PATIENCE: Final = 1.0
"""How many seconds a thread waits until it may call a ``when``."""


class FaultQueue:
    """The faults of a fake. Its callers hold the fake's lock, except where a method says otherwise."""

    __slots__ = ("__weakref__", "_added", "_asker", "_asking", "_counts", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._counts: Section[int, Counts] = state.section("faults")
        self._added: dict[int, Fault] = {}  # also those that a restore has taken away: another can bring them back
        self._asking = Lock()
        self._asker: int | None = None
        renew_after_fork(self)

    def add(self, fault: F) -> F:
        """Add a fault."""
        return self._add(fault, max(self._added, default=0) + 1)

    def put_first(self, fault: Fault) -> None:
        """Let a fault be met before those that were added earlier."""
        self.remove(fault)
        self._add(fault, min(self._added, default=0) - 1)

    def remove(self, fault: Fault) -> None:
        """Remove a fault for good: no restore brings it back."""
        self._added.pop(fault.number, None)
        self._counts.take(fault.number)

    def _add(self, fault: F, number: int) -> F:
        self._added[number] = fault
        fault.count_in(self._counts, number)
        return fault

    @property
    def faults(self) -> list[Fault]:
        """All faults, in the order in which they are met. This does not need the lock."""
        return [self._added[number] for number in sorted(self._counts) if number in self._added]

    @property
    def unfired(self) -> list[Fault]:
        """The faults that happened less often than ``times`` says."""
        return [fault for fault in self.faults if fault.outstanding]

    def candidates(self, thing: Call | Delivery) -> list[Fault]:
        """Return the faults that *thing* can meet, after calling the ``when`` of each. Do not hold the fake's lock.

        A ``when`` may do what a test may do: add faults, send requests, and wait for those of other threads. What it
        sends or waits for meets no fault that has a ``when``, or there would be no end. One thread at a time calls
        them; another waits for its turn, but not so long that a ``when`` could wait for it in vain.
        """
        concerned = [fault for fault in self.faults if fault.concerns(thing)]
        if not any(fault.conditional for fault in concerned):
            return concerned
        if self._asker == get_ident() or not self._asking.acquire(timeout=_PATIENCE):
            return [fault for fault in concerned if not fault.conditional]
        try:
            self._asker = get_ident()
            return [fault for fault in concerned if fault.accepts(thing)]
        finally:
            self._asker = None
            self._asking.release()

    def met_by(self, kind: type[F], thing: Call | Delivery, now: float, candidates: Iterable[Fault]) -> F | None:
        """Return the first of the `candidates` of a *kind* that happens to *thing*; the others count it, too."""
        met = None
        for fault in candidates:
            if isinstance(fault, kind) and fault.concerns(thing):
                self._state.note(setattr, fault, "met", fault.met)
                if fault.due(now) and met is None:
                    met = fault
        return met

    def after_fork(self) -> None:
        """Free the turn of a thread that does not exist in the child of a fork."""
        if self._asker != get_ident():
            self._asking, self._asker = Lock(), None
