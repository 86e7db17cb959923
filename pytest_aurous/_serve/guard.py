"""The limits of the server, below ASGI: how many connections, how large headers, and how slow a request."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from .replies import ACCESS, refused

CONNECTIONS: Final = 1_000
HEADERS: Final = 64 * 1024
PATIENCE: Final = 30.0
"""How many seconds a request may take to arrive."""
_GRACE: Final = 1.0


class Guarded:
    """The limits, for a protocol of uvicorn: derive from both, from this first."""

    arriving: Any = None
    """While a request is awaited, what refuses it after a time."""
    headed = 0
    refused = False
    held: list[bytes] | None = None
    """While a request is read, what is to be sent: a response goes out at once, its head with its body."""
    cycle: Any
    connections: set[Any]
    loop: Any
    transport: Any

    def connection_made(self, transport: Any) -> None:
        self._now, self._end = transport.write, transport.close
        transport.write, transport.close = self._write, self._close
        super().connection_made(transport)  # type: ignore[misc]
        self._expect(arriving=True)
        if len(self.connections) > CONNECTIONS:
            self.refuse(503, f"The server has {CONNECTIONS:,} connections, and takes no more: close some.")

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        before, self.held = self.cycle, []
        super().data_received(data)  # type: ignore[misc]
        self._release()
        if self.refused:
            return
        cycle = self.cycle
        heading = cycle is before and (cycle is None or cycle.response_complete)  # still no complete headers
        self.headed = self.headed + len(data) if heading else 0
        if self.headed > HEADERS:
            self.refuse(431, f"The URL and the headers are larger than {HEADERS // 1024} KiB.")
        else:
            body = cycle is not None and cycle.more_body and not cycle.response_complete
            self._expect(arriving=heading or body)

    def _expect(self, *, arriving: bool) -> None:
        if arriving and self.arriving is None:
            late = f"The request has not arrived within {PATIENCE:g} s."
            self.arriving = self.loop.call_later(PATIENCE, self.refuse, 408, late)
        elif not arriving and self.arriving is not None:
            self.arriving.cancel()
            self.arriving = None

    def _write(self, data: bytes) -> None:
        (self._now if self.held is None else self.held.append)(data)

    def _release(self) -> None:
        held, self.held = self.held, None
        if held:
            self._now(b"".join(held))

    def _close(self) -> None:
        self._release()
        self._end()

    def send_400_response(self, _: str) -> None:
        """Refuse what cannot be parsed, instead of in plain text as uvicorn does."""
        why = f"perhaps it has no Host header, or its URL is longer than {HEADERS // 1024} KiB."
        self.refuse(400, f"This is not a valid HTTP request: {why}")

    def refuse(self, status: int, why: str) -> None:
        self.refused = True
        self._expect(arriving=False)
        if not self.transport.is_closing():
            reply = refused(status, why, page=ACCESS)
            lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in reply.headers]
            self._release()
            self.transport.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
            self.transport.write_eof()
            # Until then, what the client still sends is read: else it would get a reset instead of the refusal.
            self.loop.call_later(_GRACE, self.transport.close)
