"""The journal: every call in order of arrival, and the changes in between."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from pathlib import PurePath
from typing import Any, Final, Literal, NamedTuple

from ..base.frames import Helpers, helpers_of, shown_line
from ..base.instants import iso
from ..base.redaction import redacted, shortened
from ..base.work import current_work
from ..time.clock import Clock
from ..wire.call import Call, stream_of
from ..wire.reply import Reply
from .state import Section, State

_LEAST: Final = 20
"""Columns that a path keeps, however long the outcome is: its ends say which request it was."""
SERIES: Final = 4
"""A series of at least this many identical polls or changes is folded."""
_STATUS: Final = re.compile(rb'"status":\s*"([^"]*)"')

WIDTH: Final = 100
"""Columns of a timeline."""
NARROW: Final = 80
"""Columns of sentences, which are wrapped, in a timeline."""

Cause = Literal["call", "test", "clock", "delivery"]


class Note(NamedTuple):
    """One change, such as ``char_...: new, ready`` or ``credits 1000 -> 996``.

    Attributes:
        number: The number of the call that caused it, or else of the last call before it.
        by: What caused it.
        at: The clock, in epoch seconds.
        text: What changed.
    """

    number: int
    by: Cause
    at: float
    text: str

    @property
    def during(self) -> bool:
        """Whether a call caused it."""
        return self.by == "call"

    @property
    def change(self) -> str:
        """The text without the name of the record or delivery that changed."""
        return self.text.partition(": ")[2] or self.text


class Journal:
    """Every request, and every change, in order.

    Attributes:
        dropped: How many of the first calls are not kept anymore.
        whole: Whether large bodies are kept, too; else their digests.
        restores: How often a snapshot was restored.
    """

    __slots__ = ("_busy", "_clock", "_same", "_state", "_waiting", "dropped", "entries", "notes", "restores", "whole")

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self.whole: bool = False
        self.dropped: int = 0
        self.restores: int = 0
        self.entries: list[Call] = []
        self.notes: list[Note] = []
        self._clock = clock
        self._busy: Call | None = None
        self._same: dict[Any, Any] = {}
        self._waiting: Section[Call, bool] = Section(state.undo)

    def arrive(self, call: Call, now: float) -> None:
        """Number a call and record it, once, before anything is decided about it."""
        self._state.undo.note(self._undo_arrival, call, call.number, len(self.entries), self._busy)
        self._busy = call
        if not call.number:
            call.at, call.restores = now, self.restores
            self.entries.append(call)
            call.number = self.dropped + len(self.entries)

    def _undo_arrival(self, call: Call, number: int, count: int, busy: Call | None) -> None:
        call.number, self._busy = number, busy
        del self.entries[count:]

    def wait(self, call: Call) -> None:
        """Let a call that has arrived wait for the conditions of faults; it does not cause what changes meanwhile."""
        self._waiting[call] = True
        self.leave()

    def withdraw(self, call: Call) -> None:
        """Remove a call that was interrupted while it waited; if others have arrived since, it has no response."""
        if self._waiting.take(call) and self.entries[-1] is call:
            self.entries.pop()
            call.number = 0

    def respond(self, call: Call, reply: Reply | None) -> None:
        """Record the response of *call*, or that none arrived."""
        self._waiting.take(call)
        call.record_response(reply, self._same, whole=self.whole)
        self.leave()

    def resume(self, call: Call) -> None:
        """Let a call whose response is a stream cause what changes, until `leave`."""
        self._busy = call

    def leave(self) -> None:
        """End the call: it does not cause what changes from now on."""
        self._busy = None

    def note(self, text: str, by: Cause | None = None) -> None:
        """Record a change. By default, the call that is under way has caused it, or else the test."""
        number = self._busy.number if self._busy is not None else self.dropped + len(self.entries)
        cause = by or ("test" if self._busy is None else "call")
        self._state.append(self.notes, Note(number, cause, self._clock.time(), text))

    @property
    def helpers(self) -> Helpers:
        """The places that send requests for others; for `shown_line`."""
        return helpers_of((call.stack, call.operation) for call in self.entries)

    def forget(self, keep: int) -> None:
        """Forget all calls but the last ones, and the notes before them."""
        count = max(0, len(self.entries) - keep)
        del self.entries[:count]
        self.dropped += count
        self.notes[:] = [note for note in self.notes if note.number >= self.dropped]
        self._same.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._go_back([], [])

    def keep(self) -> Callable[[], None]:
        """Return a function that goes back to the calls and notes of this moment."""
        return partial(self._go_back, self.entries[:], self.notes[:])

    def _go_back(self, entries: list[Call], notes: list[Note]) -> None:
        self.entries[:], self.notes[:] = entries, notes
        self.dropped = entries[0].number - 1 if entries else 0
        self._same.clear()


def shown_call(call: Call, helpers: Helpers) -> str:
    """Return one call as a line of at most 100 columns.

    Its operation gets a second line if it does not fit, and its place a line if that is not the file of the test.
    """
    lost = call.status is None
    query = f"?{call.query}" if call.query else ""
    about = None if lost else call.error_code or stream_of(call)
    marks = " ".join(filter(None, (about, call.fault and f"({call.fault})")))
    head, verb = f"  {call.number:>3}  {iso(call.at)[11:19]}  ", f"{call.method:<6} "
    tail = redacted(f" -> {'no response' if lost else call.status} {marks}".rstrip())
    left = WIDTH - len(head + verb) - min(_LEAST, len(call.path + query))
    tail = tail if len(tail) <= left else f"{tail[: left - 3]}..."
    operation, below = f"{call.operation}  " if call.operation else "", ""
    if len(operation) + len(tail) > left:
        operation, below = "", f"\n       {call.operation}"
    head += operation + verb
    return f"{head}{shortened(call.path + query, WIDTH - len(head) - len(tail))}{tail}{below}{_place_of(call, helpers)}"


def _place_of(call: Call, helpers: Helpers) -> str:
    """Return the line below a call that says where it was sent; empty if the test did, or if it is not known."""
    if call.place is None:
        return ""
    work = current_work()
    test = work.test.partition("::")[0] if work is not None else ""
    if test and PurePath(call.place[0]).as_posix().endswith(f"/{test}"):
        return ""
    return f"\n       at {shortened(shown_line(call.stack, helpers), WIDTH - 10)}"


def folded(
    calls: Iterable[Call], alone: Callable[[Call], bool] = lambda call: call.method != "GET"
) -> list[Call | str]:
    """Return the calls, and of each series of identical ones the first, one line such as ``x 12, 45 s``, and the last.

    A call that needs its own line stands *alone*: it belongs to no series. By default, only polls are folded.
    """
    items: list[Call | str] = []
    for _, group in groupby(calls, lambda call: (call.number * alone(call), *_seen(call))):
        series = list(group)
        if len(series) < SERIES:
            items += series
        else:
            took = round(series[-1].at - series[0].at, 3)
            items += [series[0], f"       x {len(series)}, {took:g} s", series[-1]]
    return items


def _seen(call: Call) -> tuple[object, ...]:
    """Return what identical calls have in common: the request, and what the client saw of the response."""
    response = call.response
    shown = _STATUS.findall(response.content) if response is not None else None
    sent = call.method, call.path, call.query, call.content, call.sent_headers.get("idempotency-key")
    return *sent, call.status, call.error_code, call.fault, str(shown)
