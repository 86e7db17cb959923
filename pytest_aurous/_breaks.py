"""How an answer gets lost or spoilt: what the client's stack raises, and what is left of the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from ._reply import Break, Reply

__all__ = ("GARBAGE", "GAVE_UP", "GONE", "REFUSED", "TIMEOUTS", "Garbage", "Phase", "cut_off")

Phase = Literal["connect", "read", "write", "pool"]
Garbage = Literal["truncated", "html", "empty", "not_json"]

GAVE_UP: Final = Break("ReadTimeout", "The read operation timed out.")
TIMEOUTS: Final = {
    "connect": Break("ConnectTimeout", "The connection timed out."),
    "read": GAVE_UP,
    "write": Break("WriteTimeout", "The write operation timed out."),
    "pool": Break("PoolTimeout", "No connection of the pool became free in time."),
}
GARBAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda body: body[: len(body) // 2],
    "html": lambda _: b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>",
    "empty": lambda _: b"",
    "not_json": lambda _: b"upstream connect error or disconnect/reset before headers",
}
REFUSED: Final = Break("ConnectError", "[Errno 111] Connection refused")
GONE: Final = Break("RemoteProtocolError", "Server disconnected without sending a response.")


def cut_off(after_bytes: int, reply: Reply) -> Break:
    """Let the connection break inside the body of *reply*."""
    message = "peer closed connection without sending complete message body"
    return Break("RemoteProtocolError", message, reply, after_bytes)
