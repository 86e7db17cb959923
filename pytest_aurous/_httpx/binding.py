"""One fake as httpx clients see it: interception, a transport, ready-to-use clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from .._core.base.errors import AurousError, UnknownArgument, hide_mistakes, see
from .._core.world.outbox import PATIENCE, Delivery
from .interception import INTERCEPTION
from .router import Router
from .stacks import PassedThrough, stack_of

if TYPE_CHECKING:
    from .._core.engine.pipeline import App

__tracebackhide__ = hide_mistakes

C = TypeVar("C")
# Arguments of an application in either standard. Any other target takes one: the delivery.
_WSGI, _ASGI = 2, 3


class AurousTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as a transport, for clients of httpx and httpx2, sync and async, that a test creates.

    Example:
        ``httpx.Client(transport=aurous.transport, base_url=aurous.base_url)``
    """

    def __init__(self, router: Router) -> None:
        self._router = router

    def handle_request(self, request: Any) -> Any:
        try:
            return self._router.respond(stack_of(request), request)
        except PassedThrough as passed:
            raise _nothing_behind(passed) from None

    async def handle_async_request(self, request: Any) -> Any:
        try:
            return await self._router.arespond(stack_of(request), request)
        except PassedThrough as passed:
            raise _nothing_behind(passed) from None


class Binding:
    """Everything of one fake that needs an HTTP client."""

    def __init__(self, app: App) -> None:
        self.router: Router = Router(app)
        self.transport: AurousTransport = AurousTransport(self.router)

    @staticmethod
    def send(target: Any, delivery: Delivery, *, in_loop: bool) -> int | Awaitable[int | None] | None:
        """Send *delivery* to *target*, for None to its URL; return the response's status, or an awaitable of it."""
        if target is None and in_loop:  # a server in this loop may have that URL
            return _apost(None, delivery)
        if target is None:
            with httpx.Client(timeout=PATIENCE) as client:
                return _post(client, delivery)
        takes = _arguments(target)
        if takes == _ASGI:
            return _apost(httpx.ASGITransport(target), delivery)
        if takes == _WSGI:
            with httpx.Client(transport=httpx.WSGITransport(target)) as client:
                return _post(client, delivery)
        status: int | Awaitable[int | None] | None = target(delivery)
        return status

    def intercept(self) -> Callable[[], None]:
        """Intercept requests, and return the function that ends that; then routes keep the calls that they saw."""
        INTERCEPTION.enter(self.router)
        return self._let_go

    def _let_go(self) -> None:
        INTERCEPTION.leave(self.router)
        if self.router not in INTERCEPTION.entered:  # else it was entered twice
            self.router.forget()

    def client(self, api_key: str, options: dict[str, Any]) -> httpx.Client:
        return self._made("client", httpx.Client, api_key, options)

    def async_client(self, api_key: str, options: dict[str, Any]) -> httpx.AsyncClient:
        return self._made("async_client", httpx.AsyncClient, api_key, options)

    def _made(self, method: str, kind: Callable[..., C], api_key: str, options: dict[str, Any]) -> C:
        try:
            headers = httpx.Headers(options.pop("headers", None))
            if "X-Api-Key" not in headers and "Authorization" not in headers:
                headers["X-Api-Key"] = api_key
            base_url = self.router.app.world.settings.base_url
            return kind(**{"transport": self.transport, "base_url": base_url, "headers": headers, **options})
        except Exception as error:  # noqa: BLE001 - httpx checks few options, and raises whatever happens
            raise UnknownArgument(
                f"{method}(...): httpx does not accept these options ({error}). Pass options of httpx.Client, "
                f"such as timeout=3.\n{see('reference/api.html')}"
            ) from None


def _arguments(target: Any) -> int:
    """Return how many arguments *target* requires: a callable takes one, WSGI two, ASGI three."""
    try:
        parameters = signature(target).parameters.values()
    except (TypeError, ValueError):  # a builtin, such as `list.append`
        return 1
    return sum(
        one.default is one.empty and one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD} for one in parameters
    )


def _post(client: httpx.Client, delivery: Delivery) -> int:
    return client.post(delivery.url, content=delivery.body, headers=delivery.headers).status_code


async def _apost(transport: httpx.AsyncBaseTransport | None, delivery: Delivery) -> int:
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE) as client:
        response = await client.post(delivery.url, content=delivery.body, headers=delivery.headers)
    return response.status_code


def _nothing_behind(passed: PassedThrough) -> AurousError:
    return AurousError(
        f"The route {passed.operation!r} passes its calls through, but nothing is behind aurous.transport: "
        f"use a client with a transport of its own, or let the route respond.\n{see('reference/requests.html')}"
    )
