"""`aurous.webhooks`: where deliveries go, and the moment at which they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from inspect import isawaitable
from typing import Any, Final, cast

from ._clock import iso
from ._deliveryfaults import DeliveryFault
from ._given import Given
from ._journal import WIDTH, shortened
from ._outbox import ENDPOINT_RETRIES, URL_RETRIES, Delivery
from ._resources.generations import GenerationRow
from ._resources.webhooks import EndpointRow, WebhookEndpoint, WebhookEndpoints, announce
from ._resources.webhooks.live import check_only_routed, check_url, known_events
from ._signing import SIGNATURE, sign_webhook
from ._world import World
from .errors import AurousError, see

__all__ = ("Send", "Webhooks")

_DAY: Final = 86_400.0
_MOST_FAILURES: Final = 20

Send = Callable[[Any, Delivery], Any]
"""Hands a delivery to a target, or to its URL where there is none, and returns the status of the answer."""


class Webhooks:
    """The deliveries of a fake. None is made by itself: `flush` says when.

    Example:
        ``aurous.webhooks.deliver_to(received.append); ...; aurous.webhooks.flush()``
    """

    def __init__(self, world: World, given: Given, send: Send) -> None:
        self._world = world
        self._given = given
        self._send = send
        self._targets: dict[str, Any] = {}

    @property
    def deliveries(self) -> list[Delivery]:
        """Each attempt, made or due, in the order in which it was queued."""
        with self._world.lock:
            self._world.runs.settle()
            return list(self._world.outbox.entries)

    def deliver_to(
        self, target: Any = None, *, url: str | None = None, events: Iterable[str] = ("*",), secret: str | None = None
    ) -> WebhookEndpoint | None:
        """Say who receives: registers an endpoint, or takes over a URL that is known.

        Args:
            target: A callable that takes a `Delivery` and returns a status, or None for 200; an ASGI app; a WSGI app;
                or None: the URL is called through the suite's own HTTP stack.
            url: Its URL; that of an endpoint which the code under test has registered, or of a ``webhook_url`` that
                it has sent, is only routed to *target*. Left out, one is made up.
            events: What a new endpoint is told of.
            secret: What a new endpoint's deliveries are signed with.

        Returns:
            The endpoint at that URL; None where it is the ``webhook_url`` of requests.

        Raises:
            AurousError: On an event that does not exist, a URL that no endpoint can have, or *events* or a *secret*
                for a URL that is known and has others.
        """
        __tracebackhide__ = True
        world = self._world
        wanted = known_events("webhooks.deliver_to", events)
        with world.lock:
            url = f"https://receiver-{len(self._targets) + 1}.example/webhooks" if url is None else url
            check_url("webhooks.deliver_to", url)
            table, made = world.table(EndpointRow), world.table(GenerationRow)
            known = [one for one in table if table[one].url == url and table.lives(table[one])]
            if known or any(made[one].webhook_url == url for one in made):
                check_only_routed(url, table[known[-1]] if known else None, wanted, secret)
                self._targets[url] = target
                return WebhookEndpoint(world, known[-1]) if known else None
            self._targets[url] = target
            return WebhookEndpoints(world, world.default_team).add(url, wanted, secret)

    def flush(self) -> list[Delivery]:
        """Deliver what is due on the clock, in order, and return it.

        Raises:
            AurousError: Where a target is async, and a loop runs already: `aflush` is for there.
        """
        __tracebackhide__ = True
        made: list[Delivery] = []
        while (delivery := self._next()) is not None:
            with _left_if_broken_off(delivery):
                status = self._attempt(delivery)
                if isawaitable(status):
                    status = self._run(delivery, status)
            self._end(delivery, status)
            made.append(delivery)
        return made

    async def aflush(self) -> list[Delivery]:
        """Likewise, inside a running loop."""
        made: list[Delivery] = []
        while (delivery := self._next()) is not None:
            with _left_if_broken_off(delivery):
                status = self._attempt(delivery)
                if isawaitable(status):
                    status = await _answer(delivery, status)
            self._end(delivery, status)
            made.append(delivery)
        return made

    def forget(self) -> None:
        """Drop all targets: the test begins anew."""
        self._targets.clear()

    def _run(self, delivery: Delivery, status: Awaitable[int | None]) -> int | None:
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loop = asyncio.new_event_loop()  # not `asyncio.run`, which would take the suite's own loop away
            try:
                return loop.run_until_complete(_answer(delivery, status))
            finally:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
        getattr(status, "close", str)()
        raise AurousError(
            "webhooks.flush() met an async target while an event loop runs: await aurous.webhooks.aflush() there.\n"
            f"{see('reference/webhooks.html')}"
        )

    def _next(self) -> Delivery | None:
        """Return the next delivery that is due, as its faults leave it."""
        world = self._world
        with world.lock:
            world.runs.settle()
            while due := world.outbox.due(world.clock.time()):
                delivery = due[0]
                if not self._wanted(delivery):
                    delivery.status = "failed"
                    continue
                fault = None if delivery.faced else self._given.met_by_delivery(delivery)
                if fault is None or fault.before(world.outbox, delivery, due):
                    self._sign(delivery)
                    delivery.under_way = True
                    return delivery
        return None

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

    def _attempt(self, delivery: Delivery) -> Any:
        try:
            return self._send(self._targets.get(delivery.url), delivery)
        except Exception as error:  # noqa: BLE001 - whatever the receiver does, it has not received
            delivery.error = error
            return 0

    def _end(self, delivery: Delivery, status: int | None) -> None:
        """Write down what became of an attempt, and queue the next (hook-8, hook-9)."""
        world = self._world
        with world.lock:
            delivery.under_way = False
            if status is not None and not isinstance(cast("object", status), int):
                delivery.status = "failed"
                raise AurousError(
                    f"The target of {delivery.url} returned {status!r}: expected a status such as 200, or None.\n"
                    f"{see('reference/webhooks.html')}"
                )
            answered = 200 if status is None else status
            delivered = 200 <= answered < 300  # noqa: PLR2004 - a good answer
            delivery.response_status = answered or None
            delivery.status = "delivered" if delivered else "failed"
            now = world.clock.time()
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


@contextmanager
def _left_if_broken_off(delivery: Delivery) -> Generator[None, None, None]:
    """Leave a delivery to the next flush where this one cannot go on; the faults that it met hold for then."""
    try:
        yield
    except BaseException:
        delivery.under_way, delivery.faced = False, True
        raise


async def _answer(delivery: Delivery, status: Awaitable[int | None]) -> int | None:
    try:
        return await status
    except Exception as error:  # noqa: BLE001 - whatever the receiver does, it has not received
        delivery.error = error
        return 0
