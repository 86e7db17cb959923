"""The time that all skipped sleeps share: how far it has jumped, and whose turn is next."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, get_ident
from types import FrameType
from typing import Final

from .._frames import LIBRARIES, nearest_outside, place_of
from ..errors import AurousError, see
from .stillness import BRIEF, TICK, Parked, Stillness

__all__ = ("Sleep", "Timeline")

MOST_SLEEPS: Final = 10_000
MOST_SECONDS: Final = 7 * 86_400.0

PATIENCE: Final = 0.02
"""Real seconds after which a sleeper asks again whether it is its turn, if nobody has told it before."""


class Sleep:
    """One skipped sleep.

    Attributes:
        seconds: How long it was asked to be.
        place: Who asked.
        when: Its end on the clock of its thread or loop.
        moment: Its end as a sum of sleeps, in which real time has no part; see `Timeline`.
        error: What it ends with instead, if it was one too many.
    """

    __slots__ = ("error", "moment", "place", "seconds", "when")

    def __init__(self, seconds: float, place: str, when: float, moment: float) -> None:
        self.seconds = seconds
        self.place = place
        self.when = when
        self.moment = moment
        self.error: AurousError | None = None


class Timeline:
    """One time for every thread and loop of the process, while sleeps are skipped.

    It goes on as real time does and jumps besides. Two sums are kept: `shift`, by which the process's clocks are
    ahead, and `moment`, what the sleeps amount to as they were written. A frozen clock is moved by the second, so
    that 45 sleeps of 1 s make 45 s there, not 44.99 s; clocks that run have seen the difference pass.

    Attributes:
        active: Whether sleeps are skipped at present.
        shift: By how many seconds the clocks have jumped.
        members: The clocks to move along, each with its word on what is being waited for. One that has come twice
            is in here twice.
        at_end: Ends the skipping, when the last member leaves.
        waiting: Until when each waiting thread waits, by ident. One whose time has come stays in here until it goes
            on, so that nobody jumps past a thread that is about to wake.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.active = True
        self.shift = 0.0
        self.members: list[tuple[Callable[[float, float], None], Callable[[], str]]] = []
        self.at_end: Callable[[], None] = lambda: None
        self.waiting: dict[int, float] = {}
        self._parked: dict[int, Parked] = {}
        self._monotonic = monotonic
        self._moment = 0.0
        self._count = 0
        self._turn = Condition()

    def now(self) -> float:
        """Return the time that sleeps are measured by."""
        return self._monotonic() + self.shift

    def stillness(self) -> Stillness:
        """Return an observer of all threads but this one and those that wait here."""
        return Stillness(self.waiting, self._parked)

    def begin(self, seconds: float, frame: FrameType, when: float) -> Sleep:
        """Count a sleep that ends at *when*.

        Raises:
            AurousError: If there were too many.
        """
        sleep = Sleep(seconds, place_of(nearest_outside(LIBRARIES, frame)), when, self._moment + seconds)
        with self._turn:
            self._count += 1
            endless = self._count > MOST_SLEEPS or self.shift > MOST_SECONDS
        if endless:
            raise self._endless(sleep)
        return sleep

    def wait(self, sleep: Sleep) -> None:
        """Block this thread until time has come to the end of *sleep*.

        Raises:
            AurousError: If that is more than a week away from the start.
        """
        still = self.stillness()
        try:
            while (left := sleep.when - self.now()) > 0:
                pause = self.reach(sleep.when, sleep, still)
                if not pause or sleep.error:
                    break
                with self._turn:
                    self._turn.wait(min(pause, left))
        finally:
            self.leave()
        self.arrive(sleep)

    def reach(
        self, when: float, sleep: Sleep, still: Stillness, *, ticks: int = BRIEF, on_the_way: bool = False
    ) -> float:
        """Jump to *when*, if it is this thread's turn and nobody is at work.

        Args:
            when: The end of *sleep*, or a deadline *on_the_way* there.
            sleep: The sleep of this thread that ends first.
            still: What this thread has seen of the others.
            ticks: For how long they must be still.
            on_the_way: Whether the sleep goes on after *when*.

        Returns:
            How long to pause before asking again; 0 when time is there, or `sleep.error` says why it never will be.
        """
        if not self.active:
            return PATIENCE
        with self._turn:
            self.waiting[get_ident()] = when
            if min(self.waiting.values()) < when:
                still.reset()
                return PATIENCE
            if not still.for_ticks(ticks):
                return TICK
            step = max(0.0, when - self.now())
            too_far = self.shift + step > MOST_SECONDS
            if not too_far:
                self.shift += step
                self._move(step, min(sleep.moment, self._moment + step) if on_the_way else sleep.moment)
        if too_far:
            sleep.error = self._endless(sleep)
        return 0.0

    def expect(self, when: float) -> None:
        """Let nobody jump past *when*, until this thread does or leaves."""
        with self._turn:
            self.waiting[get_ident()] = when

    def leave(self) -> None:
        """This thread waits no longer, and the next may have its turn."""
        with self._turn:
            self.waiting.pop(get_ident(), None)
            self._turn.notify_all()

    def arrive(self, sleep: Sleep) -> None:
        """Let frozen clocks follow a sleep that has ended, by a jump or in real time.

        Raises:
            AurousError: If it was one too many.
        """
        if sleep.error:
            raise sleep.error
        if self.active:
            with self._turn:
                self._move(0.0, sleep.moment)

    def _move(self, step: float, moment: float) -> None:
        nominal = max(0.0, moment - self._moment)
        self._moment += nominal
        if step or nominal:
            for jump in dict.fromkeys(jump for jump, _ in self.members):
                jump(step, nominal)

    def _endless(self, sleep: Sleep) -> AurousError:
        waiting = "".join(
            f"\n{text}" for text in dict.fromkeys(waiting_for() for _, waiting_for in self.members) if text
        )
        seconds = f"{sleep.seconds:,.3f}".rstrip("0").rstrip(".")
        return AurousError(
            f"No end in sight: {sleep.place} sleeps {seconds} s more, after {self._count - 1:,} skipped sleeps "
            f"that took the clock {self._moment:,.0f} s on. The limits are {MOST_SLEEPS:,} sleeps and a week. "
            "A loop until some datetime.now() has no end: that clock does not jump, time.time() does."
            f"{waiting}\n{see('how-to/move-time.html')}"
        )
