"""The journal: every call in order of arrival, and what changed meanwhile."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from ._clock import Clock, iso
from ._reply import Reply
from ._undo import Undo
from ._wire import Call

__all__ = ("WIDTH", "Journal", "Note", "line_of", "redacted", "shortened")

_LEAST: Final = 20
_KEY: Final = re.compile(r"al_(live|test)_\w+")

WIDTH: Final = 100
"""Columns of a timeline."""


class Note(NamedTuple):
    """One change.

    Attributes:
        number: Of the call during which it happened, or after which, if it was the test or the clock.
        during: Whether it was the call.
        at: The instant, in seconds since the epoch.
        text: What changed, such as ``credits 1000 -> 996``.
    """

    number: int
    during: bool
    at: float
    text: str


class Journal:
    """Where the pipeline writes, and whoever changes something."""

    __slots__ = ("_busy", "_clock", "_same", "_undo", "_waiting", "entries", "notes")

    def __init__(self, clock: Clock, undo: Undo | None = None) -> None:
        self._undo = undo or Undo()
        self.entries: list[Call] = []
        self.notes: list[Note] = []
        self._clock = clock
        self._busy: Call | None = None
        self._same: dict[Any, Any] = {}
        self._waiting: dict[Call, bool] = {}

    def arrive(self, call: Call, now: float) -> None:
        """Number a call and write it down, once, before anything is decided about it."""
        self._undo.attributes(self, "_busy")
        self._busy = call
        if call.number:
            return
        call.at = now
        self._undo.end_of(self.entries)
        self._undo.attributes(call, "number")
        self.entries.append(call)
        call.number = len(self.entries)

    def wait(self, call: Call) -> None:
        """Let a call that has arrived wait for the conditions of faults; what changes meanwhile is not its doing."""
        self._undo.item(self._waiting, call)
        self._waiting[call] = True
        self.leave()

    def withdraw(self, call: Call) -> None:
        """Remove a call that was interrupted while it waited; where others have arrived since, it stays unanswered."""
        if self._waiting.pop(call, False) and self.entries[-1] is call:
            self.entries.pop()
            call.number = 0

    def answer(self, call: Call, reply: Reply | None) -> None:
        """Record the response of *call*, or that none arrived."""
        if self._waiting:
            self._undo.item(self._waiting, call)
            self._waiting.pop(call, None)
        call.answered(reply)
        call.share(self._same)
        self.leave()

    def leave(self) -> None:
        """End the call: what changes from now on is not its doing."""
        self._busy = None

    def note(self, text: str) -> None:
        """Write down a change."""
        number = self._busy.number if self._busy is not None else len(self.entries)
        self._undo.end_of(self.notes)
        self.notes.append(Note(number, self._busy is not None, self._clock.time(), text))

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.notes.clear()
        self._same.clear()


def line_of(call: Call) -> str:
    """Return one call as one line, fit for 100 columns."""
    lost = call.status is None
    query = f"?{call.query}" if call.query else ""
    marks = " ".join(filter(None, (None if lost else call.error_code, call.fault and f"({call.fault})")))
    head = f"  {call.number:>3}  {iso(call.at)[11:19]}  {call.method:<6} "
    tail = f" -> {'no answer' if lost else call.status} {marks}".rstrip()
    room = WIDTH - len(head) - _LEAST
    tail = tail if len(tail) <= room else f"{tail[: room - 3]}..."
    return f"{head}{shortened(call.path + query, WIDTH - len(head) - len(tail))}{redacted(tail)}"


def redacted(text: str) -> str:
    """Return *text* without API keys: a real one may have got into a test."""
    return _KEY.sub(r"al_\1_...", text)


def shortened(text: str, width: int) -> str:
    """Return *text* in one line of at most *width* characters: its middle gives way, for its ends say more."""
    text = redacted("".join(letter if letter.isprintable() else "\ufffd" for letter in text))
    if len(text) <= width:
        return text
    half = (width - 3) // 2
    return f"{text[: width - 3 - half]}...{text[-half:]}"
