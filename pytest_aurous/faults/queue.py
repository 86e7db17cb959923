"""The faults of a fake in order, and which of them a request or a delivery meets."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, get_ident
from typing import Final, TypeVar

from .._wire.call import Call
from .._world.forks import renew_after_fork
from .._world.outbox import Delivery
from .._world.state import State
from .fault import Fault

F = TypeVar("F", bound=Fault)

_PATIENCE: Final = 1.0
"""How many seconds a thread waits until it may call a ``when``."""

FaultState = list[tuple[Fault, int, int]]
"""Each fault, with how often it happened, and how many requests or deliveries it has counted."""


class FaultQueue:
    """The faults of a fake. Its callers hold the fake's lock, except where a method says otherwise.

    Attributes:
        faults: All of them, in the order in which they were added.
    """

    __slots__ = ("__weakref__", "_asker", "_asking", "_state", "faults")

    def __init__(self, state: State) -> None:
        self.faults: list[Fault] = []
        self._state = state
        self._asking = Lock()
        self._asker: int | None = None
        renew_after_fork(self)

    def add(self, fault: F) -> F:
        """Add a fault."""
        self.faults.append(fault)
        return fault

    @property
    def conditional(self) -> bool:
        """Whether a fault has a ``when``."""
        return any(fault.conditional for fault in self.faults)

    def candidates(self, thing: Call | Delivery) -> list[Fault]:
        """Return the faults that *thing* can meet, after calling the ``when`` of each. Do not hold the fake's lock.

        A ``when`` may do what a test may do: add faults, send requests, and wait for those of other threads. What it
        sends or waits for meets no fault that has a ``when``, or there would be no end. One thread at a time calls
        them; another waits for its turn, but not so long that a ``when`` could wait for it in vain.
        """
        concerned = [fault for fault in tuple(self.faults) if fault.concerns(thing)]
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
        """Return the first of the `candidates`, faults of a *kind*, that happens to *thing*; the others count it, too.

        Args:
            kind: `CallFault` or `DeliveryFault`.
            thing: The request or the delivery.
            now: The time in epoch seconds.
            candidates: The faults that *thing* can meet.
        """
        met = None
        for fault in candidates:
            if isinstance(fault, kind) and fault.concerns(thing):
                for count in ("fired", "met", "_seen"):
                    self._state.note(setattr, fault, count, getattr(fault, count))
                if fault.due(now) and met is None:
                    met = fault
        return met

    def after_fork(self) -> None:
        """Free the turn of a thread that does not exist in the child of a fork."""
        if self._asker != get_ident():
            self._asking, self._asker = Lock(), None

    def state(self) -> FaultState:
        """Return what `restore` takes."""
        return [(fault, fault.fired, fault._seen) for fault in self.faults]

    def restore(self, state: FaultState) -> None:
        """Go back to a `state`."""
        self.faults = [fault for fault, *_ in state]
        for fault, fired, seen in state:
            fault.fired, fault._seen = fired, seen
