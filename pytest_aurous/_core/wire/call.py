"""One request of the code under test: `Call`; what watches it, what goes wrong with it, and the secrets in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple, Protocol
from urllib.parse import parse_qsl

from ..base.arguments import Hinting
from ..base.data import in_strings, parsed
from ..base.frames import Place, Stack
from ..base.redaction import MIN_SECRET, SECRET, keys_in, redacted
from .headers import Headers, is_secret_header, sent_key
from .reply import Pairs, Reply

BY_ROUTE: Final = "overridden by a route"
"""The fault of a call to which a route of the test responds."""
BY_FAULT: Final = "ended by a fault"
BY_CLIENT: Final = "ended by the client"
KEPT_BODY: Final = 64 * 1024
"""Bytes of a body that are kept. Of a larger one it is the digest: a suite of uploads must not fill the memory."""
COMPLETE: Final = "complete"
"""How a streamed response ended that the client read to its end."""
_DIGEST: Final = b" bytes, sha256 "
_NOTHING: Final[Mapping[str, str]] = {}
_encode: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def to_json(value: object) -> bytes:
    """Write *value* as the API does: compact UTF-8. A lone surrogate becomes a question mark."""
    return _encode(value).encode(errors="replace")


class Request(NamedTuple):
    """The request part of a `Call`."""

    headers: Headers
    params: dict[str, str]
    content: bytes
    json: Any

    def __repr__(self) -> str:
        return redacted(f"Request({self.headers!r}, params={self.params!r}, content={self.content!r})")


class Response(NamedTuple):
    """The response part of a `Call`, as the client got it."""

    status: int
    headers: Headers
    content: bytes
    json: Any

    def __repr__(self) -> str:
        return redacted(f"Response({self.status}, {self.headers!r}, content={self.content!r})")


@dataclass(eq=False, repr=False, slots=True)
class Call(Hinting):
    """A request of the code under test, and its response.

    Attributes:
        operation: Name of the endpoint, such as ``characters.save``; None if no endpoint matched.
        method: The HTTP method.
        host: The host of the URL.
        path: The path as sent, without the query.
        content: The request body; after the response, the digest of a large one.
        query: The query string as sent.
        at: The fake's clock on arrival, in seconds since the epoch, as in ``aurous.clock.now().timestamp()``.
        number: 1 for the first call of the fake, in order of arrival.
        team: Id of the team of the API key, or None.
        status: The status that the client saw; None if no response arrived.
        error_code: The vendor's error code, or None.
        fault: A description of the fault that it met, or None.
        replayed: Whether the response was a stored one (``Idempotency-Key``).
        delay: Seconds on the clock by which a fault delayed it.
        patience: Seconds that the client waits for a response; None: without limit.
        committed: Whether it took effect, even if the client received no response.
        restores: How often the test had restored a snapshot before.
        streamed: Whether its response was sent event by event.
        events: How many events of a streamed response were sent.
        instants: For a trace: when each event was sent, and how many bytes had been sent then; known at the end.
        ended: How a streamed response ended, such as ``ended by the client``; empty before, and for other responses.
        stack: Its place and its callers, at most six in all, as far as the test, or the start of the thread or task;
            empty if they are not known.

    Example:
        ``aurous.calls.last.request.json["name"]``
    """

    _page = "reference/calls.html"

    method: str
    scheme: str
    host: str
    path: str
    query: str = ""
    _headers: Pairs = ()
    content: bytes = b""
    patience: float | None = None
    incoming: Mapping[str, str] = field(init=False)
    _reply: Reply | None = None
    delay: float = 0.0
    number: int = 0
    at: float = 0.0
    operation: str | None = None
    team: str | None = None
    status: int | None = None
    error_code: str | None = None
    fault: str | None = None
    replayed: bool = False
    committed: bool = False
    restores: int = 0
    stack: Stack = ()
    streamed: bool = False
    events: int = 0
    instants: tuple[tuple[float, int], ...] = ()
    ended: str = ""

    def __post_init__(self) -> None:
        # The pipeline reads the first of several headers with the same name.
        self.incoming = {name.lower(): value for name, value in reversed(self._headers)}

    def __repr__(self) -> str:
        status = self.status if self.status is not None else "no response"
        return redacted(f"<Call {self.number} {self.operation or 'unmatched'}: {self.method} {self.path} -> {status}>")

    @property
    def place(self) -> Place | None:
        """The nearest file, line and function of the code under test; None if unknown, as over `aurous_server`."""
        return self.stack[0] if self.stack else None

    @property
    def url(self) -> str:
        """The URL as sent."""
        return f"{self.scheme}://{self.host}{self.path}{'?' + self.query if self.query else ''}"

    @property
    def sent_headers(self) -> Headers:
        """The headers of the request, without a look at its body."""
        return Headers(self._headers)

    @property
    def request(self) -> Request:
        """The request: ``headers``, ``params``, ``content`` and ``json`` (parsed, or None)."""
        return Request(self.sent_headers, params_of(self), self.content, parsed(self.content))

    @property
    def response(self) -> Response | None:
        """The response: ``status``, ``headers``, ``content`` and ``json``; None if no response arrived."""
        if self._reply is None:
            return None
        status, headers, body, *_ = self._reply
        return Response(status, Headers(headers), body, parsed(body))

    def response_may_contain(self, word: bytes) -> bool:
        """Whether the response contained *word*, or may have, because only its digest was kept."""
        body = reply_to(self).body
        return word in body or is_digest(body)

    def record_response(self, reply: Reply | None, same: dict[Any, Any], *, whole: bool = False) -> None:
        """Record the response that the client saw; unless bodies are kept *whole*, replace large ones by their digests.

        Values that equal values of earlier calls, in *same*, are shared: repeated polls need little memory.
        """
        shared = same.setdefault
        line = (self.method, self.scheme, self.host, self.path)
        self.method, self.scheme, self.host, self.path = shared(line, line)
        self._headers = shared(self._headers, self._headers)
        self.stack = shared(self.stack, self.stack)
        self.incoming = _NOTHING
        content = self.content if whole else kept(self.content)
        self.content = shared(content, content)
        if reply is not None:
            self.status, headers, body = reply[:3]
            self.streamed = reply.stream is not None
            body = body if whole else kept(body)
            self._reply = Reply(self.status, tuple([shared(pair, pair) for pair in headers]), shared(body, body))

    def complete_response(self, body: bytes) -> None:
        """Record the body of a streamed response, which has ended."""
        if self._reply is not None:
            self._reply = self._reply._replace(body=body)


def params_of(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.query, keep_blank_values=True))


def reply_to(call: Call) -> Reply:
    """Return the response that the client saw, as far as it is kept; one without content if none arrived."""
    return call._reply or Reply(0, (), b"")


def stream_of(call: Call) -> str:
    """Return how many events of a streamed response were sent, and how it ended; empty for any other response."""
    if not call.streamed:
        return ""
    return f"{call.events} event{'' if call.events == 1 else 's'}, {call.ended or 'not read to its end'}"


def is_digest(body: bytes) -> bool:
    return body[:1] == b"<" and _DIGEST in body[:40]


def kept(body: bytes) -> bytes:
    if len(body) <= KEPT_BODY:
        return body
    return f"<{len(body)} bytes, sha256 {sha256(body).hexdigest()}>".encode()


class Watcher:
    """Watches a fake as long as it is in `World.watchers`. Derive from it, and override what it is to see.

    The fake calls `arrive` and `leave` once for each request, under its lock, in the order of the list. What ends
    requests is appended to the list, so that all others have seen them; everything else is inserted at its beginning.
    """

    of_bad_days: bool = False  # whether it also watches the bad days of an exploration, which are undone

    def arrive(self, call: Call) -> None:
        """See a request before anything happens; an exception ends it without effect."""

    def leave(self, call: Call) -> None:
        """See a request with its response, or after its connection has failed; an exception ends it here."""

    def resume(self, call: Call) -> None:
        """See a request go on, before the next part of its streamed response is made."""

    def sent(self, call: Call, part: bytes) -> None:
        """See a part of a streamed response, or its end, which may have no bytes."""

    def moved(self, how: str, seconds: float) -> None:
        """See the clock move by some seconds: ``advance``, ``freeze``, ``fault`` or ``sleep``."""


class Gate(Protocol):
    """Lets the requests of two workers in one after the other, before the fake sees them and without its lock."""

    def enter(self, call: Call) -> None:
        """Block this thread until it is the turn of the request."""

    async def aenter(self, call: Call) -> None:
        """Let this task wait until it is the turn of the request."""


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return JSON data in which each long enough text of *names* is replaced by its name, wherever it stands."""

    def change(text: str) -> str:
        for secret, name in names.items():
            text = text.replace(secret, name) if len(secret) >= MIN_SECRET else text
        return text

    return in_strings(change, value)


