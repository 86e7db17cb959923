"""httpx and httpx2: read the requests of both, and build the responses and exceptions of the one that sent them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import httpx

from .._wire.reply import Break, Reply

httpx2: ModuleType | None
try:
    httpx2 = import_module("httpx2")
except ImportError:  # optional
    httpx2 = None

STACKS: Final = (httpx,) if httpx2 is None or httpx2 is httpx else (httpx, httpx2)
REQUEST_ERRORS: Final[tuple[Any, ...]] = tuple(stack.RequestError for stack in STACKS)


def stack_of(request: Any) -> ModuleType:
    """Return the module that *request* comes from."""
    return next(stack for stack in STACKS if isinstance(request, stack.Request))


def response(stack: ModuleType, request: Any, outcome: Reply | Break) -> Any:
    """Build the response, or raise the error, of the client's own stack. It is unread, so that `elapsed` works."""
    if isinstance(outcome, Break):
        return _broken(stack, request, outcome)
    headers = stack.Headers(outcome.headers, "latin-1")
    made = stack.Response(outcome.status, headers=headers, stream=stack.ByteStream(outcome.body))
    if all(value.isascii() for _, value in outcome.headers):
        made.headers.encoding = "ascii"  # else httpx detects the encoding at each access
    return made


def _broken(stack: ModuleType, request: Any, outcome: Break) -> Any:
    """Raise the error, or return a response whose body raises it."""
    error = getattr(stack, outcome.error)(outcome.message, request=request)
    if outcome.reply is None:
        raise error
    made = response(stack, request, outcome.reply)
    made.stream = relay(stack, _CutOff(outcome.reply.body[: outcome.after_bytes], error))
    return made


def relay(stack: ModuleType, stream: Any) -> Any:
    """Return *stream*, of either stack, as a stream of *stack*."""

    class Relay(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            yield from stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in stream:
                yield part

    return Relay()


class _CutOff:
    """A body that is cut off."""

    def __init__(self, body: bytes, error: Exception) -> None:
        self._body = body
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        raise self._error


def as_httpx(request: Any) -> httpx.Request:
    """Convert a request of httpx2 for respx, which only knows those of httpx."""
    if isinstance(request, httpx.Request):
        return request
    return httpx.Request(
        request.method,
        str(request.url),
        headers=request.headers.raw,
        content=request.content,
        extensions=request.extensions,
    )


def native(stack: ModuleType, error: httpx.RequestError, request: Any) -> Exception:
    """Convert an exception of httpx to the client's stack; exceptions that the test defines stay as they are."""
    name = type(error).__name__
    if stack is httpx or getattr(httpx, name, None) is not type(error):
        return error
    translated: Exception = getattr(stack, name)(str(error), request=request)
    return translated
