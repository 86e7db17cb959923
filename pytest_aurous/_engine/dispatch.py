"""What the vendor does about deliveries: which is next, and what an answer, or none, leads to (hook-7 to hook-9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from .._resources.webhooks import EndpointRow, announce
from .._time.clock import iso
from .._world.journal import WIDTH, shortened
from .._world.outbox import ENDPOINT_RETRIES, PATIENCE, URL_RETRIES, Delivery
from .._world.world import World
from ..errors import AurousError, see
from ..faults.fault import DeliveryFault, Fault
from ..faults.queue import FaultQueue
from .signing import SIGNATURE, sign_webhook

__all__ = ("Dispatch",)

_DAY: Final = 86_400.0
_MOST_FAILURES: Final = 20


class Dispatch:
    """Takes deliveries out of the outbox, and queues those that are to be tried again."""

    __slots__ = ("_faults", "_world")

    def __init__(self, world: World, faults: FaultQueue) -> None:
        self._world = world
        self._faults = faults

    def next(self) -> Delivery | None:
        """Return the next delivery that is due, signed, as its faults leave it; None where none is."""
        while (delivery := self._reserve()) is not None:
            try:
                # Without the lock: this calls functions of the test.
                faults = [] if delivery.faced else self._faults.candidates(delivery)
            except BaseException:
                self.give_back(delivery)
                raise
            if self._meet(delivery, faults):
                return delivery
        return None

    def give_back(self, delivery: Delivery) -> None:
        """Leave a delivery that could not be made to the next flush."""
        with self._world.lock:
            delivery.under_way = False
            self._world.outbox.wait(delivery)

    def _reserve(self) -> Delivery | None:
        world = self._world
        with world.lock:
            world.runs.settle()
            while (delivery := world.outbox.first_due(world.clock.time())) is not None:
                if self._wanted(delivery):
                    delivery.under_way = True
                    return delivery
                delivery.status = "failed"
        return None

    def _meet(self, delivery: Delivery, faults: Collection[Fault]) -> bool:
        """Let a delivery meet its fault; return whether it is still to be made."""
        world = self._world
        with world.lock:
            if not world.outbox.holds(delivery):
                return False
            now = world.clock.time()
            fault = self._faults.met_by(DeliveryFault, delivery, now, faults)
            if fault is None or fault.meet(delivery, world.outbox, now):
                self._sign(delivery)
                return True
            self.give_back(delivery)
            return False

    def _wanted(self, delivery: Delivery) -> bool:
        """Whether the endpoint is still there, and active (hook-9)."""
        if delivery.endpoint is None:
            return True
        table = self._world.table(EndpointRow)
        row = table[delivery.endpoint]
        return row.is_active and table.lives(row)

    def _sign(self, delivery: Delivery) -> None:
        now = self._world.clock.time()
        delivery.at = now
        delivery.headers = {"Content-Type": "application/json", "User-Agent": "Aurous-Webhooks/1.0"}
        if delivery.endpoint is not None:
            secret = self._world.table(EndpointRow)[delivery.endpoint].signing_secret
            forged = any(isinstance(fault, DeliveryFault) and fault.forges for fault in delivery.met)
            delivery.headers[SIGNATURE] = sign_webhook(delivery.body, "whsec_forged" if forged else secret, now)

    def end(self, delivery: Delivery, status: int | None) -> None:
        """Write down what became of an attempt, and queue the next (hook-8, hook-9)."""
        world = self._world
        with world.lock:
            delivery.under_way = False
            here = world.outbox.holds(delivery)  # else a reset or a restore has come in between
            if status is not None and delivery.error is None and not _is_status(status):
                delivery.status = "failed"
                raise AurousError(
                    f"The target of {delivery.url} returned {status!r}: expected a status such as 200, or None.\n"
                    f"{see('reference/webhooks.html')}"
                )
            now = world.clock.time()
            if delivery.error is None and now - delivery.at > PATIENCE:
                delivery.error, status = TimeoutError(f"no answer within {PATIENCE:g} s"), 0
            answered = 200 if status is None else status
            delivered = 200 <= answered < 300  # noqa: PLR2004 - a good answer
            delivery.response_status = answered or None
            delivery.status = "delivered" if delivered else "failed"
            if not here:
                return
            if not delivered:
                world.journal.note(shortened(f"{delivery.event}, {delivery.outcome}", WIDTH - 30))
            retries = URL_RETRIES if delivery.endpoint is None else ENDPOINT_RETRIES
            active = delivery.endpoint is None or self._count(delivery.endpoint, now, delivered=delivered)
            if not delivered and active and delivery.attempt <= len(retries):
                world.outbox.add(delivery.again(now + retries[delivery.attempt - 1], delivery.attempt + 1))

    def _count(self, endpoint: str, now: float, *, delivered: bool) -> bool:
        """Count a success or a failure, and return whether the endpoint is still active."""
        table = self._world.table(EndpointRow)
        row = table[endpoint]
        if delivered:
            table.replace(replace(row, consecutive_failures=0, last_success_at=iso(now), succeeded=now))
            return row.is_active
        failures = row.consecutive_failures + 1
        quiet = now - (row.began if row.succeeded is None else row.succeeded)
        off = row.is_active and failures >= _MOST_FAILURES and quiet >= _DAY
        row = table.replace(
            replace(row, consecutive_failures=failures, last_failure_at=iso(now), is_active=row.is_active and not off)
        )
        if off:
            data = {"endpoint_id": row.id, "url": row.url, "consecutive_failures": failures}
            announce(self._world, row.team, "webhook.endpoint_disabled", lambda: data, now)
        return row.is_active


def _is_status(answer: object) -> bool:
    return isinstance(answer, int) and answer in range(100, 600)
