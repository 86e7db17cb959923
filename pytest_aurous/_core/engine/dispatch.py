"""Webhook deliveries as the vendor makes them: the next one due, its signature, and its retries (hook-7 to hook-9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from ..base.chains import nothing
from ..base.errors import AurousError, hide_mistakes, see, shown
from ..base.instants import iso
from ..faults.fault import DeliveryFault
from ..faults.queue import FaultQueue
from ..resources.webhooks import EndpointRow, announce, disabled
from ..world.outbox import ENDPOINT_RETRIES, PATIENCE, URL_RETRIES, Delivery
from ..world.world import World
from .signing import SIGNATURE, sign_webhook

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self  # for checkers, which know it

__tracebackhide__ = hide_mistakes

# Both must be true before an endpoint is disabled: an endpoint that fails fast is not given up in an hour (hook-9).
_DAY: Final = 86_400.0
_MOST_FAILURES: Final = 20
_MORE: Final = see("reference/webhooks.html")


def attempts(world: World, faults: FaultQueue) -> Iterator[DeliveryAttempt]:
    while (delivery := _reserve(world)) is not None:
        yield DeliveryAttempt(world, faults, delivery)


def _reserve(world: World) -> Delivery | None:
    with world.lock:
        world.runs.settle()
        table = world.table(EndpointRow)
        while (delivery := world.outbox.first_due(world.clock.time())) is not None:
            row = None if delivery.endpoint is None else table[delivery.endpoint]
            if row is None or row.is_active:  # a deleted one is inactive, too
                delivery.under_way = True
                return delivery
            delivery.status = "failed"  # (hook-9)
            _note(world, delivery, "not sent", "its endpoint is disabled or deleted")
    return None


def _note(world: World, delivery: Delivery, outcome: object, why: str = "") -> None:
    """Note the outcome of a delivery, unless a reset or a restore has taken the delivery away."""
    if not world.outbox.holds(delivery):
        return
    parts = [f"delivery {delivery.number}: {delivery.event} to {delivery.url} -> {outcome}"]
    parts += [f" ({delivery.fault})"] if delivery.fault else []
    parts += [f", attempt {delivery.attempt}"] if delivery.attempt > 1 else []
    parts += [f": {why}"] if why else []
    world.journal.note("".join(parts), "delivery")


class DeliveryAttempt:
    """One attempt to make a delivery, as a ``with`` block that sends it.

    On entry, the delivery meets its faults and is signed. On exit, its outcome is recorded and the next attempt queued.
    An `Exception` from the block comes from the receiver: the attempt has failed. Any other exception, such as
    `KeyboardInterrupt` or the cancellation of a task, leaves the delivery to the next flush.
    """

    def __init__(self, world: World, faults: FaultQueue, delivery: Delivery) -> None:
        self._world = world
        self._faults = faults
        self.delivery = delivery
        self.sends = False  # whether the block is to send it: a fault can drop it or put it off
        self.result: Any = None  # what the receiver returned, which the block sets: a status, or None for 200

    def __enter__(self) -> Self:
        world, delivery = self._world, self.delivery
        try:
            # Without the lock: this calls functions of the test.
            candidates = [] if delivery.faced else self._faults.candidates(DeliveryFault, delivery)
        except BaseException:
            self._put_back()
            raise
        with world.lock:
            if not world.outbox.holds(delivery):  # a reset or a restore came in between
                return self
            now = world.clock.time()
            fault = self._faults.met_by(delivery, now, candidates)
            self.sends = fault is None or fault.meet(delivery, world.outbox, now)
            if self.sends:
                self._sign(now)
            else:
                self._put_back()
                if delivery.status == "failed":
                    _note(world, delivery, "not sent")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self.sends:
            return False
        if isinstance(error, Exception) or (error is None and not isawaitable(self.result)):
            with self._world.lock:
                self._record(error)
            return True
        self.delivery.faced = True  # the next flush sends it as the faults of this attempt left it
        self._put_back()
        if error is None:
            getattr(self.result, "close", nothing)()
            raise AurousError(
                "webhooks.flush() met an async target while an event loop runs: await aurous.webhooks.aflush() there.\n"
                f"{_MORE}"
            )
        return False

    def _put_back(self) -> None:
        """Leave the delivery to the next flush."""
        with self._world.lock:
            self.delivery.under_way = False
            self._world.outbox.wait(self.delivery)

    def _sign(self, now: float) -> None:
        delivery = self.delivery
        delivery.at = now
        delivery.headers = {"Content-Type": "application/json", "User-Agent": "Aurous-Webhooks/1.0"}
        if delivery.endpoint is not None:
            secret = self._world.table(EndpointRow)[delivery.endpoint].signing_secret
            met = map(self._faults.get, delivery.met)
            forged = any(isinstance(fault, DeliveryFault) and fault.forges for fault in met)
            delivery.headers[SIGNATURE] = sign_webhook(delivery.body, "whsec_forged" if forged else secret, now)

    def _record(self, error: Exception | None) -> None:
        """Record the status that the receiver returned, or its *error*, and queue the next attempt (hook-8, hook-9)."""
        world, delivery, status = self._world, self.delivery, self.result
        delivery.under_way = False
        now = world.clock.time()
        if error is None and status is not None and not (isinstance(status, int) and status in range(100, 600)):
            delivery.status = "failed"
            _note(world, delivery, "no response", f"its target returned {shown(status)}")
            raise AurousError(
                f"The target of {delivery.url} returned {status!r}: expected a status such as 200, or None.\n{_MORE}"
            )
        if error is None and now - delivery.at > PATIENCE:
            error = TimeoutError(f"no response within {PATIENCE:g} s")
        delivery.error = error
        delivery.response_status = None if error else 200 if status is None else status
        delivered = delivery.response_status in range(200, 300)
        delivery.status = "delivered" if delivered else "failed"
        if not world.outbox.holds(delivery):  # a reset or a restore came in between
            return
        if error is None:
            _note(world, delivery, delivery.response_status)
        else:
            _note(world, delivery, "no response", shown(error))
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
            announce(self._world, row.team, "webhook.endpoint_disabled", partial(disabled, row), now)
        return row.is_active
