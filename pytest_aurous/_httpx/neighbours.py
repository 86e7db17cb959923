"""respx with ``using="httpx"``, which intercepts before the transport of a client is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from respx.mocks import Mocker
from respx.models import PassThrough


def step_aside(ours: Callable[[Any], object]) -> None:
    """Let respx pass on the requests that are *ours*, that is, for a fake."""
    above: Any = Mocker.registry["httpx"]
    if "handler" in vars(above):
        return
    below, abelow = above.handler, above.async_handler

    def handler(request: Any) -> Any:
        if ours(request):
            raise PassThrough("The fake responds to this request", request=request, origin=None)  # type: ignore[arg-type]
        return below(request)

    async def async_handler(request: Any) -> Any:
        if ours(request):
            raise PassThrough("The fake responds to this request", request=request, origin=None)  # type: ignore[arg-type]
        return await abelow(request)

    above.handler, above.async_handler = staticmethod(handler), staticmethod(async_handler)


def step_back() -> None:
    """Restore respx."""
    above = Mocker.registry["httpx"]
    for name in ("handler", "async_handler"):
        if name in vars(above):
            delattr(above, name)
