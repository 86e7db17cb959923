"""The fake as a transport of httpx and httpx2."""

from __future__ import annotations

from typing import Any

import httpx

from .._core.base.errors import AurousError, hide_mistakes, see
from .router import Router
from .stacks import PassedThrough, stack_of

__tracebackhide__ = hide_mistakes


class AurousTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as a transport, for clients of httpx and httpx2, sync and async, that a test creates.

    Example:
        ``httpx.Client(transport=aurous.transport, base_url=aurous.base_url)``
    """

    def __init__(self, router: Router) -> None:
        self._router = router

    def handle_request(self, request: Any) -> Any:
        """Respond to a request of a sync client."""
        try:
            return self._router.respond(stack_of(request), request)
        except PassedThrough as passed:
            raise _nothing_behind(passed) from None

    async def handle_async_request(self, request: Any) -> Any:
        """Respond to a request of an async client."""
        try:
            return await self._router.arespond(stack_of(request), request)
        except PassedThrough as passed:
            raise _nothing_behind(passed) from None


def _nothing_behind(passed: PassedThrough) -> AurousError:
    return AurousError(
        f"The route {passed.operation!r} passes its calls through, but nothing is behind aurous.transport: "
        f"use a client with a transport of its own, or let the route respond.\n{see('reference/requests.html')}"
    )
