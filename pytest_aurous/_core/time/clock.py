"""The only source of time in the fake: scripts, buckets, tokens and timestamps read it, and a test can move it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from ..base.arguments import Check, Public
from ..base.chains import nothing
from ..base.errors import AurousError, hide_mistakes, see, shown
from ..base.instants import FIRST, LAST, calendar_instant, iso, moment
from ..wire.call import Watcher

if TYPE_CHECKING:
    from .turns import SharedTime

__tracebackhide__ = hide_mistakes

_TIME: Final = time.time
"""While it is in its place, as in most tests, nobody need ask whether `time.time` leads back to a clock."""
_MORE: Final = see("reference/records.html#the-clock")
FASTEST: Final = 1_000_000.0
"""Seconds of the clock in a real one, at most: eleven days, in which all work of the API ends."""
SAME_INSTANT: Final = 1e-6
"""Instants that are nearer than this are one: the seconds since the epoch are floats, whose sums are not exact."""

Position = tuple[float, float | None, float, float]
"""Where a clock is: how far it was moved, the instant at which it is frozen, its speed, and since when it has that."""


class Portable(NamedTuple):
    """A position for another process: how far a clock is from the real time, its instant if it is frozen, its speed."""

    offset: float
    frozen: float | None
    speed: float


class Clock(Public):
    """The fake's clock: the wall clock plus the time that the test added, or frozen at an instant.

    Attributes:
        waiting_for: Returns which records wait for what, for the error that ends an endless wait.

    It reads `time.time` at each call, so freezegun and time-machine move it, and it never blocks.

    Example:
        >>> clock = Clock("2026-05-08T10:00:00Z")
        >>> clock.advance(seconds=90)
        >>> clock.now().isoformat()
        '2026-05-08T10:01:30+00:00'
    """

    __slots__ = ("_frozen", "_offset", "_reading", "_seen", "_shared", "_since", "_speed", "_watchers", "waiting_for")

    _page = "reference/records.html#the-clock"

    def __init__(self, now: datetime | str | None = None, watchers: Sequence[Watcher] = ()) -> None:
        self.waiting_for: Callable[[], str] = nothing
        self._shared: list[SharedTime] = []
        self._watchers = watchers
        self._offset = 0.0
        self._frozen: float | None = None
        self._reading = ContextVar("reading", default=False)
        self._seen = 0.0
        self._speed, self._since = 1.0, 0.0
        if now is not None:
            self.freeze(now)

    if not TYPE_CHECKING:
        __setattr__ = object.__setattr__  # each request sets some; the slots and properties refuse what a test sets

    def __repr__(self) -> str:
        return f"<Clock {iso(self.time())}{' frozen' if self._frozen is not None else ''}>"

    def time(self) -> float:
        """Return the instant in seconds since the epoch; it stops at the last second of the year 9999."""
        if self._frozen is None:
            if time.time is not _TIME and self._reading.get():  # a test has put this clock in the place of `time.time`
                return _TIME()
            self._seen = self._real()
            now = self._seen + self._offset
            if self._speed != 1.0:
                now += (self._seen - self._since) * (self._speed - 1.0)
        else:
            now = self._frozen + self._offset
        return now if FIRST <= now <= LAST else min(max(now, FIRST), LAST)

    def _real(self) -> float:
        """Return what `time.time` says; where that leads back to this clock, the time of the process."""
        if time.time is _TIME:
            return _TIME()
        token = self._reading.set(True)
        try:
            return time.time()
        finally:
            self._reading.reset(token)

    @property
    def frozen(self) -> bool:
        """Whether time stands still unless the test moves it."""
        return self._frozen is not None

    @property
    def speed(self) -> float:
        """How many seconds pass on the clock in a real second; 1 at first, and 0 while it is frozen.

        A test may set it. A clock that was frozen runs again then; 0 freezes it.

        Raises:
            AurousError: If it is not a number from 0 to 1,000,000.

        Example:
            ``aurous.clock.speed = 60``
        """
        return 0.0 if self._frozen is not None else self._speed

    @speed.setter
    def speed(self, factor: float) -> None:
        Check("clock.speed", "reference/records.html#the-clock").number("speed", factor, 0, FASTEST)
        if not factor:
            self.freeze()
            return
        now = self.time()
        self._since = self._seen = self._real()
        self._offset, self._frozen, self._speed = now - self._since, None, float(factor)

    def move(self, seconds: float) -> None:
        """Move time forward for a slow request; beyond the year 9999 it stops, which is not a mistake of the test."""
        self._move("fault", min(seconds, LAST - self.time()))

    def undo_move(self, seconds: float) -> None:
        """Undo a `move`, because a client is going to wait for it in real time."""
        self._offset -= seconds

    def now(self) -> datetime:
        """Return the instant as an aware `datetime` in UTC."""
        return moment(self.time())

    def advance(self, delta: timedelta | None = None, *, seconds: float = 0.0) -> None:
        """Move time forward, at once.

        Args:
            delta: How far, as a `timedelta`.
            seconds: How far, in seconds; added to *delta*.

        Raises:
            AurousError: If that would move time backwards or beyond the year 9999, or is not a number.

        Example:
            ``aurous.clock.advance(seconds=45)`` ends a ``synthesizing:45s``.
        """
        check = Check("clock.advance", "reference/records.html#the-clock")
        check.instance("delta", delta, timedelta | None, "a timedelta, or seconds by name, such as seconds=30.")
        if isinstance(seconds, bool) or not isinstance(cast("object", seconds), int | float):
            raise check.refuse("seconds", seconds, "a number, such as seconds=30, or a timedelta.")
        step = seconds + (delta.total_seconds() if delta is not None else 0) if abs(seconds) <= LAST else inf
        if not 0 <= step <= LAST - self.time():  # also refuses NaN
            passed = ([repr(delta)] if delta else []) + ([f"{shown(seconds)} s"] if seconds else [])
            raise AurousError(
                f"The clock cannot go back, nor beyond the year 9999: advance() got {' and '.join(passed)}, "
                f"and it is {iso(self.time())}. "
                f"Use freeze(at) to choose an instant.\n{_MORE}"
            )
        self._move("advance", step)  # beside a frozen instant too: tenths of a second, added to one, would not sum up

    def freeze(self, at: datetime | str | None = None) -> None:
        """Stop time until the test moves it.

        Args:
            at: The instant, as a `datetime` or ISO 8601 text; one without a time zone is in UTC. Default: now.

        Raises:
            AurousError: If *at* is not an instant, or is outside the years 1 to 9999 in UTC.

        Example:
            ``aurous.clock.freeze("2026-05-08T10:00:00Z")``
        """
        now = self.time()
        self._frozen, self._offset = (now if at is None else calendar_instant(at).timestamp()), 0.0
        self._tell("freeze", self._frozen - now)

    @contextmanager
    def skip_sleeps(self) -> Generator[None, None, None]:
        """Let sleeps of the whole process return at once; this clock and the clocks of the process jump instead.

        Raises:
            AurousError: If sleeping does not end: after 10,000 sleeps, or a week.

        Example:
            ``with aurous.clock.skip_sleeps(): wait_until_ready(character)``
        """
        with self.skipping():
            yield

    @contextmanager
    def skipping(self) -> Generator[SharedTime, None, None]:
        """Do the same, and yield the time that it shares with the skipped sleeps."""
        from .skipping import SleepSkipper  # loads asyncio

        with SleepSkipper(self.jump, self.waiting_for) as shared:
            self._shared.append(shared)
            try:
                yield shared
            finally:
                self._shared.remove(shared)

    @property
    def shared(self) -> SharedTime | None:
        """The time that it shares with skipped sleeps, in which clients sleep for slow responses; None without them."""
        return self._shared[-1] if self._shared else None

    def jump(self, running: float, frozen: float) -> None:
        """Follow a jump; this module always reads the real `time.time`, which freezegun may have frozen."""
        is_frozen = self._frozen is not None or self._seen == self._real()
        self._move("sleep", frozen if is_frozen else running)

    def _move(self, how: str, seconds: float) -> None:
        self._offset += seconds
        self._tell(how, seconds)

    def _tell(self, how: str, seconds: float) -> None:
        for watcher in self._watchers:
            watcher.moved(how, seconds)

    @property
    def position(self) -> Position:
        """Where the clock is, for `restore`."""
        return self._offset, self._frozen, self._speed, self._since

    def restore(self, position: Position) -> None:
        self._offset, self._frozen, self._speed, self._since = position


def portable(position: Position) -> Portable:
    """Return a position for another process, where a clock that runs goes on as far from the real time."""
    offset, frozen, speed, since = position
    return Portable(offset + (time.time() - since) * (speed - 1), frozen, speed)


def placed(portable: Portable) -> Position:
    """Return the position of a clock of this process."""
    return portable.offset, portable.frozen, portable.speed, time.time()
