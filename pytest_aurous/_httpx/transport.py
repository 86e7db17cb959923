"""The fake as a transport, and ready clients on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from respx.models import PassThrough

from ..errors import AurousError, UnknownArgument, hide_mistakes, see
from .router import AurousRouter
from .stacks import stack_of

__all__ = ("AurousTransport", "async_client", "client")

__tracebackhide__ = hide_mistakes

C = TypeVar("C")


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
    return _made("client", httpx.Client, transport, base_url, api_key, options)


def async_client(transport: AurousTransport, base_url: str, api_key: str, /, **options: Any) -> httpx.AsyncClient:
    """Return a ready async client."""
    return _made("async_client", httpx.AsyncClient, transport, base_url, api_key, options)


def _made(
    who: str, kind: Callable[..., C], transport: AurousTransport, base_url: str, api_key: str, options: dict[str, Any]
) -> C:
    try:
        headers = httpx.Headers(options.pop("headers", None))
        if "X-Api-Key" not in headers and "Authorization" not in headers:
            headers["X-Api-Key"] = api_key
        return kind(**{"transport": transport, "base_url": base_url, "headers": headers, **options})
    except Exception as error:  # noqa: BLE001 - httpx checks few of them, and raises what happens
        raise UnknownArgument(
            f"{who}(...): httpx does not accept these options ({error}). It takes those of httpx.Client, "
            f"such as timeout=3.\n{see('reference/api.html')}"
        ) from None


def _nothing_behind(passed: PassThrough) -> AurousError:
    return AurousError(
        f"The route {passed.origin.name!r} passes its calls through, but nothing is behind aurous.transport: "
        f"use a client with a transport of its own, or let the route answer.\n{see('reference/operations.html')}"
    )
