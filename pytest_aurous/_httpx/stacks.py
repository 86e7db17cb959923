"""httpx and httpx2: read the requests of both, and build the responses and exceptions of the package that sent them.

httpx2 is noticed when somebody imports it, so that code that does not use it need not load it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Container, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import httpx

from .._core.wire.reply import Break, Reply, Stream


class PassedThrough(Exception):  # noqa: N818 - no error, and no client sees it
    """A route of the test, which is called like its operation, passes its request through."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation


def stacks() -> tuple[ModuleType, ...]:
    """Return httpx, and httpx2 if somebody has imported it: it loads slowly, and few suites use it."""
    httpx2 = sys.modules.get("httpx2")
    # Another thread may be importing it at this moment.
    complete = hasattr(httpx2, "HTTPTransport") and hasattr(httpx2, "AsyncHTTPTransport")
    return (httpx, httpx2) if httpx2 is not None and httpx2 is not httpx and complete else (httpx,)


def all_stacks() -> tuple[ModuleType, ...]:
    """Return the same, after importing httpx2 if it is installed."""
    with suppress(ImportError):
        import_module("httpx2")
    return stacks()


def stack_of(request: Any) -> ModuleType:
    return next(stack for stack in stacks() if isinstance(request, stack.Request))


def response(stack: ModuleType, request: Any, outcome: Reply | Break) -> Any:
    """Build the response, or raise the error, of the client's own stack. It is unread, so that `elapsed` works."""
    if isinstance(outcome, Break):
        return _broken(stack, request, outcome)
    headers = stack.Headers(outcome.headers, "latin-1")
    body = stack.ByteStream(outcome.body) if outcome.stream is None else _streamed(stack, request, outcome.stream)
    made = stack.Response(outcome.status, headers=headers, stream=body)
    if "".join([value for _, value in outcome.headers]).isascii():
        made.headers.encoding = "ascii"  # else httpx detects the encoding at each access
    return made


def _broken(stack: ModuleType, request: Any, outcome: Break) -> Any:
    error = getattr(stack, outcome.error)(outcome.message, request=request)
    if outcome.reply is None:
        raise error
    made = response(stack, request, outcome.reply)
    arrived = outcome.reply.body[: outcome.after_bytes]

    class CutOff(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            yield arrived
            raise error

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield arrived
            raise error

    made.stream = CutOff()
    return made


def _streamed(stack: ModuleType, request: Any, events: Stream) -> Any:
    """Return a body that is sent event by event, as the client reads it."""

    def read(*, slept: bool) -> bytes | None:
        part = events.read(slept=slept)
        if isinstance(part, Break):
            raise getattr(stack, part.error)(part.message, request=request)
        return part

    class Streamed(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            return iter(lambda: read(slept=events.sleep()), None)

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self  # no generator: trio warns of one that a client leaves unfinished

        async def __anext__(self) -> bytes:
            if (part := read(slept=await events.asleep())) is None:
                raise StopAsyncIteration
            return part

        def close(self) -> None:
            events.close()

        async def aclose(self) -> None:
            events.close()

    return Streamed()


def relay(stack: ModuleType, stream: Any) -> Any:
    """Return *stream*, of either stack, as a stream of *stack*."""

    class Relay(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            yield from stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in stream:
                yield part

    return Relay()


def as_httpx(request: Any) -> httpx.Request:
    """Convert a request of httpx2 for respx, which knows only httpx."""
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


class Arrival:
    """A finder of modules that calls *then* as soon as one of these modules has been imported, or loaded again."""

    def __init__(self, names: Container[str], then: Callable[[], object]) -> None:
        self._names = names
        self._then = then

    def begin(self) -> None:
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        with suppress(ValueError):  # other code may have restored an earlier `sys.meta_path`
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders return for the module, with a loader that calls *then*; else None."""
        if name not in self._names:
            return None
        found = (other.find_spec(name, path, target) for other in sys.meta_path if other is not self)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Noticed(spec.loader, self._then)
        return spec


class _Noticed(Loader):
    def __init__(self, loader: Any, then: Callable[[], object]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then()
