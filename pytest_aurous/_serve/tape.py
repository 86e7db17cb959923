"""The last requests and actions of a fake, each with what it has changed, cheaply: what nobody reads is not written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from .._core.base.data import View
from .._core.wire.call import Call, Watcher
from .._core.world.state import ABSENT, Section, put
from .._core.world.tables import Table
from .._report.state import GONE, Written, frozen, gone, view_of

if TYPE_CHECKING:
    from .._fake.aurous import Aurous
    from .actions import Action

KEEP: Final = 10_000
_INSERT: Final = cast("Any", Table)._insert
Change = tuple[str, Any, Any, Any]
"""A section of the state, a key in it, and the values before and after."""


class Taped(NamedTuple):
    """One request, one action, or what happened in between.

    Attributes:
        seq: Its number, which no reset begins anew.
        call: The request; None for anything else.
        action: The action that caused it; None for anything else.
        began: The clock before it, in epoch seconds.
        at: The clock after it.
        events: What moved the clock before it.
        changes: What has changed in the state.
        notes: What has happened, in words.
    """

    seq: int
    call: Call | None
    action: Action | None
    began: float
    at: float
    events: tuple[tuple[str, float], ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


class Tape(Watcher):
    """Watches one fake, and keeps its last steps.

    Args:
        aurous: The fake.
        keep: How many steps and requests to keep.

    Attributes:
        last: The number of the last step.
        loaded: The actions that made the state of the start, before the first step and after each reset.
        on_step: What is called after each step, under the lock of the fake.
    """

    def __init__(self, aurous: Aurous, keep: int = KEEP) -> None:
        self.app = aurous._session.app
        self.keep = keep
        self.last = 0
        self.loaded: list[Action] = []
        self.on_step: list[Callable[[Taped], object]] = []
        self.steps: deque[Taped] = deque(maxlen=keep)
        self._world = self.app.world
        self._undo = self._world.state.undo
        self._events: list[tuple[str, float]] = []
        self._noted: Any = None
        self._known: dict[str, dict[Any, Any]] = {}
        with self._world.lock:
            self.began = self._world.clock.time()
            self._names = {id(section): name for name, section in self._world.state.sections()}
            self._compare()
            self._seen = self._undo.changes
            self._world.watchers.insert(0, self)
            self._undo.keeps = True

    @property
    def dropped(self) -> int:
        """How many steps there were that are not kept."""
        return self.last - len(self.steps)

    def stop(self) -> None:
        """Watch no longer."""
        with self._world.lock:
            if self in self._world.watchers:
                self._world.watchers.remove(self)
                self._undo.keeps = any(isinstance(one, Tape) for one in self._world.watchers)

    def arrive(self, call: Call) -> None:  # noqa: ARG002 - whichever it is
        """Record what happened before a request."""
        if self._undo.changes != self._seen or self._events:
            self.note(None)

    def leave(self, call: Call) -> None:
        """Record a request."""
        changes: dict[tuple[int, Any], Change] = {}
        for step, args in self._undo.done:
            if step is put:
                self._put(changes, *args)
            elif getattr(step, "__func__", None) is _INSERT:  # it was retired
                self._retired(changes, args[1])
        self._add(call, None, call.at, tuple(changes.values()))
        journal = self._world.journal
        if len(journal.entries) > self.keep + (self.keep >> 3) + 16:
            journal.forget(self.keep)

    def moved(self, how: str, seconds: float) -> None:
        """Note a move of the clock, for the step that it belongs to."""
        self._events.append((how, seconds))

    def note(self, action: Action | None, began: float | None = None) -> Taped | None:
        """Record what has happened since the last step, without a request."""
        with self._world.lock:
            self._world.runs.settle()
            changes = tuple(self._compare())
            if action is None and not self._events and all(change[0] == "buckets" for change in changes):
                self._seen = self._undo.changes
                return None
            return self._add(None, action, self._world.clock.time() if began is None else began, changes)

    def _add(self, call: Call | None, action: Action | None, began: float, changes: tuple[Change, ...]) -> Taped:
        events, notes = tuple(self._events), self._notes()
        self._events.clear()
        self._seen = self._undo.changes
        self.last += 1
        step = Taped(self.last, call, action, began, self._world.clock.time(), events, changes, notes)
        self.steps.append(step)
        for call_back in self.on_step:
            call_back(step)
        return step

    def _put(self, changes: dict[tuple[int, Any], Change], section: Section[Any, Any], key: Any, before: Any) -> None:
        """Note that a value of a section was replaced; the first of several notes has the value before."""
        place = id(section), key
        name = self._names.get(place[0])
        if name is None:
            self._names = {id(one): name for name, one in self._world.state.sections()}
            name = self._names.get(place[0])
            if name is None:  # of the journal
                return
        first = changes.get(place)
        after = frozen(section.get(key, ABSENT))
        self._known.setdefault(name, {})[key] = after
        if after is ABSENT:
            del self._known[name][key]
        changes[place] = (name, key, frozen(before) if first is None else first[2], after)

    def _retired(self, changes: dict[tuple[int, Any], Change], row_id: str) -> None:
        changes[0, row_id] = (GONE, row_id, ABSENT, True)
        self._known.setdefault(GONE, {})[row_id] = True

    def _compare(self) -> Iterator[Change]:
        """Yield what differs from the state after the last step, and know it from now on."""
        found: list[Change] = []
        for name, now in self._raw().items():
            known = self._known.get(name, {})
            new = ((key, known.get(key, ABSENT), value) for key, value in now.items())
            found += [(name, *change) for change in new if change[1] is not change[2] and change[1] != change[2]]
            found += [(name, key, known[key], ABSENT) for key in known.keys() - now.keys()]
            self._known[name] = now
        return iter(found)

    def _raw(self) -> dict[str, dict[Any, Any]]:
        """Return the sections of the state as they are, and the rows that are deleted."""
        world = self._world
        raw = {name: dict(section) for name, section in world.state.sections()}
        raw["deliveries"] = {number: frozen(one) for number, one in world.outbox.entries.items()}
        raw[GONE] = dict.fromkeys(gone(self.app), True)
        return raw

    def _notes(self) -> tuple[str, ...]:
        """Return what was noted since the last time; a `reset` forgets all notes."""
        notes = self._world.journal.notes
        if not notes or notes[-1] is self._noted:
            return ()
        at = len(notes)
        while at and notes[at - 1] is not self._noted:
            at -= 1
        self._noted = notes[-1]
        return tuple(note.text for note in notes[at:] if note.by != "delivery")

    # What the steps look like

    def after(self, seq: int, limit: int) -> list[Taped]:
        """Return the steps that follow *seq*, at most *limit* of them, the oldest first."""
        with self._world.lock:
            start = max(0, seq - self.dropped)
            return list(islice(self.steps, start, start + limit))

    def views(self, first: int, written: Written) -> Iterator[tuple[Taped, View, View]]:
        """Yield the step *first* and each later one, with the state before and after it. Hold the fake's lock."""
        steps = self.after(first - 1, self.keep)
        raw = self._before(steps)
        before = self._view(raw, steps[0].began, written) if steps else {}
        for step in steps:
            _apply(raw, step.changes)
            after = self._view(raw, step.at, written)
            yield step, before, after
            before = after

    def view_before(self, seq: int, written: Written) -> View:
        """Return the state before a step, or after the last one. Hold the fake's lock."""
        steps = self.after(seq - 1, self.keep)
        return self._view(self._before(steps), steps[0].began if steps else self._world.clock.time(), written)

    def _before(self, steps: list[Taped]) -> dict[str, dict[Any, Any]]:
        """Return the state before the first of *steps*, which are the last ones."""
        raw = {name: dict(values) for name, values in self._known.items()}
        for step in reversed(steps):
            _apply(raw, ((name, key, after, before) for name, key, before, after in reversed(step.changes)))
        return raw

    def _view(self, raw: dict[str, dict[Any, Any]], at: float, written: Written) -> View:
        return view_of(self.app, raw, at, written)


def _apply(raw: dict[str, dict[Any, Any]], changes: Any) -> None:
    for name, key, _, after in changes:
        if after is ABSENT:
            raw.get(name, {}).pop(key, None)
        else:
            raw.setdefault(name, {})[key] = after