def key_of(call: Call) -> str:
    """Return the key that a request has sent, or nothing, also of a request that was recorded."""
    return sent_key({name.lower(): value for name, value in reversed(call._headers)})


def secrets_of(calls: Iterable[Call]) -> list[str]:
    """Return what *calls* sent as keys, tokens and cookies, each once, whatever form it has."""
    sent = (value for call in calls for name, value in call._headers if is_secret_header(name))
    return list(dict.fromkeys(filter(None, (value.rpartition(" ")[2] for value in sent))))


def secret_of(calls: Iterable[Call]) -> str:
    """Return the pattern of SECRET, and of the `secrets_of` *calls* in another form than the vendor's."""
    sent = (one for one in secrets_of(calls) if len(one) >= MIN_SECRET and not keys_in(one))
    return "|".join([SECRET, *map(re.escape, sent)])


def without_secrets(value: Any, calls: Iterable[Call]) -> Any:
    """Return JSON data without the `secrets_of` *calls* in another form than the vendor's, which `redacted` knows."""
    return renamed(value, {one: "(redacted)" for one in secrets_of(calls) if not keys_in(one)})


class Problem(NamedTuple):
    """A request that fails the test.

    No endpoint takes it, this package failed, the ``when`` of a fault raised, or a reply of the test does not fit it.
    """

    call: Call
    kind: Literal["unmatched", "bug", "condition", "reply"]
    trace: str = ""
