"""The deliveries to webhooks: each attempt, due at an instant of the clock, in order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from heapq import heappop, heappush
from typing import Any, Final

from ..base.arguments import Hinting
from ..base.redaction import redacted, shown
from .state import Section, State

ENDPOINT_RETRIES: Final = (5.0, 25.0, 120.0, 600.0, 3600.0)
"""Seconds until the next attempt (hook-8)."""
URL_RETRIES: Final = (2.0, 2.0)
"""Likewise, for the URL of one request (hook-6)."""
PATIENCE: Final = 10.0
"""Seconds that the vendor waits for a response (hook-8)."""


@dataclass(eq=False, repr=False, slots=True)
class Delivery(Hinting):
    """One attempt to deliver one event.

    Attributes:
        event: The event, such as ``image.completed``.
        url: The URL that it is sent to.
        payload: The payload, as JSON.
        at: When it is due or was made, in seconds since the epoch, as in ``aurous.clock.now().timestamp()``.
        attempt: 1 for the first.
        status: ``pending``, ``delivered`` or ``failed``.
        response_status: The status of the receiver's response; None without a response.
        error: The exception that the target, or sending to it, raised; else None.
        headers: The headers as sent; empty before.
        body: The raw bytes.
        endpoint: Id of the endpoint; None for the ``webhook_url`` of a request.
        fault: The kind of the fault that it met, or None.

    The other attributes are for the sender: *met*, the numbers of the faults that it must not meet again; *faced*,
    whether a flush that could not send it has tried all faults; *under_way*; and its *number*.

    Example:
        ``assert aurous.webhooks.deliveries[-1].response_status == 200``
    """

    _page = "reference/webhooks.html"

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
    met: tuple[int, ...] = ()
    faced: bool = False
    under_way: bool = False
    number: int = 0

    def __repr__(self) -> str:
        return redacted(f"<Delivery {self.event} to {self.url}, {self.outcome}>")

    @property
    def outcome(self) -> str:
        """Its outcome, in words."""
        why = self.response_status if self.error is None else shown(self.error)
        return redacted(f"attempt {self.attempt}: {self.status}{'' if why is None else f' ({why})'}")

    @property
    def operation(self) -> str:
        """The event, under the name that faults use."""
        return self.event

    def again(self, at: float, attempt: int) -> Delivery:
        payload = json.loads(self.body)  # a receiver may have changed the previous one
        met = self.met if attempt == self.attempt else ()
        return Delivery(self.event, self.url, payload, at, self.body, attempt, endpoint=self.endpoint, met=met)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """Return what is pickled: of an error only its repr, because not every exception can be pickled."""
        error = None if self.error is None else RuntimeError(shown(self.error))
        return None, {**{entry.name: getattr(self, entry.name) for entry in fields(self)}, "error": error}


class Outbox:
    """The deliveries of a fake. Its callers hold the fake's lock.

    A delivery changes in place, unlike all other data: a test may hold it, and sees there what becomes of it. So a
    snapshot copies each one. Its time changes, too: by a fault, or after an attempt that was broken off. Then it gets
    another entry in the heap, and the old one stays: `first_due` drops each entry whose delivery is gone, has another
    time, or does not wait. An entry too many is harmless for that reason; only one too few would lose a delivery.
    """

    def __init__(self, state: State) -> None:
        self.entries: Section[int, Delivery] = state.section("deliveries", _copied)  # by number, as they were queued
        self._numbers: Section[str, int] = state.section("delivery numbers")
        self._waiting: list[tuple[float, int]] = state.sequence("waiting")  # a heap; stale entries are skipped

    def add(self, delivery: Delivery) -> Delivery:
        delivery.number = self._numbers["last"] = self._numbers.get("last", 0) + 1
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


def _waits(delivery: Delivery) -> bool:
    return delivery.status == "pending" and not delivery.under_way


def _copied(delivery: Delivery, present: Delivery | None) -> Delivery:
    """Return a copy that is not under way, or the present delivery if it is equal: a test may hold it."""
    names = Delivery.__slots__
    if present is not None and all(getattr(present, name) == getattr(delivery, name) for name in names):
        return present
    return replace(delivery, under_way=False)
