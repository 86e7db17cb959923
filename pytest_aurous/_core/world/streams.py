"""Responses that are sent event by event, as the client reads them, each at its instant of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ..wire.call import BY_CLIENT, BY_FAULT, COMPLETE, KEPT_BODY, Call
from ..wire.reply import READ_TIMEOUT, Break

if TYPE_CHECKING:
    from .world import World

T = TypeVar("T")

_QUIET: Final = 15.0
"""After these seconds without content, a comment keeps the connection alive (stream-4)."""
_KEEP_ALIVE: Final = b": keep-alive\n\n"
_CUT: Final = Break("RemoteProtocolError", "peer closed connection without sending complete message body")


class Frame(NamedTuple):
    """A part of a stream."""

    wait: float  # seconds before it
    data: bytes
    event: bool = True  # whether an event ends with it
    last: bool = False  # whether nothing follows: a client may close the connection without reading on


class Cut(NamedTuple):
    """How a fault ends a stream after some events.

    ``disconnect`` closes the connection, ``stall`` sends nothing more, ``half_event`` sends half of the next event, and
    ``ends_early`` ends the body as if it were complete. With *commit*, the server does the rest of its work first.
    """

    how: str
    after: int
    commit: bool


class EventStream:
    """The `Stream` of a response. Each `read` makes the next part, so a client that stops reading stops it.

    If its client goes before the end, *gone* is called with how it ended, and returns whether it was at work.
    """

    def __init__(self, world: World, call: Call, frames: Iterator[Frame], gone: Callable[[str], bool]) -> None:
        self.ended: str = ""  # how, in words
        self.waited: float = 0
        self.abandoned: Callable[[], object] | None = None
        self._world = world
        self._call = call
        self._frames = frames
        self._gone = gone
        self._next: Frame | None = None
        self._cut: Cut | None = None
        self._kept: list[bytes] = []
        self._size = 0
        self._instants: list[tuple[float, int]] = []
        self._hash = sha256()

    def cut(self, how: str, after: int, *, commit: bool) -> None:
        self._cut = Cut(how, after, commit)

    def sleep(self) -> bool:
        if (time := self._world.clock.shared) is not None and (due := self._due()):
            time.sleep(due)
        return time is not None

    async def asleep(self) -> bool:
        if (time := self._world.clock.shared) is not None and (due := self._due()):
            await time.asleep(due)
        return time is not None

    def read(self, *, slept: bool = False) -> bytes | Break | None:
        with self._world.lock:
            return self._watched(partial(self._read, slept=slept))

    def close(self) -> None:
        with self._world.lock:
            if not self.ended:
                self._watched(self._abandon)

    def lose(self) -> None:
        self._lose(BY_FAULT)

    def _watched(self, change: Callable[[], bytes | Break | None]) -> bytes | Break | None:
        """Let the watchers see what happens to it, as long as it goes on."""
        watchers = [] if self.ended else self._world.watchers
        for watcher in watchers:
            watcher.resume(self._call)
        part: bytes | Break | None = self._world.state.whole(self._caused, change)
        for watcher in watchers:
            watcher.sent(self._call, part if isinstance(part, bytes) else b"")
        return part

    def _caused(self, change: Callable[..., T], *args: Any) -> T:
        """Let the request have caused what happens to its response."""
        self._world.journal.resume(self._call)
        try:
            return change(*args)
        finally:
            self._world.journal.leave()

    @property
    def _broken_off(self) -> Cut | None:
        """The fault that comes next."""
        return self._cut if self._cut is not None and self._call.events >= self._cut.after else None

    def _due(self) -> float:
        """Return in how many seconds the next part comes, or the client gives up."""
        with self._world.lock:
            due: float = self._world.state.whole(self._caused, self._until_next)
            return due

    def _until_next(self) -> float:
        patience = inf if self._call.patience is None else self._call.patience
        if self.ended:
            return 0
        if (cut := self._broken_off) is not None:
            return patience if cut.how == "stall" and patience < inf else 0
        self._next = self._next or next(self._frames, None)
        return min(self._next.wait, _QUIET, patience) if self._next is not None else 0

    def _read(self, *, slept: bool) -> bytes | Break | None:
        due = self._until_next()
        wait = self.waited = 0 if slept else due
        if self.ended:
            return None
        if (cut := self._broken_off) is not None:
            return self._broken(cut, wait)
        if self._next is None:
            self._end(COMPLETE)
            return None
        if wait:
            self._world.clock.move(wait)
        if due < min(self._next.wait, _QUIET):
            self._lose("ended by a timeout of the client")
            return READ_TIMEOUT
        if self._next.wait > _QUIET:
            self._next = self._next._replace(wait=self._next.wait - _QUIET)
            return self._sent(Frame(0, _KEEP_ALIVE, event=False))
        frame, self._next = self._next, None
        return self._sent(frame)

    def _broken(self, cut: Cut, wait: float) -> bytes | Break | None:
        frame = next(self._frames, Frame(0, b"")) if cut.how == "half_event" else None
        if cut.commit:
            for _ in self._frames:
                pass
        if frame is not None:
            data = self._sent(Frame(0, frame.data[: len(frame.data) // 2], event=False))
            self._lose(BY_FAULT)
            return data
        if wait:
            self._world.clock.move(wait)
        self._lose(BY_FAULT)
        return {"stall": READ_TIMEOUT, "ends_early": None}.get(cut.how, _CUT)

    def _sent(self, frame: Frame) -> bytes:
        journal, call = self._world.journal, self._call
        call.events += frame.event
        self._size += len(frame.data)
        self._hash.update(frame.data)
        if journal.whole or self._size <= KEPT_BODY:
            self._kept.append(frame.data)
        if journal.whole and frame.event:
            self._instants.append((self._world.clock.time(), self._size))
        if frame.last:
            self._end(COMPLETE)
        return frame.data

    def _abandon(self) -> None:
        if self._lose(BY_CLIENT) and self.abandoned is not None:
            self.abandoned()

    def _lose(self, how: str) -> bool:
        """End it before its end: the server notices that the client is gone, and whether it was at work."""
        self._end(how)
        return self._gone(how)

    def _end(self, how: str) -> None:
        self.ended = self._call.ended = how
        self._call.instants = tuple(self._instants)
        body = b"".join(self._kept)
        if len(body) < self._size:
            body = f"<{self._size} bytes, sha256 {self._hash.hexdigest()}>".encode()
        self._call.complete_response(body)
