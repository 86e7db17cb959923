"""The fake as a transport, and ready clients on it."""

from __future__ import annotations

from typing import Any

import httpx
from respx.models import PassThrough

from ..errors import AurousError, see
from .router import AurousRouter
from .stacks import stack_of

__all__ = ("AurousTransport", "async_client", "client")


class AurousTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as a transport, for hand-made clients of httpx and httpx2, sync and async.

    Example:
        ``httpx.Client(transport=aurous.transport, base_url=aurous.base_url)``
    """

    def __init__(self, router: AurousRouter) -> None:
        self._router = router

    def handle_request(self, request: Any) -> Any:
        """Answer a request of a sync client."""
        try:
            return self._router.answer(stack_of(request), request)
        except PassThrough as passed:
            raise _nothing_behind(passed) from None

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of an async client."""
        try:
            return await self._router.aanswer(stack_of(request), request)
        except PassThrough as passed:
            raise _nothing_behind(passed) from None


def client(transport: AurousTransport, base_url: str, api_key: str, /, **options: Any) -> httpx.Client:
    """Return a ready client: base URL and key are set, unless *options* says otherwise."""
    return httpx.Client(**_ready(transport, base_url, api_key, options))


def async_client(transport: AurousTransport, base_url: str, api_key: str, /, **options: Any) -> httpx.AsyncClient:
    """Return a ready async client."""
    return httpx.AsyncClient(**_ready(transport, base_url, api_key, options))


def _ready(transport: AurousTransport, base_url: str, api_key: str, options: dict[str, Any]) -> dict[str, Any]:
    headers = httpx.Headers(options.pop("headers", None))
    if "X-Api-Key" not in headers and "Authorization" not in headers:
        headers["X-Api-Key"] = api_key
    return {"transport": transport, "base_url": base_url, "headers": headers, **options}


def _nothing_behind(passed: PassThrough) -> AurousError:
    return AurousError(
        f"The route {passed.origin.name!r} passes its calls through, but nothing is behind aurous.transport: "
        f"use a client with a transport of its own, or let the route answer.\n{see('reference/operations.html')}"
    )
