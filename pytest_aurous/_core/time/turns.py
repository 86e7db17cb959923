"""The time that all skipped sleeps share: how far it has jumped, and which sleeper may jump next."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from threading import Condition, get_ident
from types import FrameType
from typing import Final, NamedTuple

from ..base.errors import AurousError, AurousWarning, hide_mistakes, see
from ..base.frames import SENDERS, nearest_outside, place_of, short_path
from ..base.work import TICK, ending
from .stillness import BRIEF, OtherThreads, Sighting

__tracebackhide__ = hide_mistakes

# A loop that never ends would otherwise run for ever, as its sleeps take no time. No test that ends needs as many.
MOST_SLEEPS: Final = 10_000
MOST_SECONDS: Final = 7 * 86_400.0
_RETRY: Final = 0.02
"""Real seconds after which a sleeper checks again whether it is its turn, unless another thread notifies it."""


@dataclass(eq=False)
class Sleep:
    """One skipped sleep."""

    seconds: float
    place: str  # the line that asked for it
    end: float  # on the clock of its thread or loop
    nominal_end: float  # as a sum of sleeps, in which real time has no part; see `SharedTime`
    error: BaseException | None = None  # raised at its end, if it was one too many
    end_early: Callable[[], BaseException | None] | None = None  # returns what ends it now; None: the common limits


Jump = Callable[[float, float], object]
"""Moves a clock: by the seconds for running clocks, and by the seconds for a frozen clock."""
Limit = Callable[[float, FrameType], Callable[[], BaseException | None]]
"""Takes the seconds and the frame of a sleep that begins, and raises what ends it, or returns `Sleep.end_early`."""


class Skipping(NamedTuple):
    """What one skipper has to do with the sleeps of the process."""

    jump: Jump
    waiting_for: Callable[[], str]  # for the error that ends an endless wait
    limit: Limit | None  # None: there are at most 10,000 sleeps, or a week


class SharedTime:
    """The time of every thread and loop of the process, while sleeps are skipped.

    It runs as real time does, and also jumps. It keeps two sums: `shift`, by which the clocks of the process are ahead
    of real time, and the sum of the sleeps as they were written, by which frozen clocks and loops move. So 45 sleeps
    of 1 s move a frozen clock by 45 s, not 44.99 s; a running clock has seen the difference pass in real time.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.active: bool = True  # whether sleeps are skipped now
        self.shift: float = 0.0  # by how many seconds the clocks have jumped
        self.skippers: list[Skipping] = []  # entered, some twice; the last one with a limit limits the sleeps
        self.at_end: Callable[[], None] = lambda: None  # restores what was patched, when the last skipper leaves
        self.asleep: Callable[[float], Awaitable[None]]  # skips a sleep of this task, as `sleep` does of this thread
        # Until when each waiting thread waits, by ident. A thread whose time has come stays in here until it continues,
        # so that no other thread jumps past a sleeper that is about to wake.
        self.deadlines: dict[int, float] = {}
        self._seen: dict[int, Sighting] = {}
        self.real = monotonic  # the time without the jumps
        self.nominal: float = 0.0  # the sum of the sleeps as they were written
        self._count = 0
        self._turn = Condition()

    def now(self) -> float:
        """Return the time in seconds, from an arbitrary start."""
        return self.real() + self.shift

    def other_threads(self) -> OtherThreads:
        """Return an observer of all threads except this one and those that sleep here."""
        return OtherThreads(self.deadlines, self._seen)

    def begin(self, seconds: float, frame: FrameType, end: float) -> Sleep:
        """Count a sleep that *frame* asked for, and that ends at *end*; raise an error if there were too many."""
        if (error := ending()) is not None:
            raise error
        place = place_of(nearest_outside(SENDERS, frame))
        sleep = Sleep(seconds, place, end, self.nominal + seconds)
        if (limit := self.limit) is not None:
            sleep.end_early = limit(seconds, frame)
            return sleep
        with self._turn:
            self._count += 1
            endless = self._count > MOST_SLEEPS or self.shift > MOST_SECONDS
        if endless:
            raise self._endless(sleep)
        return sleep

    def yield_now(self, frame: FrameType) -> None:
        """Count a sleep of 0 s in an exploration, and end it after its run: a loop around it would never end."""
        if self.limit is not None or ending() is not None:
            self.begin(0, frame, self.now())

    @property
    def limit(self) -> Limit | None:
        """What limits the sleeps in an exploration; None: the common limits."""
        return next((one.limit for one in reversed(self.skippers) if one.limit is not None), None)

    def sleep(self, seconds: float) -> None:
        """Skip a sleep of this thread."""
        self.block(self.begin(seconds, sys._getframe(1), self.now() + seconds))

    def block(self, sleep: Sleep) -> None:
        """Block this thread until the end of *sleep*."""
        others = self.other_threads()
        try:
            while (left := sleep.end - self.now()) > 0:
                pause = self.try_jump(sleep.end, sleep, others)
                if not pause or sleep.error:
                    break
                with self._turn:
                    self._turn.wait(min(pause, left))
        finally:
            self.leave()
        self.finish(sleep)

    def try_jump(
        self,
        to: float,
        sleep: Sleep,
        others: OtherThreads,
        *,
        ticks: int = BRIEF,
        on_the_way: bool = False,
        ahead: float | None = None,
    ) -> float:
        """Jump to *to*, if no other sleep ends before it, and all other threads have been still for *ticks* ticks.

        *to* is the end of *sleep*, or an earlier deadline *on_the_way* there; for a clock that stands still, it is
        *ahead* seconds later. Return the real seconds to wait before the next try; 0 after a jump, or if `sleep.error`
        says why no jump is possible.
        """
        with self._turn:  # so that no sleeper jumps after it has gone back who was to end before
            if self._ended(sleep):
                return 0.0
            if not self.active:
                return _RETRY
            self.deadlines[get_ident()] = to
            if min(self.deadlines.values()) < to:
                others.reset()
                return _RETRY
            if not others.still_for(ticks):
                return TICK
            step = max(0.0, to - self.now())
            too_far = sleep.end_early is None and self.shift + step > MOST_SECONDS
            if not too_far:
                self.shift += step
                nominal = self.nominal + (step if ahead is None else ahead)
                nominal = min(sleep.nominal_end, nominal) if on_the_way else sleep.nominal_end
                self._move_clocks(step, nominal)
        if too_far:  # without the lock: the message calls code that takes other locks
            sleep.error = self._endless(sleep)
        return 0.0

    def announce(self, deadline: float) -> None:
        """Keep other threads from jumping past *deadline*, until this thread jumps or leaves."""
        with self._turn:
            self.deadlines[get_ident()] = deadline

    def leave(self) -> None:
        """End the waiting of this thread, and wake the others: it may be the turn of one of them."""
        with self._turn:
            self.deadlines.pop(get_ident(), None)
            self._turn.notify_all()

    def finish(self, sleep: Sleep) -> None:
        """Move frozen clocks to the end of a sleep, by a jump or in real time, or raise its error."""
        with self._turn:
            self._ended(sleep)
            if self.active and not sleep.error:
                self._move_clocks(0.0, sleep.nominal_end)
        if sleep.error:
            raise sleep.error

    def keep(self) -> Callable[[], None]:
        """Return a function that goes back to the time of this moment, and wakes all sleepers: they may have to end."""
        return partial(self._go_back, self.now(), self.nominal)

    def _go_back(self, now: float, nominal: float) -> None:
        with self._turn:
            self.shift = now - self.real()
            self.nominal, self._count = nominal, 0
            self._turn.notify_all()

    def wait(self, seconds: float) -> None:
        """Move frozen clocks and loops by what a loop has waited in real time, which other clocks have seen pass."""
        with self._turn:
            self._move_clocks(0.0, self.nominal + seconds)

    def move(self, seconds: float) -> None:
        """Move all clocks forward, as a sleep would."""
        with self._turn:
            self.shift += seconds
            self._move_clocks(seconds, self.nominal + seconds)

    def _ended(self, sleep: Sleep) -> bool:
        """Whether a sleep has to end early; then `sleep.error` says why."""
        error = sleep.end_early() if sleep.end_early is not None else None
        sleep.error = error or sleep.error
        return error is not None

    def _move_clocks(self, step: float, nominal: float) -> None:
        """Move running clocks by *step*, and frozen ones to *nominal* unless they are past it."""
        nominal_step = max(0.0, nominal - self.nominal)
        self.nominal += nominal_step
        if step or nominal_step:
            for jump in dict.fromkeys(one.jump for one in self.skippers):
                jump(step, nominal_step)

    def _endless(self, sleep: Sleep) -> AurousError:
        waiting = "".join(f"\n{text}" for text in dict.fromkeys(one.waiting_for() for one in self.skippers) if text)
        seconds = f"{sleep.seconds:,.3f}".rstrip("0").rstrip(".")
        file, _, line = sleep.place.rpartition(":")
        return AurousError(
            f"No end in sight: {short_path(file)}:{line} sleeps another {seconds} s, after {self._count - 1:,} skipped "
            f"sleeps that moved the clock by {self.nominal:,.0f} s. The limits are {MOST_SLEEPS:,} sleeps and a week. "
            "A loop needs a deadline, and an end for each status. One that waits for datetime.now() never ends, "
            "because that clock does not jump; time.time() does. An old record needs no sleep: add(created_at=...)."
            f"{waiting}\n{see('how-to/set-up-state.html#skip-the-waiting')}"
        )


def warn_of_real_sleep(why: str) -> None:
    """Warn at the line that sleeps, once as warnings go, that its sleep is not skipped and moves no clock."""
    frame = nearest_outside(SENDERS, sys._getframe())
    warning = AurousWarning(
        f"A sleep takes its real time although sleeps are skipped: {why} "
        "Let the code under test take its sleep as an argument, and pass one that calls aurous.clock.advance().\n"
        f"{see('how-to/set-up-state.html#which-waits-are-skipped')}"
    )
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(warning, None, frame.f_code.co_filename, frame.f_lineno, registry=registry)
