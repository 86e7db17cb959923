"""The journal: every call in order of arrival, and the changes in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..base.frames import Helpers, helpers_of
from ..time.clock import Clock
from ..wire.call import Call
from ..wire.lines import Cause, Note
from ..wire.reply import Reply
from .state import Section, State


class Journal:
    """Every request, and every change, in order."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self.whole: bool = False  # whether large bodies are kept, too; else their digests
        self.dropped: int = 0  # how many of the first calls are not kept anymore
        self.restores: int = 0  # how often a snapshot was restored
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
        count = len(self.entries) - keep
        if count <= 0:
            return
        del self.entries[:count]
        rounds, self.dropped = self.dropped // keep, self.dropped + count
        while self.notes and self.notes[0].number < self.dropped:
            del self.notes[0]
        if self.dropped // keep != rounds:  # else equal values could not be shared
            self._same.clear()

    def clear(self) -> None:
        self._go_back([], [])

    def keep(self) -> Callable[[], None]:
        return partial(self._go_back, self.entries[:], self.notes[:])

    def _go_back(self, entries: list[Call], notes: list[Note]) -> None:
        self.entries[:], self.notes[:] = entries, notes
        self.dropped = entries[0].number - 1 if entries else 0
        self._same.clear()
