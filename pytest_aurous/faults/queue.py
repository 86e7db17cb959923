"""The faults that a test has given, in order: which of them a call or a delivery meets."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from threading import Lock, get_ident
from typing import Final

from .._wire.call import Call
from .._world.forks import renew_after_fork
from .._world.outbox import Delivery
from .deliveries import DeliveryFault
from .kinds import Fault

__all__ = ("FaultState", "Given")

_PATIENCE: Final = 1.0
"""How many seconds a thread waits for its turn to ask the conditions."""

FaultState = list[tuple[Fault, tuple[int, int]]]
"""The faults that there are, each with how often it was met and passed."""


class Given:
    """The faults of a fake. Its callers hold the fake's lock.

    Attributes:
        faults: All of them, the first given first.
    """

    __slots__ = ("__weakref__", "_asker", "_asking", "faults")

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._asking = Lock()
        self._asker: int | None = None
        renew_after_fork(self)

    def add(self, fault: Fault) -> Fault:
        """Take one more."""
        self.faults.append(fault)
        return fault

    @property
    def conditional(self) -> bool:
        """Whether a fault has a ``when``."""
        return any(fault.conditional for fault in self.faults)

    def holding(self, call: Call | Delivery) -> list[Fault]:
        """Return the faults that *call* can meet: each ``when`` is asked, and has said yes.

        A ``when`` may do what a test may do: add faults, send requests, and wait for those of other threads. So the
        caller does not hold the fake's lock, and what a ``when`` itself sends or waits for meets no fault that has
        one: else it would be asked without end. One thread at a time asks; another waits for its turn, but not so long
        that a ``when`` could wait for it in vain.
        """
        concerned = [fault for fault in tuple(self.faults) if fault.concerns(call)]
        if not any(fault.conditional for fault in concerned):
            return concerned
        if self._asker == get_ident() or not self._asking.acquire(timeout=_PATIENCE):
            return [fault for fault in concerned if not fault.conditional]
        try:
            self._asker = get_ident()
            return [fault for fault in concerned if fault.accepts(call)]
        finally:
            self._asker = None
            self._asking.release()

    def met_by(self, call: Call, now: float, holding: Iterable[Fault]) -> Fault | None:
        """Return the fault that *call* meets, of those that are `holding`; each that it passes counts it."""
        due = [fault for fault in holding if fault.due(call, now)]
        return due[0] if due else None

    def met_by_delivery(self, delivery: Delivery, holding: Iterable[Fault]) -> DeliveryFault | None:
        """Return the fault that *delivery* meets."""
        due = [fault for fault in holding if isinstance(fault, DeliveryFault) and fault.due(delivery, inf)]
        return due[0] if due else None

    def after_fork(self) -> None:
        """Free the turn of a thread that the child of a fork does not have."""
        if self._asker != get_ident():
            self._asking, self._asker = Lock(), None

    def state(self) -> FaultState:
        """Return what `restore` takes."""
        return [(fault, fault.state()) for fault in self.faults]

    def restore(self, state: FaultState) -> None:
        """Go back to a `state`."""
        self.faults = [fault for fault, _ in state]
        for fault, inner in state:
            fault.restore(inner)
