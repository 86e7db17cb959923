"""The `Reply` to a request, or a `Break` of its connection."""

from __future__ import annotations

from typing import NamedTuple

Pairs = tuple[tuple[str, str], ...]
"""Headers in order, as sent: names may repeat, values may be empty or contain line breaks."""


class Reply(NamedTuple):
    """A response: its status, its headers and its body."""

    status: int
    headers: Pairs
    body: bytes

    def with_body(self, body: bytes) -> Reply:
        """Return the same response with another body and the ``Content-Length`` of that body."""
        headers = tuple((name, str(len(body)) if name == "Content-Length" else value) for name, value in self.headers)
        return Reply(self.status, headers, body)


class Break(NamedTuple):
    """A failed connection: the exception that the client gets instead of a response.

    *error* is the name of an exception class of httpx and httpx2, such as ``ReadTimeout``. With a *reply* the
    connection breaks inside the body: its first *after_bytes* bytes arrive.
    """

    error: str
    message: str
    reply: Reply | None = None
    after_bytes: int = 0
