"""The fake as an ASGI application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from threading import Thread
from traceback import format_exc
from types import MethodType
from typing import Any, Final
from urllib.parse import parse_qsl

from .._core.base.data import as_object, parsed
from .._core.base.errors import AurousError
from .._core.base.redaction import redacted, shortened
from .._core.wire.call import Call
from .._core.wire.headers import replaced
from .._core.wire.reply import Break, Reply, Stream
from .._fake.aurous import Aurous
from .access import Headers, HttpRequest, mark_of, refuse_control, refuse_host, refuse_token, sent_marks
from .actions import not_kept
from .arguments import read_query
from .control import Control
from .guard import HEADERS
from .live import Hub
from .reads import READS, found_calls
from .replies import ACCESS, CONTROL, SAFE, json_reply, page, refused, viewer_file
from .sending import home_of
from .tape import KEEP

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Gone = asyncio.Future[None]

_MOST_BYTES: Final = 16 * 1024 * 1024
_HANG: Final = 60.0
"""How many seconds a client without a timeout waits for a response that does not come."""
_LONG: Final = frozenset(
    {"webhooks.flush", "session.py", "state", "calls", "calls.har", "log", "unmatched", "coverage", "export"}
    | {"trace", "steps", "search", "present", "completions", "pitfalls", "deliveries"}
)
"""The control requests that wait for receivers of webhooks, or walk all calls: other requests do not wait for them."""
_JSON: Final = ("Content-Type", "application/json")


class AsgiApp:
    """One fake over HTTP. URLs in its responses lead back to it, under the host name that the client used.

    Args:
        remote: Whether clients may use any name of the host.
        token: What control requests must have; None: nothing.
    """

    def __init__(self, aurous: Aurous, *, remote: bool = False, token: str | None = None, keep: int = KEEP) -> None:
        self._token = token
        self._refused = lru_cache(partial(refuse_host, remote=remote))
        self.control = Control(aurous, keep)
        self._fake = self.control.fake
        if token is not None:
            self.control.curl = 'curl -H "Authorization: Bearer $AUROUS_CONTROL_TOKEN"'
        self._hub = Hub(self.control)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Respond to one request; our server sends nothing else. A mistake of our own is 500, and said here."""
        try:
            await self._respond(scope, receive, send)
        except Exception:
            print(redacted(f"pytest-aurous: {format_exc()}"), file=sys.stderr)  # noqa: T201 - uvicorn logs nothing
            raise

    async def _respond(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["http_version"] == "1.0":
            send = MethodType(_send_whole, send.__self__)  # type: ignore[attr-defined]  # uvicorn's
        request = await self._arrived(scope, receive)
        if isinstance(request, Reply):  # nobody reads it if the client has disconnected before the end of the body
            await _write(send, request)
            return
        method, path, query, headers, body, own = request
        if path.startswith(CONTROL) or (path == "/" and method == "GET" and _wants_page(headers)):
            await self._controlled(request, receive, send)
            return
        home = home_of(self._fake, path)
        call = Call(method, home[0], home[1], home[2] + path, query, headers, body)
        if (gate := self._fake.gate) is not None:
            await gate.aenter(call)
        outcome = self._fake.respond(call)
        if isinstance(outcome, Reply):
            outcome = outcome if outcome.stream is not None else self._here(outcome, own)
            if outcome.stream is None and not call.delay:
                await _write(send, outcome)
                return
        with _watching(receive) as gone:
            await self._wait(call.delay, gone)
            if isinstance(outcome, Break):
                await self._break(outcome, gone, send)
            elif outcome.stream is not None:
                await self._stream(outcome, outcome.stream, gone, send)
            else:
                await _write(send, outcome)

    async def _arrived(self, scope: Message, receive: Receive) -> HttpRequest | Reply:
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs])
        hosts = tuple([value for name, value in headers if name == "host"])
        if (wrong := self._refused(hosts, scope["http_version"] == "1.1")) is not None:
            return wrong
        path: str = scope["raw_path"].decode("latin-1")
        if len(path) + sum([len(name) + len(value) for name, value in pairs]) > HEADERS:
            return refused(431, f"The URL and the headers are larger than {HEADERS // 1024} KiB.", page=ACCESS)
        method: str = scope["method"]
        fields = dict(headers)
        bare = method == "GET" and "content-length" not in fields and "transfer-encoding" not in fields
        body = b"" if bare else await _read(receive)
        if body is None:
            why = f"The body is larger than {_MOST_BYTES // 1024**2} MiB."
            if path.startswith(CONTROL):
                return refused(413, why, page=ACCESS)
            return json_reply(413, {"error": {"type": "invalid_request", "code": "value_out_of_range", "message": why}})
        host = "".join(hosts) or "{}:{}".format(*scope["server"])  # at most one
        query = scope["query_string"].decode("latin-1")
        return HttpRequest(method, path, query, headers, body, f"http://{host}")

    async def _controlled(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        if request.method == "HEAD":  # uvicorn leaves out the body
            request = request._replace(method="GET")
        method, path, query, _, body, own = request
        name = path.removeprefix(CONTROL).strip("/")
        reply = self._shown(request, name) or refuse_control(request) or self._login(request, name)
        if reply is None and name == "events" and method == "GET":
            await self._events(request, receive, send)
            return
        if reply is None and name == "calls" and method == "GET":
            reply = await self._awaited(query, receive)
        if reply is None:
            self.control.url = own
            work = partial(self.control.respond, method, path, body, query)
            reply = await _in_thread(work) if name in _LONG else work()
            reply = self._here(reply, own) if name == "state" or name.endswith(".add") else reply
        await _write(send, reply._replace(headers=(*reply.headers, *SAFE)))

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

    def _login(self, request: HttpRequest, name: str) -> Reply | None:
        """Return the refusal of a control request without the token, a cookie for a page that sends it, or None."""
        cookie = f"aurous_control_{request.own.rpartition(':')[2].strip('/')}"
        if (name, request.method) != ("login", "POST"):
            return None if name == "health" else refuse_token(sent_marks(request.headers, cookie), self._token)
        mark = mark_of(str(as_object(parsed(request.body)).get("token", "")).encode(errors="replace"))
        value = f"{cookie}={mark}; HttpOnly; SameSite=Strict; Path={CONTROL}"
        reply = json_reply(200, {"ok": True})
        return refuse_token([mark], self._token) or reply._replace(headers=(*reply.headers, ("Set-Cookie", value)))

    async def _awaited(self, query: str, receive: Receive) -> Reply | None:
        """Wait in real time for calls, if the query says so; return the refusal if they do not come, or None."""
        with _watching(receive) as gone, suppress(AurousError):  # the response to the request says what is wrong
            asked = read_query("calls", dict(parse_qsl(query)), READS["calls"].takes)
            wanted = asked.get("at_least", 1 if "wait" in asked else 0)
            seconds = asked.pop("wait", 0)
            loop = asyncio.get_running_loop()
            until = loop.time() + seconds
            while (count := len(found_calls(self.control, **asked))) < wanted:
                if (left := until - loop.time()) <= 0 or gone.done():
                    return refused(408, self._missed(count, wanted, seconds, **asked))
                await self._hub.step(min(left, 1.0))
        return None

    def _missed(self, count: int, wanted: int, seconds: float, operation: str = "any operation", **_: Any) -> str:
        aurous = self.control.aurous
        last = list(aurous.calls)[-5:]
        others = ", ".join([call.operation or f"{call.method} {shortened(call.path, 60)} (unmatched)" for call in last])
        told = f"Within {seconds:g} s, {count} of {wanted} calls of {operation} have arrived."
        return f"{told} The last calls of all: {others or 'none'}. {not_kept(aurous)}".rstrip()

    async def _events(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        """Send the steps of the tape as server-sent events, until the client has closed the connection."""
        sent = dict(request.headers)
        asked = sent.get("last-event-id") or dict(parse_qsl(request.query)).get("after", "")
        # No tape has that many steps, and Python refuses to parse a number with thousands of digits.
        after = int(asked) if asked.isdecimal() and len(asked) < 16 else self.control.tape.last  # noqa: PLR2004
        await send(_start(Reply(200, (("Content-Type", "text/event-stream"), *SAFE), b"")))
        with _watching(receive) as gone:
            async for part in self._hub.stream(after, gone.done, sent.get("user-agent", "")):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _stream(self, reply: Reply, events: Stream, gone: Gone, send: Send) -> None:
        """Send a response event by event, until it ends or the client has closed the connection."""
        await send(_start(reply))
        try:
            while not gone.done():
                part = events.read()
                await self._wait(events.waited, gone)
                if isinstance(part, Break):
                    await self._break(part, gone, send)
                    return
                await send({"type": "http.response.body", "body": part or b"", "more_body": part is not None})
                if part is None:
                    return
                await asyncio.sleep(0)  # else nobody notices that the client has gone
        finally:
            events.close()

    def _here(self, reply: Reply, own: str) -> Reply:
        """Let the URLs of a response lead to this server."""
        led_to = self._fake.led_to
        if (where := dict(reply.headers).get("Location")) is not None:
            where = led_to(own, where.encode("latin-1")).decode("latin-1")
            reply = reply._replace(headers=replaced(reply.headers, (("Location", where),)))
        body = led_to(own, reply.body) if _JSON in reply.headers else reply.body
        return reply if body == reply.body else reply.with_body(body)

    async def _wait(self, delay: float, gone: Gone) -> None:
        """Wait in real time for the delay of a response or an event, unless the clock stands or sleeps are skipped."""
        clock = self._fake.clock
        if delay > 0 and not clock.frozen and self._fake.settings.sleep == "real":
            clock.undo_move(delay)
            await asyncio.wait([gone], timeout=delay / clock.speed)

    async def _break(self, outcome: Break, gone: Gone, send: Send) -> None:
        """Close the connection inside a body, or instead of a response, which may never come."""
        if outcome.reply is not None:
            await send(_start(outcome.reply))
            body = outcome.reply.body[: outcome.after_bytes]
            await send({"type": "http.response.body", "body": body, "more_body": True})
        if "Timeout" in outcome.error:
            await asyncio.wait([gone], timeout=_HANG)
        cycle: Any = send.__self__  # type: ignore[attr-defined]  # uvicorn's: ASGI itself cannot close a connection
        cycle.disconnected = True
        cycle.transport.close()


async def _read(receive: Receive) -> bytes | None:
    """Return the body, or None if it is larger than the API accepts, or has no end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= _MOST_BYTES:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body) if len(body) <= _MOST_BYTES else None


async def _write(send: Send, reply: Reply) -> None:
    await send(_start(reply))
    await send({"type": "http.response.body", "body": reply.body})


async def _send_whole(cycle: Any, message: Message) -> None:
    """Send to a client of HTTP/1.0, which knows no chunks, and for which the end of the connection ends a response.

    uvicorn does that itself with h11, and sends chunks with httptools.
    """
    cycle.chunked_encoding = cycle.keep_alive = False
    cycle.expected_content_length = len(message.get("body", b""))
    await cycle.send(message)


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


@contextmanager
def _watching(receive: Receive) -> Generator[Gone, None, None]:
    """Yield what is done when the client has closed the connection."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    gone = asyncio.ensure_future(watch())
    try:
        yield gone
    finally:
        gone.cancel()


def _wants_page(headers: Headers) -> bool:
    return any(name == "accept" and "text/html" in value for name, value in headers)
