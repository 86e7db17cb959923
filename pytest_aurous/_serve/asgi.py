"""The fake as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .._wire.call import Call
from .._wire.hosts import UPLOAD_HOST, host_of
from .._wire.reply import Break, Reply, Stream
from .access import refuse_control, refuse_host
from .control import CONTROL, control, json_reply

if TYPE_CHECKING:
    from .._fake.aurous import Aurous

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MOST_BYTES: Final = 16 * 1024 * 1024
_TICK: Final = 0.05
_HANG: Final = 60.0
"""How many seconds a client without a timeout waits for a response that does not come."""


class AsgiApp:
    """One fake over HTTP. URLs in its responses lead back to it, under the host name that the client used."""

    def __init__(self, aurous: Aurous, hosts: Collection[str | None] = ()) -> None:
        self._aurous = aurous
        self._hosts = hosts
        self._app = aurous._session.app
        self._home = urlsplit(aurous.base_url)
        self.closing = False  # the server is stopping: keep no client waiting

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Respond to one request, or to the start and end of the server."""
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
        except ConnectionResetError:  # the client disconnected: the call never arrived
            return
        if body is None:
            error = {"type": "invalid_request", "code": "value_out_of_range"}
            error["message"] = f"The body is larger than {_MOST_BYTES // 1024**2} MiB."
            await _write(send, json_reply(413, {"error": error}))
            return
        query = scope["query_string"].decode("latin-1")
        own = f"{scope.get('scheme', 'http')}://{own}"
        if path.startswith(CONTROL):
            reply = refuse_control(headers, body, own)
            if reply is None:
                # In a thread: a webhook that it delivers may come back to this event loop.
                reply = await asyncio.to_thread(control, self._aurous, scope["method"], path, body)
            await _write(send, self._here(reply, own))
            return
        call = self._call(scope["method"], path, query, headers, body)
        if (gate := self._app.world.gate) is not None:
            await gate.aenter(call)
        outcome = self._app.handle(call)
        await self._wait(call.delay)
        if isinstance(outcome, Break):
            await self._break(outcome, receive, send)
        elif outcome.stream is None:
            await _write(send, self._here(outcome, own))
        else:
            await self._stream(outcome, outcome.stream, receive, send)

    async def _stream(self, reply: Reply, events: Stream, receive: Receive, send: Send) -> None:
        """Send a response event by event, until it ends or the client has closed the connection."""
        gone = asyncio.ensure_future(_gone(receive))
        await send(_start(reply))
        try:
            while not gone.done() and not self.closing:
                part = events.read()
                await self._wait(events.waited, gone)
                if part is None:
                    await send({"type": "http.response.body", "body": b""})
                    return
                if isinstance(part, Break):
                    if "Timeout" in part.error:
                        await self._pass(_HANG, gone)
                    _close(send, part.message, gently=True)
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(0)  # else nobody notices that the client has gone
            _close(send, "The server is stopping, or the client has gone.", gently=False)
        finally:
            gone.cancel()
            events.close()

    def _call(self, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes) -> Call:
        """Return the call as the vendor's hosts would receive it."""
        home = self._home
        prefix = home.path
        if path.startswith("/characters/"):  # only paths of the upload host begin like this
            home, prefix = urlsplit(UPLOAD_HOST), ""
        return Call(method, home.scheme, host_of(home), prefix + path, query, tuple(headers), body)

    def _here(self, reply: Reply, own: str) -> Reply:
        """Let the URLs of a response lead to this server."""
        led_to = partial(self._app.world.served.led_to, own)
        headers = tuple((name, led_to(value.encode("latin-1")).decode("latin-1")) for name, value in reply.headers)
        reply = Reply(reply.status, headers, reply.body)
        return reply.with_body(led_to(reply.body)) if ("Content-Type", "application/json") in headers else reply

    async def _wait(self, delay: float, gone: asyncio.Future[None] | None = None) -> None:
        """Wait in real time for the delay of a response or an event, unless the clock stands or sleeps are skipped."""
        clock = self._app.world.clock
        if delay > 0 and not clock.frozen and self._app.world.settings.sleep == "real":
            clock.rewind(delay)
            await self._pass(delay, gone)

    async def _pass(self, seconds: float, gone: Awaitable[None] | None = None) -> None:
        """Wait in real time, until *gone* has finished or the server stops."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        task = asyncio.ensure_future(gone or asyncio.sleep(seconds))
        while not self.closing and not task.done() and (left := until - loop.time()) > 0:
            await asyncio.wait([task], timeout=min(left, _TICK))
        if task is not gone:
            task.cancel()

    async def _break(self, outcome: Break, receive: Receive, send: Send) -> None:
        """Close the connection, or let the client wait for a response that never comes."""
        if outcome.reply is not None:
            await send(_start(outcome.reply))
            body = outcome.reply.body[: outcome.after_bytes]
            await send({"type": "http.response.body", "body": body, "more_body": True})
        elif "Timeout" in outcome.error:
            await self._pass(_HANG, _gone(receive))
        _close(send, outcome.message, gently=outcome.reply is not None)


def _close(send: Send, message: str, *, gently: bool) -> None:
    """Close the connection: *gently*, after what was sent, or at once."""
    cycle = getattr(send, "__self__", None)  # uvicorn's: ASGI itself cannot close a connection
    if cycle is None or not hasattr(cycle, "transport"):
        raise ConnectionResetError(message)
    cycle.disconnected = True
    cycle.transport.close() if gently else cycle.transport.abort()


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(receive: Receive) -> bytes | None:
    """Return the body, or None if it is larger than the API accepts."""
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
