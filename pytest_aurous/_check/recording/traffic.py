"""What clients exchange with a server over the network, noted while they send and read it.

Nothing is read for its own sake: a body that streams goes on streaming, and an exception passes unchanged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import time
from types import ModuleType
from typing import Any, Final

from ..._core.base.chains import undone_on_error
from ..._core.wire.exchange import Exchange
from ..._core.wire.reply import Pairs

_FROM_NETWORK: Final = "network_stream"
"""The extension of a response that came over a connection; what a fake or a mock has made lacks it."""


class Traffic:
    """Notes the requests of clients of *stacks*, and what comes back, in the list for their URL, if any.

    The stacks are httpx, and what sends requests as it does.
    """

    def __init__(self, list_for: Callable[[str], list[Exchange] | None], stacks: Iterable[ModuleType]) -> None:
        self._list_for: Callable[[str], list[Exchange] | None] = list_for
        self._stacks = stacks
        self._patches: list[tuple[type[Any], str, Any, Any]] = []

    def start(self) -> None:
        """Patch the transports, below fakes and mocks that are started later."""
        with undone_on_error(self.stop):
            for stack in self._stacks:
                self._patch(stack, stack.HTTPTransport, "handle_request", self._sync)
                self._patch(stack, stack.AsyncHTTPTransport, "handle_async_request", self._async)

    def stop(self) -> None:
        """Restore the transports; a patch that came later, and is still there, keeps ours, which notes nothing."""
        self._list_for = lambda _: None
        for owner, method, original, wrapper in self._patches:
            if getattr(owner, method) is wrapper:
                setattr(owner, method, original)

    def _patch(self, stack: ModuleType, owner: type[Any], method: str, wrap: Callable[[ModuleType, Any], Any]) -> None:
        original = getattr(owner, method)
        wrapper = wrap(stack, original)
        setattr(owner, method, wrapper)
        self._patches.append((owner, method, original, wrapper))

    def _sync(self, stack: ModuleType, original: Any) -> Any:
        # Not `functools.wraps`: it copies the mark of an interception, which would take this for one of its own.
        def handle_request(transport: Any, request: Any) -> Any:
            with self._noting(stack, request) as note:
                return note(original(transport, request))

        return handle_request

    def _async(self, stack: ModuleType, original: Any) -> Any:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            with self._noting(stack, request) as note:
                return note(await original(transport, request))

        return handle_async_request

    @contextmanager
    def _noting(self, stack: ModuleType, request: Any) -> Generator[Callable[[Any], Any], None, None]:
        """Note a request, and let the block pass on its response, which is noted as well.

        Kept is also a request that failed in the network or was cancelled, but none that never left, such as a mock's.
        """
        noted = self._list_for(str(request.url))
        if noted is None:
            yield lambda response: response
            return
        exchange = Exchange(len(noted) + 1, request.method, str(request.url), _pairs(request), None, time())
        noted.append(exchange)
        try:
            exchange.content = request.content
        except stack.RequestNotRead:  # it is still to be made, part by part
            request.stream = _noting(stack, request.stream, partial(setattr, exchange, "content"))

        def note(response: Any) -> Any:
            if _FROM_NETWORK in response.extensions:
                _respond(stack, exchange, response)
            else:
                noted.remove(exchange)
            return response

        try:
            yield note
        except Exception as error:
            if not isinstance(error, stack.TransportError):
                noted.remove(exchange)
            raise


def _pairs(message: Any) -> Pairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.raw)


def _respond(stack: ModuleType, exchange: Exchange, response: Any) -> None:
    """Note a response, whose body is missing until it was read to its end; of a picture, it stays so."""
    exchange.status, exchange.response_headers, exchange.body = response.status_code, _pairs(response), None
    exchange.seconds = time() - (exchange.at or 0.0)  # the API has handled the request, however long the body takes
    kept = response.headers.get("content-type", "").startswith("application/json")

    def read(body: bytes) -> None:
        if kept or not body:
            with suppress(stack.DecodingError):
                exchange.body = body and stack.Response(200, headers=exchange.response_headers, content=body).content

    response.stream = _noting(stack, response.stream, read, kept=kept)


def _noting(stack: ModuleType, stream: Any, note: Callable[[bytes], object], *, kept: bool = True) -> Any:
    """Return *stream*, which notes what was read of it at its end; if it is not *kept*, only whether there was any."""

    class Noting(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            parts: list[bytes] = []
            for part in stream:
                parts.append(part if kept else part[:1])
                yield part
            note(b"".join(parts))

        async def __aiter__(self) -> AsyncIterator[bytes]:
            parts: list[bytes] = []
            async for part in stream:
                parts.append(part if kept else part[:1])
                yield part
            note(b"".join(parts))

        def close(self) -> None:
            stream.close()

        async def aclose(self) -> None:
            await stream.aclose()

    return Noting()
