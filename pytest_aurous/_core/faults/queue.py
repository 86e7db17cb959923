"""The faults of a fake in order, and which of them a request or a delivery meets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from math import inf
from threading import Lock, get_ident
from typing import Any, Final, NamedTuple, TypeVar

from ..wire.call import Call
from ..world.outbox import Delivery
from ..world.state import Section, State
from .fault import Counts, Fault, Scope

F = TypeVar("F", bound=Fault)

_PATIENCE: Final = 1.0
"""How many seconds a thread waits until it may call a ``when``."""


class Line(NamedTuple):
    """The faults of one scope that can still happen, by number: they count the same requests or deliveries.

    A fault moves from *waiting* to *ready*, and leaves after its last time, so that a request does not visit each.

    Attributes:
        seen: How many requests or deliveries there have been.
        waiting: Those whose ``after`` is not over, each behind the value of *seen* at which it begins; sorted.
        ready: Those that happen to the next, the first one first.
        conditional: Those with a ``when``, which count for themselves.
    """

    seen: int = 0
    waiting: tuple[tuple[int, int], ...] = ()
    ready: tuple[int, ...] = ()
    conditional: tuple[int, ...] = ()


class Candidates(NamedTuple):
    """The faults that a request or a delivery can meet.

    Attributes:
        accepted: Those whose ``when`` accepts it.
        newest: The number of the last fault that was there when it arrived. A ``when`` may have added others since.
    """

    accepted: list[Fault]
    newest: float = inf


class FaultQueue:
    """The faults of a fake. Its callers hold the fake's lock, except where a method says otherwise."""

    __slots__ = ("__weakref__", "_added", "_asker", "_asking", "_counts", "_first", "_last", "_lines", "_of", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._counts: Section[int, Counts] = state.section("faults")
        self._lines: Section[Scope, Line] = state.section("fault lines")
        self._added: dict[int, Fault] = {}  # also those that a restore has taken away: another can bring them back
        self._of: dict[Scope, Fault] = {}  # one fault of each scope, to ask what it concerns
        self._first, self._last = 1, 0
        self._asking = Lock()
        self._asker: int | None = None

    def add(self, fault: F) -> F:
        """Add a fault."""
        self._last += 1
        return self._add(fault, self._last)

    @property
    def newest(self) -> int:
        """The number of the last fault."""
        return self._last

    def known(self, number: int) -> list[Fault]:
        """Return the fault of that number, also if it is not there now; an empty list if there never was one."""
        return [self._added[number]] if number in self._added else []

    def bring(self, number: int, add: Callable[[], F]) -> F:
        """Return the fault that *add* adds, under a *number* of its own."""
        newest, self._last = self._last, number - 1
        try:
            return add()
        finally:
            self._last = max(newest, number)

    def put_first(self, fault: Fault) -> None:
        """Let a fault be met before those that were added earlier."""
        self.remove(fault)
        self._first -= 1
        self._add(fault, self._first)

    def remove(self, fault: Fault) -> None:
        """Remove a fault for good: no restore brings it back."""
        self._added.pop(fault.number, None)
        self._counts.take(fault.number)

    def _add(self, fault: F, number: int) -> F:
        self._added[number] = fault
        self._of.setdefault(fault.scope, fault)
        fault.count_in(self._counts, number)
        line = self._lines.get(fault.scope) or Line()
        if fault.conditional:
            line = line._replace(conditional=_with(line.conditional, number))
        elif fault.after:
            line = line._replace(waiting=_with(line.waiting, (line.seen + fault.after, number)))
        else:
            line = line._replace(ready=_with(line.ready, number))
        self._lines[fault.scope] = line
        return fault

    @property
    def faults(self) -> list[Fault]:
        """All faults, in the order in which they are met. This does not need the lock."""
        return [self._added[number] for number in sorted(self._counts) if number in self._added]

    def keep(self) -> Callable[[], None]:
        """Return a function that goes back to what the faults of this moment have met."""
        met = [(fault, fault.met) for fault in self.faults]

        def back() -> None:
            for fault, count in met:
                fault.met = count

        return back

    @property
    def unfired(self) -> list[Fault]:
        """The faults that happened less often than ``times`` says."""
        return [fault for fault in self.faults if fault.outstanding]

    @property
    def open(self) -> bool:
        """Whether any fault can still happen. This does not need the lock."""
        return bool(self._lines)

    @property
    def conditional(self) -> bool:
        """Whether a fault that can still happen has a ``when``. This does not need the lock."""
        return any(line.conditional for line in list(self._lines.values()))

    def get(self, number: int) -> Fault | None:
        """Return the fault of that number, or None if it is not there."""
        return self._added.get(number) if number in self._counts else None

    def candidates(self, thing: Call | Delivery) -> Candidates:
        """Return the faults that *thing* can meet, after calling the ``when`` of each. Do not hold the fake's lock.

        A ``when`` may do what a test may do: add faults, send requests, and wait for requests of other threads. What it
        sends or waits for meets no fault that has a ``when``, or there would be no end. One thread at a time calls
        them; another waits for its turn, but not so long that a ``when`` could wait for it in vain.
        """
        newest = self._last
        lines = [line for scope, line in list(self._lines.items()) if self._of[scope].concerns(thing)]
        asked = [fault for line in lines for fault in map(self.get, line.conditional) if fault is not None]
        asked = [fault for fault in asked if not fault.over(-inf) and not fault.faced_by(thing)]
        if not asked or self._asker == get_ident() or not self._asking.acquire(timeout=_PATIENCE):
            return Candidates([], newest)
        try:
            self._asker = get_ident()
            return Candidates([fault for fault in asked if fault.accepts(thing)], newest)
        finally:
            self._asker = None
            self._asking.release()

    def met_by(self, kind: type[F], thing: Call | Delivery, now: float, candidates: Candidates) -> F | None:
        """Return the first fault of a *kind* that happens to *thing*; the others count it, too."""
        due = [fault for fault in candidates.accepted if self.get(fault.number) is fault and fault.due()]
        for scope in [scope for scope in self._lines if self._of[scope].concerns(thing)]:
            due += self._count(scope, thing, now, candidates.newest)
        met = min((fault for fault in due if isinstance(fault, kind)), key=lambda fault: fault.number, default=None)
        if met is not None:
            self._state.note(setattr, met, "met", met.met)
        return met

    def _count(self, scope: Scope, thing: Call | Delivery, now: float, newest: float) -> list[Fault]:
        """Let the faults of a scope count *thing*, and return the first that happens to it, if any."""
        line = self._lines[scope]
        begun = bisect_left(line.waiting, (line.seen + 1,))
        waiting, ready = line.waiting[begun:], line.ready
        for _, number in line.waiting[:begun]:
            ready = _with(ready, number)
        if newest < self._last:  # those that were added meanwhile count the next one first
            waiting = tuple(sorted((begins + (number > newest), number) for begins, number in waiting))
        due: list[Fault] = []
        kept: list[int] = []
        rest = iter(ready)
        for number in rest:
            fault = self.get(number)
            if fault is None or fault.over(now):
                continue
            kept.append(number)
            if number <= newest and not fault.faced_by(thing):
                due.append(fault)
                break
        open_ = [number for number in line.conditional if (fault := self.get(number)) and not fault.over(now)]
        line = Line(line.seen + 1, waiting, (*kept, *rest), tuple(open_))
        if any(line[1:]):
            self._lines[scope] = line
        else:
            del self._lines[scope]
        return due


def _with(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """Return sorted *items* and one more."""
    place = bisect_left(items, item)
    return (*items[:place], item, *items[place:])
