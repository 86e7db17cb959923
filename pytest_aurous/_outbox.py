"""What is to be delivered to webhooks: each attempt, due at an instant of the clock, in order."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any, Final

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
        return f"<Delivery {self.event} to {self.url}, {self.outcome}>"

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        why = self.response_status if self.error is None else self.error
        return f"attempt {self.attempt}: {self.status}{'' if why is None else f' ({why!r})'}"

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
    """The deliveries of a fake. Its callers hold the fake's lock."""

    __slots__ = ("_number", "entries")

    def __init__(self) -> None:
        self.entries: list[Delivery] = []
        self._number = 0

    def add(self, delivery: Delivery) -> Delivery:
        """Queue a delivery."""
        self._number += 1
        delivery.number = self._number
        self.entries.append(delivery)
        return delivery

    def due(self, now: float) -> list[Delivery]:
        """Return what is due, in order."""
        waiting = [one for one in self.entries if one.status == "pending" and not one.under_way and one.at <= now]
        return sorted(waiting, key=lambda one: (one.at, one.number))

    def state(self) -> tuple[list[tuple[Delivery, Delivery]], int]:
        """Return what `restore` takes."""
        return [(one, copy(one)) for one in self.entries], self._number

    def restore(self, state: tuple[list[tuple[Delivery, Delivery]], int]) -> None:
        """Go back to a `state`, which can be restored again."""
        kept, self._number = state
        # What has not changed since stays the same object: a test may hold it, or a flush be about to deliver it.
        self.entries = [one if _fields(one) == _fields(then) else _due_again(then) for one, then in kept]


def _fields(delivery: Delivery) -> list[Any]:
    return [getattr(delivery, one.name) for one in fields(delivery)]


def _due_again(then: Delivery) -> Delivery:
    """Return a delivery as it was *then*; whoever was making it has ended since."""
    other = copy(then)
    other.under_way = False
    return other
