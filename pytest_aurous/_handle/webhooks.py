"""`aurous.webhooks`: where deliveries go, and the moment at which they do."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Iterable
from contextlib import contextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, cast

from .._engine.dispatch import Dispatch
from .._resources.generations import GenerationRow
from .._resources.webhooks import EndpointRow, WebhookEndpoint, WebhookEndpoints
from .._resources.webhooks.live import check_only_routed, check_secret, check_url, known_events
from .._world.outbox import Delivery
from ..errors import AurousError, hide_mistakes, see, shown

if TYPE_CHECKING:
    from .session import Session

__all__ = ("Webhooks",)

__tracebackhide__ = hide_mistakes

_WHO: Final = see("reference/webhooks.html#who-receives")
_SCHEMES: Final = ("https://", "http://")


class Webhooks:
    """The deliveries of a fake. None is made by itself: `flush` says when.

    Example:
        ``aurous.webhooks.deliver_to(received.append); ...; aurous.webhooks.flush()``
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._world = session.app.world
        self._dispatch = Dispatch(self._world, session.app.queue)
        self._targets: dict[str, Any] = {}
        self._prefixes: dict[str, Any] = {}

    @property
    def deliveries(self) -> list[Delivery]:
        """Each attempt, made or due, in the order in which it was queued."""
        with self._world.lock:
            self._world.runs.settle()
            return list(self._world.outbox.entries.values())

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
            AurousError: On a target that cannot be called, an event that does not exist, a URL that no endpoint can
                have, or *events* or a *secret* for a URL that is known and has others.
        """
        world = self._world
        if target is not None and not callable(target):
            raise AurousError(
                f"webhooks.deliver_to({shown(target)}): expected a callable, an ASGI app, a WSGI app or None. "
                f"A URL is told by name, as url=...\n{_WHO}"
            )
        wanted = known_events("webhooks.deliver_to", events)
        check_secret("webhooks.deliver_to", secret)
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

    def route(self, url: str, target: Any) -> None:
        """Send the deliveries for a URL to *target*, whether it is registered already or will be later.

        Registers nothing: use it for an endpoint or a ``webhook_url`` that the code under test registers itself.
        An exact URL takes precedence over a prefix, and a longer prefix over a shorter one. Routing a URL again
        replaces its target.

        Args:
            url: A URL, or a prefix that ends in ``*``, such as ``https://app.example/hooks/*``.
            target: A callable that takes a `Delivery` and returns a status, or None for 200; an ASGI app; a WSGI app.

        Raises:
            AurousError: On a URL that no endpoint can have, or a target that cannot be called.

        Example:
            ``aurous.webhooks.route("https://app.example/*", app)``
        """
        if not callable(target):
            raise AurousError(
                f"webhooks.route({shown(url)}, {shown(target)}): expected a target "
                f"that is a callable, an ASGI app or a WSGI app.\n{_WHO}"
            )
        text = url if isinstance(cast("object", url), str) else ""
        prefix = text[:-1] if text.endswith("*") else None
        if "*" in text[:-1] or (prefix and not prefix.startswith(_SCHEMES)):
            raise AurousError(
                f"webhooks.route({shown(url)}, ...): expected a URL, or the beginning of one and a * at its end, "
                f"such as 'https://app.example/*'.\n{_WHO}"
            )
        if prefix is None:
            check_url("webhooks.route", url)
        with self._world.lock:
            if prefix is None:
                self._targets[url] = target
            else:
                self._prefixes[prefix] = target

    def flush(self) -> list[Delivery]:
        """Deliver what is due on the clock, in order, and return it.

        Raises:
            AurousError: Where a target is async, and a loop runs already: `aflush` is for there.
        """
        made: list[Delivery] = []
        while (delivery := self._dispatch.next()) is not None:
            with self._left_if_broken_off(delivery):
                status = self._attempt(delivery, in_loop=False)
                if isawaitable(status):
                    status = self._run(delivery, status)
            self._dispatch.end(delivery, status)
            made.append(delivery)
        return made

    async def aflush(self) -> list[Delivery]:
        """Deliver what is due on the clock, in order, inside a running loop.

        Example:
            ``await aurous.webhooks.aflush()``
        """
        made: list[Delivery] = []
        while (delivery := self._dispatch.next()) is not None:
            with self._left_if_broken_off(delivery):
                status = self._attempt(delivery, in_loop=True)
                if isawaitable(status):
                    status = await _answer(delivery, status)
            self._dispatch.end(delivery, status)
            made.append(delivery)
        return made

    @contextmanager
    def _left_if_broken_off(self, delivery: Delivery) -> Generator[None, None, None]:
        """Leave a delivery to the next flush where this one cannot go on; the faults that it met hold for then."""
        try:
            yield
        except BaseException:
            delivery.faced = True
            self._dispatch.give_back(delivery)
            raise

    def _forget(self) -> None:
        """Drop all targets."""
        self._targets.clear()
        self._prefixes.clear()

    def _target_of(self, url: str) -> Any:
        """Return the target of a URL: its own, else that of the longest prefix; None where it has none."""
        if url in self._targets:
            return self._targets[url]
        longest = max((prefix for prefix in self._prefixes if url.startswith(prefix)), key=len, default=None)
        return None if longest is None else self._prefixes[longest]

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

    def _attempt(self, delivery: Delivery, *, in_loop: bool) -> Any:
        try:
            return self._session.http.send(self._target_of(delivery.url), delivery, in_loop=in_loop)
        except Exception as error:  # noqa: BLE001 - whatever the receiver does, it has not received
            delivery.error = error
            return 0


async def _answer(delivery: Delivery, status: Awaitable[int | None]) -> int | None:
    try:
        return await status
    except Exception as error:  # noqa: BLE001 - whatever the receiver does, it has not received
        delivery.error = error
        return 0
