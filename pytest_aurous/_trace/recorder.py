"""Records the steps of a test while it runs: its requests, and what happened between them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import NamedTuple

from .._core.base.data import View
from .._core.wire.call import Call, Watcher
from .._core.wire.lines import Note
from .._facade import Handle, Written, difference


class RecordedStep(NamedTuple):
    """One request, or what happened since the previous request."""

    call: Call | None  # None for what happened in between
    at: float  # the clock at its end
    events: tuple[tuple[str, float], ...]  # that moved the clock in between, such as ``sleep``, with seconds
    changes: View
    notes: tuple[str, ...]  # what has happened, in words


class StepWatcher(Watcher):
    """Collects what happens to one fake beside its requests, for the step that it belongs to."""

    def __init__(self, fake: Handle) -> None:
        self.fake = fake
        self._events: list[tuple[str, float]] = []
        self._noted: Note | None = None

    def moved(self, how: str, seconds: float) -> None:
        self._events.append((how, seconds))

    def _happened(self) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...]]:
        """Return the moves of the clock and the notes since the last time.

        A `reset` forgets all notes, and calls begin at 1 again. Deliveries are in the changes, with all that is known.
        """
        notes = self.fake.journal.notes
        at = len(notes)
        if not self._events and (notes[-1] if notes else None) is self._noted:  # as at most requests
            return (), ()
        events, self._events = tuple(self._events), []
        while at and notes[at - 1] is not self._noted:
            at -= 1
        self._noted = notes[-1] if notes else None
        return events, tuple(note.text for note in notes[at:] if note.by != "delivery")


class Recorder(StepWatcher):
    """Watches one fake until `stop`; `start` is the state before the first step, and `began` its instant."""

    def __init__(self, fake: Handle) -> None:
        super().__init__(fake)
        self._written: Written = {}
        self.start: View = fake.view(self._written)
        self.began: float = fake.clock.time()
        self.steps: list[RecordedStep] = []
        self._now = self.start
        self._seen = fake.changes
        self._watching = ExitStack()
        self._watching.enter_context(fake.watched(self))
        self._watching.callback(self._between)

    def spent(self) -> float:
        """Return the credits that were spent, and that are held, by all teams."""
        teams = self.start["money"].keys() & self._now["money"].keys()
        return sum(
            (float(self.start["money"][team]["available"] - self._now["money"][team]["available"]) for team in teams),
            0.0,
        )

    def stop(self) -> None:
        """Record what happened after the last request, too."""
        self._watching.close()

    def arrive(self, call: Call) -> None:  # noqa: ARG002 - whichever it is
        self._between()

    def _between(self) -> None:
        """Record what the test, the clock and deliveries have done since the last step."""
        self.fake.runs.settle()
        if self.fake.changes == self._seen and not self._events:  # the state is as it was after the last step
            return
        before, changes, (events, notes) = self._now, self._changes(), self._happened()
        if events or notes or changes.keys() - {"buckets"}:
            self.steps.append(RecordedStep(None, self.fake.clock.time(), events, changes, notes))
        else:
            self._now = before  # buckets refill by themselves: the next step has their changes

    def leave(self, call: Call) -> None:
        changes, (events, notes) = self._changes(), self._happened()
        self.steps.append(RecordedStep(call, self.fake.clock.time(), events, changes, notes))

    def _changes(self) -> View:
        before, self._now, self._seen = self._now, self.fake.view(self._written), self.fake.changes
        return difference(before, self._now)
