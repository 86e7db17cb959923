"""One request of the code under test: `Call`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from .._redaction import redacted
from .headers import Headers
from .reply import Pairs, Reply

__all__ = ("Call", "Request", "Response", "to_json")

_KEPT_BODY: Final = 64 * 1024
_DIGEST: Final = b" bytes, sha256 "
_NOTHING: Final[Mapping[str, str]] = {}
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: object) -> bytes:
    """Write *value* as the API does: compact UTF-8, whatever a client put into the text."""
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


class Call:
    """One request of the code under test, and what became of it.

    Attributes:
        operation: Name of the endpoint, such as ``characters.save``; None where no endpoint matched.
        method: The HTTP method.
        host: The host that it went to.
        path: The path as sent, without the query.
        query: The query string as sent.
        at: The fake's clock on arrival, in seconds since the epoch.
        number: 1 for the first call of the fake, in order of arrival.
        team: Id of the team whose key came along, or None.
        status: The status that the client saw; None where no answer arrived.
        error_code: The vendor's error code, or None.
        fault: What stood in the way of a plain answer, in words, or None.
        replayed: True where the answer was a stored one (``Idempotency-Key``).
        delay: How many seconds of the clock a fault made it slow.
        patience: How many seconds the client waits for an answer; None: for ever.
        committed: True where the call took effect, whatever the client saw of it.

    Example:
        ``aurous.calls.last.request.json["name"]``
    """

    __slots__ = (
        "_body",
        "_headers",
        "_reply",
        "at",
        "committed",
        "delay",
        "error_code",
        "fault",
        "host",
        "incoming",
        "method",
        "number",
        "operation",
        "path",
        "patience",
        "query",
        "replayed",
        "scheme",
        "status",
        "team",
    )

    def __init__(
        self,
        method: str,
        scheme: str,
        host: str,
        path: str,
        query: str = "",
        headers: Pairs = (),
        body: bytes = b"",
        patience: float | None = None,
    ) -> None:
        self.method: str = method
        self.scheme: str = scheme
        self.host: str = host
        self.path: str = path
        self.query: str = query
        self._headers = headers
        # Of a header that was sent twice, the pipeline reads the first.
        self.incoming: Mapping[str, str] = {name.lower(): value for name, value in reversed(headers)}
        self._body = body
        self.patience: float | None = patience
        self._reply: Reply | None = None
        self.delay: float = 0.0
        self.number: int = 0
        self.at: float = 0.0
        self.operation: str | None = None
        self.team: str | None = None
        self.status: int | None = None
        self.error_code: str | None = None
        self.fault: str | None = None
        self.replayed: bool = False
        self.committed: bool = False

    def __repr__(self) -> str:
        status = self.status if self.status is not None else "no answer"
        return redacted(f"<Call {self.number} {self.operation or 'unmatched'}: {self.method} {self.path} -> {status}>")

    @property
    def url(self) -> str:
        """The URL as sent."""
        return f"{self.scheme}://{self.host}{self.path}{'?' + self.query if self.query else ''}"

    @property
    def content(self) -> bytes:
        """The request body: whole while the call is handled, a digest afterwards where it was large."""
        return self._body

    @property
    def request(self) -> Request:
        """The request: ``headers``, ``params``, ``content`` and ``json`` (parsed, or None)."""
        params = dict(parse_qsl(self.query, keep_blank_values=True))
        return Request(Headers(self._headers), params, self._body, _parsed(self._body))

    @property
    def response(self) -> Response | None:
        """The response: ``status``, ``headers``, ``content`` and ``json``; None where no answer arrived."""
        if self._reply is None:
            return None
        status, headers, body = self._reply
        return Response(status, Headers(headers), body, _parsed(body))

    def answer_may_hold(self, word: bytes) -> bool:
        """Whether the answer held *word*, or held too much to be kept."""
        body = b"" if self._reply is None else self._reply.body
        return word in body or (body[:1] == b"<" and _DIGEST in body[:40])

    def answered(self, reply: Reply | None) -> None:
        """Record what the client saw, and keep of large bodies their digest only."""
        if reply is not None:
            self.status = reply.status
            self._reply = reply if len(reply.body) <= _KEPT_BODY else reply._replace(body=_digest(reply.body))
        self.incoming = _NOTHING
        if len(self._body) > _KEPT_BODY:
            self._body = _digest(self._body)

    def share(self, same: dict[Any, Any]) -> None:
        """Replace each value by the equal one in *same*, and add those that are new: repeated polls cost little memory.

        Args:
            same: The values of earlier calls, each under itself.
        """
        one = same.setdefault
        line = (self.method, self.scheme, self.host, self.path)
        self.method, self.scheme, self.host, self.path = one(line, line)
        self._headers = one(self._headers, self._headers)
        self._body = one(self._body, self._body)
        if self._reply is not None:
            status, headers, body = self._reply
            self._reply = Reply(status, tuple([one(pair, pair) for pair in headers]), one(body, body))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # ValueError also covers bytes that are not UTF-8
        return None


def _digest(body: bytes) -> bytes:
    return f"<{len(body)} bytes, sha256 {sha256(body).hexdigest()}>".encode()
