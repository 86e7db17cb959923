"""What is to be delivered to webhooks: each attempt, due at an instant of the clock, in order."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass, field, fields
from heapq import heappop, heappush
from typing import Any, Final

from .._redaction import redacted, shown
from .undo import Undo

__all__ = ("ENDPOINT_RETRIES", "PATIENCE", "URL_RETRIES", "Delivery", "Outbox")

ENDPOINT_RETRIES: Final = (5.0, 25.0, 120.0, 600.0, 3600.0)
"""Seconds until the next attempt (hook-8; the numbers are our assumption)."""
URL_RETRIES: Final = (2.0, 2.0)
"""Likewise, for the URL of one request (hook-6)."""
PATIENCE: Final = 10.0
"""Seconds that the vendor waits for an answer (hook-8)."""


@dataclass(eq=False, repr=False, slots=True)
class Delivery:
    """One attempt to deliver one event.

    Attributes:
        event: Such as ``image.completed``.
        url: Where it goes.
        payload: What is sent, as JSON.
        at: When it is due, or was made, in epoch seconds.
        attempt: 1 for the first.
        status: ``pending``, ``delivered`` or ``failed``.
        response_status: What the receiver answered; None where nothing came.
        error: The exception that came instead of an answer, of the target or of the way to it; else None.
        headers: As they were sent; empty before.
        body: The raw bytes.
        endpoint: Id of the endpoint; None for the ``webhook_url`` of a request.
        fault: What stood in the way, in words, or None.

    The rest is for whoever sends it: the faults that it has *met*, as none meets it twice; whether it has *faced* all
    that it is to meet, which a flush that could not go on leaves so; whether it is *under_way*; and its *number*.

    Example:
        ``assert aurous.webhooks.deliveries[-1].response_status == 200``
    """

    event: str
    url: str
    payload: dict[str, Any]
    at: float
    body: bytes
    attempt: int = 1
    status: str = "pending"
    response_status: int | None = None
    error: Exception | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    endpoint: str | None = None
    fault: str | None = None
    met: tuple[object, ...] = ()
    faced: bool = False
    under_way: bool = False
    number: int = 0

    def __repr__(self) -> str:
        return redacted(f"<Delivery {self.event} to {self.url}, {self.outcome}>")

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        why = self.response_status if self.error is None else shown(self.error)
        return redacted(f"attempt {self.attempt}: {self.status}{'' if why is None else f' ({why})'}")

    @property
    def operation(self) -> str:
        """The event, under the name that faults look for."""
        return self.event

    def again(self, at: float, attempt: int) -> Delivery:
        """Return the same delivery once more, due at *at*."""
        other = copy(self)
        other.payload = json.loads(self.body)  # whatever a receiver has done to that of before
        other.at, other.attempt, other.status = at, attempt, "pending"
        other.response_status, other.error, other.headers, other.fault = None, None, {}, None
        other.under_way = other.faced = False
        other.met = self.met if attempt == self.attempt else ()
        return other


class Outbox:
    """The deliveries of a fake. Its callers hold the fake's lock.

    Attributes:
        entries: All of them by number, in the order in which they were queued.
    """

    __slots__ = ("_number", "_undo", "_waiting", "entries")

    def __init__(self, undo: Undo | None = None) -> None:
        self._undo = undo or Undo()
        self.entries: dict[int, Delivery] = {}
        self._waiting: list[tuple[float, int]] = []  # a heap; what is not due as it says is left behind
        self._number = 0

    def add(self, delivery: Delivery) -> Delivery:
        """Queue a delivery."""
        self._undo.attributes(self, "_number")
        self._number += 1
        delivery.number = self._number
        self._undo.item(self.entries, delivery.number)
        self.entries[delivery.number] = delivery
        self.wait(delivery)
        return delivery

    def wait(self, delivery: Delivery) -> None:
        """Let a delivery wait for its turn, after its time has changed or an attempt was broken off."""
        heappush(self._waiting, (delivery.at, delivery.number))

    def holds(self, delivery: Delivery) -> bool:
        """Whether a delivery is still here: a reset or a restore may have taken it away."""
        return self.entries.get(delivery.number) is delivery

    def first_due(self, now: float) -> Delivery | None:
        """Return the first delivery that is due, and that nobody is making."""
        while self._waiting and self._waiting[0][0] <= now:
            at, number = self._waiting[0]
            delivery = self.entries.get(number)
            if delivery and delivery.at == at and _waits(delivery):
                return delivery
            heappop(self._waiting)
        return None

    def due(self, now: float) -> list[Delivery]:
        """Return all deliveries that are due, in order, for a report."""
        due = [one for one in self.entries.values() if _waits(one) and one.at <= now]
        return sorted(due, key=lambda one: (one.at, one.number))

    def put_last(self, delivery: Delivery, now: float) -> None:
        """Move a delivery behind everything that is due."""
        del self.entries[delivery.number]
        delivery.at = now
        self.add(delivery)

    def state(self) -> tuple[list[tuple[Delivery, Delivery]], int]:
        """Return what `restore` takes."""
        return [(one, copy(one)) for one in self.entries.values()], self._number

    def restore(self, state: tuple[list[tuple[Delivery, Delivery]], int]) -> None:
        """Go back to a `state`, which can be restored again."""
        kept, self._number = state
        # What has not changed since stays the same object: a test may hold it, or a flush be about to deliver it.
        entries = [one if _fields(one) == _fields(then) else _due_again(then) for one, then in kept]
        self.entries = {one.number: one for one in entries}
        self._waiting = sorted((one.at, one.number) for one in entries)


def _waits(delivery: Delivery) -> bool:
    return delivery.status == "pending" and not delivery.under_way


def _fields(delivery: Delivery) -> list[Any]:
    return [getattr(delivery, one.name) for one in fields(delivery)]


def _due_again(then: Delivery) -> Delivery:
    """Return a delivery as it was *then*; whoever was making it has ended since."""
    other = copy(then)
    other.under_way = False
    return other
