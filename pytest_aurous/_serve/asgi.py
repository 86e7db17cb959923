"""The fake as an ASGI application: the same core, for whoever speaks HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .._wire.call import Call, to_json
from .._wire.hosts import UPLOAD_HOST, host_of
from .._wire.reply import Break, Reply
from .access import refuse_control, refuse_host
from .control import CONTROL, control

if TYPE_CHECKING:
    from .._handle.aurous import Aurous

__all__ = ("AsgiApp",)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MOST_BYTES: Final = 16 * 1024 * 1024
_TICK: Final = 0.05
_HANG: Final = 60.0
"""How long a client is left waiting that has no timeout of its own."""


class AsgiApp:
    """One fake over HTTP. URLs in its answers lead back to it, under whatever name the client knows it by.

    Args:
        aurous: The fake.
        hosts: Names that it answers for besides those of loopback, as `host_names` returns them.

    Attributes:
        closing: Whether nobody is to be left waiting any more.
    """

    def __init__(self, aurous: Aurous, hosts: Collection[str | None] = ()) -> None:
        self._aurous = aurous
        self._hosts = hosts
        self._app = aurous._session.app
        self._home = urlsplit(aurous.base_url)
        self.closing = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        wrong = refuse_host(headers, self._hosts)
        if wrong is not None:
            await _write(send, wrong)
            return
        own = dict(headers).get("host") or "{}:{}".format(*(scope.get("server") or ("localhost", 80)))
        path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        try:
            body = await _read(receive)
        except ConnectionResetError:  # it hung up in the middle: the call never arrived
            return
        if body is None:
            await _write(send, _too_large())
            return
        query = scope["query_string"].decode("latin-1")
        own = f"{scope.get('scheme', 'http')}://{own}"
        if path.startswith(CONTROL):
            told = refuse_control(headers, body, own)
            if told is None:
                # In a thread: a webhook that it delivers may come back to this very loop.
                told = await asyncio.to_thread(control, self._aurous, scope["method"], path, body)
            await _write(send, self._here(told, own))
            return
        call = self._call(scope["method"], path, query, headers, body)
        outcome = self._app.handle(call)
        await self._wait(call.delay)
        if isinstance(outcome, Reply):
            await _write(send, self._here(outcome, own))
        else:
            await self._break(outcome, receive, send)

    def _call(self, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes) -> Call:
        """Return the call as it would have come to the vendor's hosts."""
        home = self._home
        prefix = home.path
        if path.startswith("/characters/"):  # nothing of the API's host begins so: it is the upload host's
            home, prefix = urlsplit(UPLOAD_HOST), ""
        return Call(method, home.scheme, host_of(home), prefix + path, query, tuple(headers), body)

    def _here(self, reply: Reply, own: str) -> Reply:
        """Let the URLs of an answer lead here."""
        led_to = partial(self._app.world.led_to, own)
        headers = tuple((name, led_to(value.encode("latin-1")).decode("latin-1")) for name, value in reply.headers)
        reply = Reply(reply.status, headers, reply.body)
        return reply.with_body(led_to(reply.body)) if ("Content-Type", "application/json") in headers else reply

    async def _wait(self, delay: float) -> None:
        """Be really slow where a fault has moved a clock that runs; a clock that stands or is skipped just moves."""
        clock = self._app.world.clock
        if delay > 0 and not clock.frozen and self._app.world.settings.sleep == "real":
            clock.rewind(delay)
            await self._pass(delay)

    async def _pass(self, seconds: float, gone: Awaitable[None] | None = None) -> None:
        """Let real time pass, until *gone* is over, or the server is to stop."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        task = asyncio.ensure_future(gone or asyncio.sleep(seconds))
        while not self.closing and not task.done() and (left := until - loop.time()) > 0:
            await asyncio.wait([task], timeout=min(left, _TICK))
        task.cancel()

    async def _break(self, outcome: Break, receive: Receive, send: Send) -> None:
        """Let the client meet a connection that ends, or never answers."""
        if outcome.reply is not None:
            await send(_start(outcome.reply))
            body = outcome.reply.body[: outcome.after_bytes]
            await send({"type": "http.response.body", "body": body, "more_body": True})
        elif "Timeout" in outcome.error:
            await self._pass(_HANG, _gone(receive))
        cycle = getattr(send, "__self__", None)  # uvicorn's: ASGI itself has no word for hanging up
        if cycle is None or not hasattr(cycle, "transport"):
            raise ConnectionResetError(outcome.message)
        cycle.disconnected = True
        cycle.transport.close() if outcome.reply is not None else cycle.transport.abort()


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(receive: Receive) -> bytes | None:
    """Return the body, or None where it is larger than anything that the API takes."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= _MOST_BYTES:
            parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if size <= _MOST_BYTES else None


async def _write(send: Send, reply: Reply) -> None:
    await send(_start(reply))
    await send({"type": "http.response.body", "body": reply.body})


def _start(reply: Reply) -> dict[str, Any]:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large() -> Reply:
    body = to_json(
        {
            "error": {
                "type": "invalid_request",
                "code": "value_out_of_range",
                "message": "The body is larger than 16 MiB.",
            }
        }
    )
    return Reply(413, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)
