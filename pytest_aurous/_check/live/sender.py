"""Requests to the real API, at the pace that it allows: the only module that sends any, and waits for its clock.

None of them can create, change or cost anything.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from http import HTTPStatus
from math import ceil
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

import httpx

from ..._core.base.errors import AurousError, see
from ..._core.base.redaction import redacted
from ..._core.wire.exchange import Exchange
from ..._core.wire.reply import Pairs
from ..recording.read import PICTURES

_MORE: Final = see("reference/check.html#probes-of-the-real-api")
_READS: Final = re.compile(r"GET /v1(?:/[A-Za-z0-9_-]+)+|POST /v1/(?:images|videos)/estimate")
"""Method and path of what cannot create, change or cost anything."""
_PATIENCE: Final = 30.0
_WHOLE: Final = 30.0
"""The most seconds for a response as a whole; `_PATIENCE` is that for each read of it."""
_PAUSE: Final = 0.1
"""Seconds until Ctrl-C is noticed: on Windows, it does not interrupt a wait, but follows it."""
_MOST_BYTES: Final = 8 * 1024 * 1024
_LONGEST_WAIT: Final = 60.0
"""Nobody waits longer than this for a token."""
_RESERVE: Final = 10
"""A tenth of each bucket is left to the other clients of the team."""
_EPOCH: Final = 10**9
"""A smaller number of seconds is a span, and no instant."""
OWN_KEY: Final = "key-1"
"""The name of the key of the check, wherever it would be seen."""


class Sender:
    """Sends requests to one host, with the *key* of the check or another one. It follows no redirect.

    Attributes:
        late: Whether a response has not arrived in time.
    """

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._key = key
        self.late = False
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers={
                    "X-Api-Key": key,
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",  # httpx would decompress any amount at once
                    "User-Agent": "pytest-aurous check --live",
                },
                timeout=_PATIENCE,
                follow_redirects=False,
            )
        except (ImportError, ValueError, OSError) as error:
            raise AurousError(
                f"check --live: the settings of the environment for proxies and certificates cannot be used "
                f"({type(error).__name__}).\n{_MORE}"
            ) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: str) -> Exchange:
        """Send a request, unless it could do more than read; a header of all requests that is empty here is left out.

        Returns:
            The exchange, without the key; its body is None if it was not read: a picture, or over a limit.

        Raises:
            AurousError: If it could do more than read.
        """
        request_line = f"{method} {target.partition('?')[0]}"
        if not _READS.fullmatch(request_line):
            raise AurousError(
                f"check --live does not send {request_line}: it sends GET requests and estimates.\n{_MORE}"
            )
        kind = {"Content-Type": "application/json"} if body else {}
        request = self._client.build_request(method, target, headers={**kind, **headers}, content=body.encode() or None)
        for name in [name for name, value in request.headers.items() if not value]:
            del request.headers[name]
        sent = Exchange(0, method, f"{self._base_url}{target}", self._pairs(request.headers), body.encode())
        arrived: SimpleQueue[Exchange] = SimpleQueue()
        # A response may arrive byte by byte for hours, and only another thread can stop waiting for it.
        Thread(target=lambda: arrived.put(self._response(request, sent)), daemon=True).start()
        for _ in range(ceil(_WHOLE / _PAUSE)):
            with suppress(Empty):
                return arrived.get(timeout=_PAUSE)
        self.late = True
        return replace(sent, why=f"no complete response within {_WHOLE:.0f} s")

    def _response(self, request: httpx.Request, sent: Exchange) -> Exchange:
        """Send a request, and return it with its response, or with the reason why there is none."""
        try:
            with closing(self._client.send(request, stream=True)) as response:
                body, why = self._read(response)
        except Exception as error:  # noqa: BLE001 - the command has to go on, whatever httpx raises in this thread
            self.late = self.late or isinstance(error, httpx.TimeoutException)
            return replace(sent, why=redacted(_reason(error)))
        headers = self._pairs(response.headers)
        return replace(sent, status=response.status_code, response_headers=headers, body=body, why=why)

    def _read(self, response: httpx.Response) -> tuple[bytes | None, str]:
        """Return the body without the key, which a client may print; else None, and why it is over a limit."""
        if response.headers.get("content-type", "").startswith(PICTURES):
            return None, ""
        coding = response.headers.get("content-encoding", "identity")
        if coding != "identity":
            return None, f"it is compressed ({coding}), although it must not be"
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > _MOST_BYTES:
                return None, f"it is larger than {_MOST_BYTES // 1024 // 1024} MB"
        return bytes(body).replace(self._key.encode(), OWN_KEY.encode()), ""

    def _pairs(self, headers: httpx.Headers) -> Pairs:
        pairs = ((name, value.replace(self._key, OWN_KEY)) for name, value in headers.multi_items())
        return tuple(pair for pair in pairs if pair[0] != "host")


def _reason(error: Exception) -> str:
    """Return why there is no response."""
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return f"no response within {_PATIENCE:.0f} s"
    if "certificate" in text.lower() or "ssl" in text.lower():
        return f"no trusted connection (TLS): {text}"
    kinds: dict[type[Exception], str] = {httpx.ProxyError: "the proxy refused", httpx.ConnectError: "no connection"}
    return f"{kinds.get(type(error), 'the connection broke')}: {text}"


class Stopped(Exception):  # noqa: N818 - it names what happened
    """No other request follows; the message says why."""


class Pace:
    """Waits before a request while its bucket is nearly empty; *notice* is told for how many seconds."""

    def __init__(self, notice: Callable[[float], object]) -> None:
        self._notice = notice
        self._next: dict[str, float] = {}

    def wait(self, bucket: str) -> float:
        """Wait until *bucket* has a token, and return the time in epoch seconds.

        Raises:
            Stopped: If that takes more than a minute.
        """
        seconds = self._next.get(bucket, 0.0) - time.time()
        if seconds > _LONGEST_WAIT:
            raise Stopped(f"the API limits this team for another {seconds:.0f} s")
        if seconds > 0:
            self._notice(seconds)
            time.sleep(seconds)
        return time.time()

    def learn(self, bucket: str, sent: Exchange) -> None:
        """Learn from a response when the next request may be sent."""
        numbers = {name: int(text) for name, text in sent.received.items() if text.isascii() and text.isdecimal()}
        left, limit, reset = (numbers.get(f"x-ratelimit-{name}") for name in ("remaining", "limit", "reset"))
        now = time.time()
        theirs = now if sent.dated is None else sent.dated  # this machine's clock may be wrong
        full = 0.0 if reset is None else reset - theirs if reset > _EPOCH else reset
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._next[bucket] = now + (numbers.get("retry-after") or max(full, 1.0))
        elif left is not None and limit is not None and left * _RESERVE < limit:
            self._next[bucket] = now + max(full, 0.0) / (limit - left)
