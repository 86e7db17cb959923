"""`aurous.webhooks`: the receivers of deliveries, and when deliveries are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, cast, overload

from .._core.base.arguments import Public
from .._core.base.errors import AurousError, hide_mistakes, see, shown
from .._core.engine.dispatch import attempts
from .._core.resources.generations.row import GenerationRow
from .._core.resources.webhooks import (
    EndpointRow,
    WebhookEndpoint,
    WebhookEndpoints,
    check_only_routed,
    check_secret,
    check_url,
    known_events,
)
from .._core.world.outbox import Delivery

if TYPE_CHECKING:
    from .._core.base.names import Event
    from .session import Session

__tracebackhide__ = hide_mistakes

Receiver = Callable[[Delivery], int | Awaitable[int | None] | None]
AsgiApp = Callable[[Any, Any, Any], Awaitable[Any]]
WsgiApp = Callable[[Any, Any], Iterable[bytes]]
Target = Receiver | AsgiApp | WsgiApp

_WHO: Final = see("reference/webhooks.html#who-receives")
_SCHEMES: Final = ("https://", "http://")


class Webhooks(Public):
    """The deliveries of a fake. None is made automatically: call `flush`.

    Example:
        ``aurous.webhooks.deliver_to(received.append); ...; aurous.webhooks.flush()``
    """

    _page = "reference/webhooks.html"

    def __init__(self, session: Session) -> None:
        self._session = session
        self._world = session.app.world
        self._targets: dict[str, Any] = {}
        self._prefixes: dict[str, Any] = {}

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt, made or due, in the order in which they were queued."""
        with self._world.lock:
            self._world.runs.settle()
            return list(self._world.outbox.entries.values())

    @overload
    def deliver_to(
        self,
        target: Target | None = None,
        *,
        url: None = None,
        events: Iterable[Event | str] = ...,
        secret: str | None = None,
    ) -> WebhookEndpoint: ...

    @overload
    def deliver_to(
        self, target: Target | None = None, *, url: str, events: Iterable[Event | str] = ..., secret: str | None = None
    ) -> WebhookEndpoint | None: ...

    def deliver_to(
        self,
        target: Target | None = None,
        *,
        url: str | None = None,
        events: Iterable[Event | str] = ("*",),
        secret: str | None = None,
    ) -> WebhookEndpoint | None:
        """Register an endpoint with its receiver, or set the receiver of a known URL.

        Args:
            target: A callable that takes a `Delivery` and returns a status, or None for 200; an ASGI app; a WSGI app;
                or None: the URL is requested through the suite's own HTTP stack.
            url: The URL. If the code under test registered an endpoint with it, or sent it as ``webhook_url``, it is
                only routed to *target*. By default, a new URL.
            events: The events that a new endpoint receives.
            secret: The secret that signs a new endpoint's deliveries.

        Returns:
            The endpoint at that URL; None if it is the ``webhook_url`` of requests.

        Raises:
            AurousError: If the target is not callable, an event does not exist, or the URL is invalid for an endpoint;
                also if a known URL has other *events* or another *secret*.
        """
        world = self._world
        if target is not None and not callable(target):
            raise AurousError(
                f"webhooks.deliver_to({shown(target)}): expected a callable, an ASGI app, a WSGI app or None. "
                f"Pass a URL by name, as url=...\n{_WHO}"
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

    def route(self, url: str, target: Target) -> None:
        """Send the deliveries for a URL to *target*, whether it is registered already or will be later.

        Registers nothing: use it for an endpoint or a ``webhook_url`` that the code under test registers itself.
        An exact URL takes precedence over a prefix, and a longer prefix over a shorter one. Routing a URL again
        replaces its target.

        Args:
            url: A URL, or a prefix that ends in ``*``, such as ``https://app.example/hooks/*``.
            target: A callable that takes a `Delivery` and returns a status, or None for 200; an ASGI app; a WSGI app.

        Raises:
            AurousError: If the URL is invalid for an endpoint, or the target is not callable.

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
        """Make the deliveries that are due on the clock, in order, and return them.

        Raises:
            AurousError: If a target is async and an event loop is running: use `aflush` there.
        """
        made: list[Delivery] = []
        for attempt in attempts(self._world, self._session.app.queue):
            with attempt:
                if attempt.sends:
                    made.append(attempt.delivery)
                    attempt.result = self._send(attempt.delivery, in_loop=False)
                    if isawaitable(attempt.result) and not _loop_runs():
                        attempt.result = _run(attempt.result)
        return made

    async def aflush(self) -> list[Delivery]:
        """Make the deliveries that are due on the clock, in order, inside a running event loop, and return them.

        Example:
            ``await aurous.webhooks.aflush()``
        """
        made: list[Delivery] = []
        for attempt in attempts(self._world, self._session.app.queue):
            with attempt:
                if attempt.sends:
                    made.append(attempt.delivery)
                    result = self._send(attempt.delivery, in_loop=True)
                    attempt.result = await result if isawaitable(result) else result
        return made

    def _forget(self) -> None:
        self._targets.clear()
        self._prefixes.clear()

    def _keep(self) -> Callable[[], None]:
        targets, prefixes = dict(self._targets), dict(self._prefixes)

        def back() -> None:
            self._targets, self._prefixes = dict(targets), dict(prefixes)

        return back

    def _send(self, delivery: Delivery, *, in_loop: bool) -> Any:
        """Send a delivery to the target of its URL, else of the longest prefix, else to the URL itself."""
        url = delivery.url
        target = self._targets.get(url)
        if url not in self._targets and (prefixes := [prefix for prefix in self._prefixes if url.startswith(prefix)]):
            target = self._prefixes[max(prefixes, key=len)]
        return self._session.http.send(target, delivery, in_loop=in_loop)


def _loop_runs() -> bool:
    import asyncio  # only for async targets: it loads slowly

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run(result: Awaitable[Any]) -> Any:
    """Run an async target in a new event loop; `asyncio.run` would close the suite's own loop."""
    import asyncio

    async def finished() -> Any:
        return await result

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(finished())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
