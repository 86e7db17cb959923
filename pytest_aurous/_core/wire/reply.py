"""The `Reply` to a request, or a `Break` of its connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

Pairs = tuple[tuple[str, str], ...]
"""Headers in order, as sent: names may repeat, values may be empty or contain line breaks."""


class Stream(Protocol):
    """The body of a response that is sent event by event.

    Attributes:
        waited: How many seconds of the clock passed before the last part.
        abandoned: Called if the client closes it while it is being made.
    """

    waited: float
    abandoned: Callable[[], object] | None

    def sleep(self) -> bool:
        """Let this thread sleep until the next part is due, if sleeps are skipped; return whether they are."""
        raise NotImplementedError

    async def asleep(self) -> bool:
        """Do the same for this task."""
        raise NotImplementedError

    def read(self, *, slept: bool = False) -> bytes | Break | None:
        """Return the next part, what breaks the connection, or None at the end; the clock moves until it is due.

        If its client has *slept* until then, the clock has moved already.
        """

    def close(self) -> None:
        """End it: the client has closed the connection, or has read everything."""

    def lose(self) -> None:
        """End it: a fault has lost the response."""

    def cut(self, how: str, after: int, *, commit: bool) -> None:
        """Let a fault end it after that many events: ``disconnect``, ``stall``, ``half_event`` or ``ends_early``.

        With *commit*, the server does the rest of its work first.
        """


class Reply(NamedTuple):
    """A response: its status, its headers and its body, which a *stream* may send; after *delay* seconds."""

    status: int
    headers: Pairs
    body: bytes
    stream: Stream | None = None
    delay: float = 0

    def with_body(self, body: bytes) -> Reply:
        """Return the same response with another body and the ``Content-Length`` of that body."""
        length = str(len(body))
        headers = [(name, length if name == "Content-Length" else value) for name, value in self.headers]
        return Reply(self.status, tuple(headers), body, None, self.delay)


class Break(NamedTuple):
    """A failed connection: the exception that the client gets instead of a response.

    *error* is the name of an exception class of httpx and httpx2, such as ``ReadTimeout``. With a *reply* the
    connection breaks inside the body: its first *after_bytes* bytes arrive.
    """

    error: str
    message: str
    reply: Reply | None = None
    after_bytes: int = 0


class Delayed(NamedTuple):
    """A request that is in flight for some seconds.

    Then *go_on* takes whether its client waits on: True if it is *patient* and has not given up meanwhile.
    """

    seconds: float
    patient: bool
    go_on: Callable[[bool], Reply | Break | Delayed]


UNSERVED: Final = Reply(0, (), b"")
"""Stands for the response to a request that is served after its delay."""
CONNECTION_REFUSED: Final = Break("ConnectError", "[Errno 111] Connection refused")
CLOSED: Final = Break("RemoteProtocolError", "Server disconnected without sending a response.")
READ_TIMEOUT: Final = Break("ReadTimeout", "The read operation timed out.")
