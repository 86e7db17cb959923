"""What clients exchange with a server over the network, noted while they send and read it.

Nothing is read for its own sake: a body that streams goes on streaming, and an exception passes unchanged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from time import time
from types import ModuleType
from typing import Any, Final

from ..._core.base.chains import undone_on_error
from ..._core.wire.exchange import Exchange
from ..._core.wire.reply import Pairs

_FROM_NETWORK: Final = "network_stream"
"""The extension of a response that came over a connection; what a fake or a mock has made lacks it."""


class Body:
    """The part of a body that was sent or read.

    Attributes:
        kept: Whether to keep the bytes; otherwise only record that there was a body.
        whole: Whether it was sent or read to its end.
    """

    def __init__(self, *, kept: bool = True) -> None:
        self.kept = kept
        self.whole = False
        self._parts: list[bytes] = []

    def begin(self) -> None:
        """Forget what was sent before: a body can be sent twice."""
        self._parts.clear()
        self.whole = False

    def add(self, part: bytes) -> None:
        self._parts.append(part if self.kept else part[:1])

    def content(self) -> bytes | None:
        """Return the body; None where a part of it is missing."""
        return b"".join(self._parts) if self.whole and (self.kept or not any(self._parts)) else None


class Pending:
    """An exchange on its way: a request, and what came back so far; its status is None without a response."""

    def __init__(self, stack: ModuleType, request: Any) -> None:
        self.url: str = str(request.url)
        self.status: int | None = None
        self._at = time()
        self._seconds = 0.0
        self._method: str = request.method
        self._headers = _pairs(request)
        self._response_headers: Pairs = ()
        self._sent, self._received = Body(), Body()
        self._stack = stack
        try:
            self._sent.add(request.content)
            self._sent.whole = True
        except stack.RequestNotRead:  # it is still to be made, part by part
            request.stream = _noting(stack, request.stream, self._sent)

    def respond(self, response: Any) -> None:
        """Note a response, whose body is still to be read."""
        self.status, self._response_headers = response.status_code, _pairs(response)
        self._seconds = time() - self._at  # by then the API has handled the request, however long the body takes
        kind = response.headers.get("content-type", "")
        self._received = Body(kept=kind.startswith("application/json"))
        response.stream = _noting(self._stack, response.stream, self._received)

    def exchange(self, number: int) -> Exchange:
        """Return what was noted; a body is None where a part of it is missing, or its bytes were not kept."""
        return Exchange(
            number,
            self._method,
            self.url,
            self._headers,
            self._sent.content(),
            self._at,
            self.status,
            self._response_headers,
            self._body(),
            seconds=self._seconds,
        )

    def _body(self) -> bytes | None:
        """Return the body of the response, decompressed; None where that is not possible."""
        body = b"" if self.status is None else self._received.content()
        if not body:
            return body
        try:
            plain: bytes = self._stack.Response(200, headers=self._response_headers, content=body).content
        except self._stack.DecodingError:
            return None
        return plain


class Traffic:
    """Notes the requests of clients of *stacks*, and what comes back, in the list for their URL, if any.

    The stacks are httpx, and what sends requests as it does.
    """

    def __init__(self, list_for: Callable[[str], list[Pending] | None], stacks: Iterable[ModuleType]) -> None:
        self._list_for: Callable[[str], list[Pending] | None] = list_for
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
        exchange = Pending(stack, request)
        noted.append(exchange)

        def note(response: Any) -> Any:
            if _FROM_NETWORK in response.extensions:
                exchange.respond(response)
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


def _noting(stack: ModuleType, stream: Any, body: Body) -> Any:
    """Return *stream*, which notes in *body* what is read of it."""

    class Noting(stack.SyncByteStream, stack.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two stacks
        def __iter__(self) -> Iterator[bytes]:
            body.begin()
            for part in stream:
                body.add(part)
                yield part
            body.whole = True

        async def __aiter__(self) -> AsyncIterator[bytes]:
            body.begin()
            async for part in stream:
                body.add(part)
                yield part
            body.whole = True

        def close(self) -> None:
            stream.close()

        async def aclose(self) -> None:
            await stream.aclose()

    return Noting()
