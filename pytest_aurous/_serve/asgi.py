"""The fake as an ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from .._core.base.errors import AurousError
from .._core.base.redaction import shortened
from .._core.wire.call import Call
from .._core.wire.hosts import UPLOAD_HOST, host_of
from .._core.wire.reply import Break, Reply, Stream
from .._facade import Aurous
from .access import mark_of, refuse_control, refuse_host, refuse_token
from .arguments import read_query
from .control import Control
from .guard import HEADERS
from .live import Hub
from .reads import READS, found_calls
from .replies import ACCESS, CONTROL, SAFE, json_reply, page, refused, viewer_file
from .tape import KEEP, seq_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MOST_BYTES: Final = 16 * 1024 * 1024
_TICK: Final = 0.05
"""Seconds after which a response that waits looks whether the server stops."""
_HANG: Final = 60.0
"""How many seconds a client without a timeout waits for a response that does not come."""
_LONGEST_WAIT: Final = 600.0
_HOSTS: Final = 100
"""How many valid hosts are known without looking again: more than a suite uses, and no memory for an attacker."""
_EXPOSED: Final = (
    "Aurous-Request-Id, Aurous-Version, Aurous-Idempotent-Replayed, Aurous-Idempotency-Status, Retry-After, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "X-RateLimit-TPM-Limit, X-RateLimit-TPM-Remaining, X-RateLimit-TPM-Reset"
)
"""The headers of a response that a page of another origin can read."""
_OPEN: Final = frozenset({"health", "login"})
"""The control requests that need no token."""


class HttpRequest(NamedTuple):
    """A request that has arrived.

    Attributes:
        own: The URL of the server as the client has it.
        more: Headers that its response has in addition.
    """

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    own: str
    more: tuple[tuple[str, str], ...]


class AsgiApp:
    """One fake over HTTP. URLs in its responses lead back to it, under the host name that the client used.

    Args:
        aurous: The fake.
        hosts: More names that a ``Host`` header may have.
        cors: The origins whose pages may use and control it.
        token: What control requests must have; None: nothing.
        keep: How many steps and requests to keep.

    Attributes:
        closing: Whether the server is stopping: then no client is kept waiting.
        control: The control requests.
    """

    def __init__(
        self,
        aurous: Aurous,
        hosts: Collection[str | None] = (),
        *,
        cors: Collection[str] = (),
        token: str | None = None,
        keep: int = KEEP,
    ) -> None:
        self._aurous = aurous
        self._hosts = hosts
        self._cors = cors
        self._token = token
        self._app = aurous._session.app
        self._upload = (urlsplit(UPLOAD_HOST).scheme, host_of(urlsplit(UPLOAD_HOST)), "")
        self._known: set[tuple[bytes, ...]] = set()
        self.control = Control(aurous, keep)
        self._hub = Hub(self.control)
        self.closing = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Respond to one request; our server sends nothing else."""
        if scope["type"] != "http":
            return
        try:
            request = await self._arrived(scope, receive)
        except ConnectionResetError:  # the client disconnected: the call never arrived
            return
        if isinstance(request, Reply):
            await _write(send, request)
            return
        method, path, query, headers, body, own, more = request
        if path.startswith(CONTROL) or (path == "/" and method == "GET" and _wants_page(headers)):
            await self._controlled(request, receive, send)
            return
        home = (
            self._upload if path.startswith("/characters/") else self._app.addresses.home
        )  # only paths of the upload host
        call = Call(method, home[0], home[1], home[2] + path, query, tuple(headers), body)
        if (gate := self._app.world.gate) is not None:
            await gate.aenter(call)
        outcome = self._app.handle(call)
        if call.delay:
            gone = asyncio.ensure_future(_gone(receive))
            await self._wait(call.delay, gone)
            gone.cancel()
        if isinstance(outcome, Break):
            await self._break(outcome, receive, send)
            return
        reply = outcome._replace(headers=(*outcome.headers, *more)) if more else outcome
        if reply.stream is None:
            await _write(send, self._here(reply, own))
        else:
            await self._stream(reply, reply.stream, receive, send)

    async def _arrived(self, scope: Message, receive: Receive) -> HttpRequest | Reply:
        """Return a request that has arrived completely, or its refusal."""
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        hosts = tuple(value for name, value in pairs if name == b"host")
        if hosts not in self._known:
            wrong = refuse_host(headers, self._hosts)
            if wrong is not None:
                return wrong
            if len(self._known) < _HOSTS:
                self._known.add(hosts)
        path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        if len(path) + sum([len(name) + len(value) for name, value in pairs]) > HEADERS:
            return refused(431, f"The URL and the headers are larger than {HEADERS // 1024} KiB.", page=ACCESS)
        body = await _read(receive)
        if body is None:
            why = f"The body is larger than {_MOST_BYTES // 1024**2} MiB."
            if path.startswith(CONTROL):
                return refused(413, why, page=ACCESS)
            return json_reply(413, {"error": {"type": "invalid_request", "code": "value_out_of_range", "message": why}})
        more = self._cross_origin(headers) if self._cors else ()
        method: str = scope["method"]
        if more and method == "OPTIONS":
            asked = dict(headers).get("access-control-request-headers", "")
            methods = ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
            found = (methods, ("Access-Control-Allow-Headers", asked), ("Access-Control-Max-Age", "600"))
            return Reply(204, (*more, *found), b"")
        host = b"".join(hosts).decode("latin-1") or "{}:{}".format(*(scope.get("server") or ("localhost", 80)))
        query = scope["query_string"].decode("latin-1")
        return HttpRequest(method, path, query, headers, body, f"{scope.get('scheme', 'http')}://{host}", more)

    def _cross_origin(self, headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the headers that let the page of an allowed origin read the response."""
        origin = next((value for name, value in headers if name == "origin"), None)
        if origin is None or origin not in self._cors:
            return ()
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Vary", "Origin"),
            ("Access-Control-Expose-Headers", _EXPOSED),
        )

    async def _controlled(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        """Respond to a control request, or with the page."""
        if request.method == "HEAD":  # uvicorn leaves out the body
            request = request._replace(method="GET")
        name = request.path.removeprefix(CONTROL).strip("/")
        cookie = f"aurous_control_{request.own.rpartition(':')[2].strip('/')}"
        reply = self._shown(request, name) or refuse_control(
            request.headers, request.body, request.own, method=request.method, cors=self._cors
        )
        if reply is None and name not in _OPEN:
            reply = refuse_token(request.headers, self._token, cookie)
        if reply is None and name == "login" and request.method == "POST":
            reply = self._login(request, cookie)
        if reply is None and name == "events" and request.method == "GET":
            await self._events(request, receive, send)
            return
        if reply is None and name == "calls" and request.method == "GET":
            reply = await self._awaited(request.query, receive)
        if reply is None:
            self.control.url = request.own
            work = partial(self.control.respond, request.method, request.path, request.body, request.query)
            reply = await _in_thread(work)
            reply = self._here(reply, request.own) if name == "state" or name.endswith(".add") else reply
        await _write(send, reply._replace(headers=(*reply.headers, *SAFE, *request.more)))

    def _shown(self, request: HttpRequest, name: str) -> Reply | None:
        """Return the page or one of its files, if the request is for these."""
        if request.method != "GET":
            return None
        if name.startswith("viewer/"):
            return viewer_file(name.removeprefix("viewer/"))
        if name or not _wants_page(request.headers):
            return None
        if request.path == f"{CONTROL}/":
            return page()
        return Reply(302, (("Location", f"{CONTROL}/"), ("Content-Length", "0")), b"")

    def _login(self, request: HttpRequest, cookie: str) -> Reply:
        """Return a cookie for the token that a page sends."""
        try:
            token = str(json.loads(request.body)["token"]).encode(errors="replace")
        except (ValueError, LookupError, TypeError, RecursionError):
            token = b""
        sent = ("authorization", f"Bearer {token.decode('latin-1')}")
        wrong = refuse_token([sent], self._token, cookie)
        if wrong is not None:
            return wrong
        value = f"{cookie}={mark_of(token)}; HttpOnly; SameSite=Strict; Path={CONTROL}"
        reply = json_reply(200, {"ok": True})
        return reply._replace(headers=(*reply.headers, ("Set-Cookie", value)))

    async def _awaited(self, query: str, receive: Receive) -> Reply | None:
        """Wait in real time for calls, if the query says so; return the refusal if they do not come, or None."""
        takes = READS["calls"].takes
        gone = asyncio.ensure_future(_gone(receive))
        try:
            asked = read_query("calls", dict(parse_qsl(query)), takes)
            wanted = asked.get("at_least", 1 if "wait" in asked else 0)
            seconds = min(asked.pop("wait", 0), _LONGEST_WAIT)
            loop = asyncio.get_running_loop()
            until = loop.time() + seconds
            while (count := len(found_calls(self.control, **asked))) < wanted:
                left = until - loop.time()
                if left <= 0 or self.closing or gone.done():
                    return refused(408, self._missed(count, wanted, seconds, **asked))
                await self._hub.step(min(left, 1.0))
        except AurousError as error:
            return refused(400, str(error))
        finally:
            gone.cancel()
        return None

    def _missed(self, count: int, wanted: int, seconds: float, operation: str = "", **_: Any) -> str:
        """Say how many calls have arrived, and what else."""
        last = list(self._aurous.calls)[-5:]
        others = ", ".join([call.operation or f"{call.method} {shortened(call.path, 60)} (unmatched)" for call in last])
        of = f" of {operation}" if operation else ""
        return (
            f"Within {seconds:g} s, {count} of {wanted} calls{of} have arrived. "
            f"{f'The last calls of all: {others}.' if others else 'No other call has arrived either.'}"
        )

    async def _events(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        """Send the steps of the tape as server-sent events, until the client has closed the connection."""
        asked = dict(request.headers).get("last-event-id") or dict(parse_qsl(request.query)).get("after", "")
        seq = seq_of(asked)
        after = self.control.tape.last if seq is None else seq
        await send(_start(Reply(200, (("Content-Type", "text/event-stream"), *SAFE, *request.more), b"")))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            async for part in self._hub.stream(after, lambda: self.closing or gone.done()):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

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

    def _here(self, reply: Reply, own: str) -> Reply:
        """Let the URLs of a response lead to this server."""
        led_to = partial(self._app.world.served.led_to, own)
        headers = reply.headers
        if "Location" in dict(headers):
            headers = tuple(
                (name, led_to(value.encode("latin-1")).decode("latin-1") if name == "Location" else value)
                for name, value in headers
            )
            reply = reply._replace(headers=headers)
        body = led_to(reply.body) if ("Content-Type", "application/json") in headers else reply.body
        return reply if body == reply.body else reply.with_body(body)

    async def _wait(self, delay: float, gone: asyncio.Future[None] | None = None) -> None:
        """Wait in real time for the delay of a response or an event, unless the clock stands or sleeps are skipped."""
        clock = self._app.world.clock
        if delay > 0 and not clock.frozen and self._app.world.settings.sleep == "real":
            clock.rewind(delay)
            await self._pass(delay / clock.speed, gone)

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


async def _in_thread(work: Callable[[], Reply]) -> Reply:
    """Do something in a thread of its own, as it may wait for a receiver of webhooks, which may need this event loop.

    Those who wait would fill a pool, and the end of the process would wait for threads that are no daemons.
    """
    done: Future[Reply] = Future()
    done.set_running_or_notify_cancel()  # then the end of the server cannot cancel it

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - for the event loop
            done.set_exception(error)

    Thread(target=run, name="aurous-control", daemon=True).start()
    return await asyncio.wrap_future(done)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _wants_page(headers: list[tuple[str, str]]) -> bool:
    """Whether a browser asks for a page."""
    return any(name == "accept" and "text/html" in value for name, value in headers)
