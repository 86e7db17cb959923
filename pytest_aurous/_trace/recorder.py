"""Records the steps of a test while it runs: its requests, and what happened between them."""

from __future__ import annotations

from typing import NamedTuple

from .._core.base.data import View
from .._core.wire.call import Call, Watcher
from .._core.wire.lines import Note
from .._facade import App, StateReader, difference


class RecordedStep(NamedTuple):
    """One request, or what happened since the previous request.

    Attributes:
        call: The request; None for what happened in between.
        at: The clock at its end, in epoch seconds.
        events: What moved the clock in between: ``sleep``, ``advance``, ``freeze``, or ``fault``, with seconds.
        changes: What has changed in the fake.
        notes: What has happened, in words.
    """

    call: Call | None
    at: float
    events: tuple[tuple[str, float], ...]
    changes: View
    notes: tuple[str, ...]


class StepWatcher(Watcher):
    """Collects what happens to one fake beside its requests, for the step that it belongs to."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._events: list[tuple[str, float]] = []
        self._noted: Note | None = None

    def moved(self, how: str, seconds: float) -> None:
        """Note a move of the clock."""
        self._events.append((how, seconds))

    def _happened(self) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...]]:
        """Return the moves of the clock and the notes since the last time.

        A `reset` forgets all notes, and calls begin at 1 again. Deliveries are in the changes, with all that is known.
        """
        notes = self.app.world.journal.notes
        at = len(notes)
        if not self._events and (notes[-1] if notes else None) is self._noted:  # as at most requests
            return (), ()
        events, self._events = tuple(self._events), []
        while at and notes[at - 1] is not self._noted:
            at -= 1
        self._noted = notes[-1] if notes else None
        return events, tuple(note.text for note in notes[at:] if note.by != "delivery")


class Recorder(StepWatcher):
    """Watches one fake; `start` is the state before the first step, and `began` its instant.

    Args:
        app: The fake. It is watched until `stop`.
    """

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._reader = StateReader()
        self.start: View = self._reader.read(app)
        self.began: float = app.world.clock.time()
        self.steps: list[RecordedStep] = []
        self._now = self.start
        self._undo = app.world.state.undo
        self._seen = self._undo.changes
        app.world.watchers.insert(0, self)

    def spent(self) -> float:
        """Return the credits that were spent, and that are held, by all teams."""
        teams = self.start["money"].keys() & self._now["money"].keys()
        return sum(
            (float(self.start["money"][team]["available"] - self._now["money"][team]["available"]) for team in teams),
            0.0,
        )

    def stop(self) -> None:
        """Record what happened after the last request, and watch no longer."""
        watchers = self.app.world.watchers
        if self in watchers:
            self._between()
            watchers.remove(self)

    def arrive(self, call: Call) -> None:  # noqa: ARG002 - whichever it is
        """Record what happened before a request."""
        self._between()

    def _between(self) -> None:
        """Record what the test, the clock and deliveries have done since the last step."""
        self.app.world.runs.settle()
        if self._undo.changes == self._seen and not self._events:  # the state is as it was after the last step
            return
        before, changes, (events, notes) = self._now, self._changes(), self._happened()
        if events or notes or changes.keys() - {"buckets"}:
            self.steps.append(RecordedStep(None, self.app.world.clock.time(), events, changes, notes))
        else:
            self._now = before  # buckets refill by themselves: the next step has their changes

    def leave(self, call: Call) -> None:
        """Record a request."""
        changes, (events, notes) = self._changes(), self._happened()
        self.steps.append(RecordedStep(call, self.app.world.clock.time(), events, changes, notes))

    def _changes(self) -> View:
        before, self._now, self._seen = self._now, self._reader.read(self.app), self._undo.changes
        return difference(before, self._now)
