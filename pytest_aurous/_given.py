"""The faults that a test has given, in order: which of them a call or a delivery meets."""

from __future__ import annotations

from math import inf

from ._deliveryfaults import DeliveryFault
from ._fault import Fault
from ._outbox import Delivery
from ._wire import Call

__all__ = ("FaultState", "Given")

FaultState = list[tuple[Fault, tuple[int, int]]]
"""The faults that there are, each with how often it was met and passed."""


class Given:
    """The faults of a fake. Its callers hold the fake's lock.

    Attributes:
        faults: All of them, the first given first.
    """

    __slots__ = ("faults",)

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Take one more."""
        self.faults.append(fault)
        return fault

    def met_by(self, call: Call, now: float) -> Fault | None:
        """Return the fault that *call* meets; each fault that it passes counts it."""
        due = [fault for fault in self.faults if fault.due(call, now)] if self.faults else None
        return due[0] if due else None

    def met_by_delivery(self, delivery: Delivery) -> DeliveryFault | None:
        """Return the fault that *delivery* meets."""
        due = [fault for fault in self.faults if isinstance(fault, DeliveryFault) and fault.due(delivery, inf)]
        return due[0] if due else None

    def state(self) -> FaultState:
        """Return what `restore` takes."""
        return [(fault, fault.state()) for fault in self.faults]

    def restore(self, state: FaultState) -> None:
        """Go back to a `state`."""
        self.faults = [fault for fault, _ in state]
        for fault, inner in state:
            fault.restore(inner)
