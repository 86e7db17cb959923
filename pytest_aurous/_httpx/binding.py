"""One fake as httpx clients see it: interception, a transport, ready-to-use clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from .._engine.pipeline import App
from .._world.outbox import Delivery
from ..errors import UnknownArgument, hide_mistakes, see
from . import receivers
from .interception import INTERCEPTION
from .router import Router
from .transport import AurousTransport

__tracebackhide__ = hide_mistakes

C = TypeVar("C")


class Binding:
    """Everything of one fake that needs an HTTP client.

    Attributes:
        router: Responds to requests: a route of the test does, or the fake.
        transport: The router as a transport, for clients that the test creates.
    """

    def __init__(self, app: App) -> None:
        self.router: Router = Router(app)
        self.transport: AurousTransport = AurousTransport(self.router)

    @staticmethod
    def send(target: Any, delivery: Delivery, *, in_loop: bool) -> int | Awaitable[int | None] | None:
        """Deliver an event; see `receivers.send`."""
        return receivers.send(target, delivery, in_loop=in_loop)

    @contextmanager
    def intercepting(self) -> Generator[None, None, None]:
        """Intercept requests in the block; at its end the routes are dropped, and keep the calls that they saw."""
        INTERCEPTION.enter(self.router)
        try:
            yield
        finally:
            INTERCEPTION.leave(self.router)
            if self.router not in INTERCEPTION.entered:  # else it was entered twice
                self.router.forget()

    def client(self, api_key: str, options: dict[str, Any]) -> httpx.Client:
        """Return a client with base URL and key, unless *options* have others."""
        return self._made("client", httpx.Client, api_key, options)

    def async_client(self, api_key: str, options: dict[str, Any]) -> httpx.AsyncClient:
        """Return an async client with base URL and key, unless *options* have others."""
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
