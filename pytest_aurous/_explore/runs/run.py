"""One run of the code under test: which requests and sleeps are its own, and what ends it."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from types import FrameType
from typing import Any, Final, TypeVar, cast

from ..._core.base.errors import AurousCrash, hide_mistakes, see
from ..._core.base.frames import package_of, shown_place, stack_under_test
from ..._core.base.work import Work, current_work, leave_behind, noting_start, noting_submit, set_work
from ..._core.wire.call import Call, Watcher
from ..._facade import Course, Handle, skipped_sleeps
from .watchdog import RunEnded

__tracebackhide__ = hide_mistakes

T = TypeVar("T")

MOST_CALLS: Final = 20_000
MOST_SLEEPS: Final = 50_000
DAY: Final = 86_400.0
_MINUTE: Final = 60.0
_REFUSED: Final = 300
_CRASHED: Final = (
    "The process crashes here, because this bad day has the fault crash. Do not catch this exception: in a process "
    f"that has crashed, no more code runs.\n{see('reference/exploring.html#faults')}"
)


_OVER: Final = (
    "of this thread, task or event loop is over. Start what the application keeps before the exploration, or anew in "
    "fresh="
)


class ExploredRun(Watcher):
    """One run: counts its requests and sleeps, and ends them once it has stopped or crashed.

    What belongs to no run, such as a thread that was started before, works for the present one.

    Args:
        calls: How many requests it may send, apart from those before which the clock moves a minute, and from polls and
            replays that succeed while work is in progress.
        usual: What a message says about the number of requests of the good day.
    """

    of_bad_days = True

    def __init__(self, fake: Handle, calls: float = inf, seconds: float = inf, usual: str = "") -> None:
        test = current_work()
        self.work: Work = (
            Work("", ignore, run=self) if test is None else Work(test.test, test.report, self, test.stderr)
        )
        self.over: bool = False
        self.crashed: bool = False
        self.stopped: str | None = None  # that and why, such as ``was stopped after 241 requests``
        self.failed: dict[str, Course] = {}  # records that a fault lets fail, with the work that they would have done
        self.other_body: bool = False  # whether code has sent one to an operation that a fault has put down for all
        self.deleted: set[str] = set()
        self.abandoned: bool = False  # whether threads of its workers may wait for ever, and hold their locks
        self.deadlock: bool = False
        self.hangs: bool = False  # whether it was stopped from outside, because nothing happened any more
        self.raised: bool = False
        self.busy: float = 0  # seconds until its fault is over, such as until work ends that a fault has delayed
        self.repairs: list[Callable[[], None]] = []  # what else a second run needs to find everything in order
        self.steps: int = 0  # how many requests and sleeps it has begun
        self._fake = fake
        self._calls = calls
        self._usual = usual
        self._left = fake.clock.time()
        self._until = self._left + seconds
        self._reads: dict[str, float] = {}
        self._counted = self._all = self._sleeps = 0

    @contextmanager
    def running(self) -> Generator[None, None, None]:
        """Let this thread, and what it starts, work for the run; the block is the run."""
        with skipped_sleeps(self.begin_sleep), self._fake.watched(self, last=True):
            before = set_work(self.work)
            try:
                yield
            finally:
                self.over = True
                set_work(before)

    def arrive(self, call: Call) -> None:
        """Count a request, or raise what ends it: there were too many, for example."""
        if self.ending() is None:
            self.steps += 1
            self._all += 1
            if self._counted >= self._calls or self._all > MOST_CALLS:
                self._stop(f"{self._all:,} requests{self._usual}", f"the last one was {call.method} {call.path}")
            self._check_time(0)
        if (error := self.ending()) is not None:
            raise error

    def leave(self, call: Call) -> None:
        """Raise the crash that has come with a request; count it, unless time has passed or work goes on meanwhile."""
        if self.crashed:
            raise AurousCrash(_CRASHED)
        before, self._left = self._left, self._fake.clock.time()
        answered = call.status is not None and call.status < _REFUSED
        waits = (call.method == "GET" or call.replayed) and self._waits(call) and answered
        if not waits and self._left - before < _MINUTE:
            self._counted += 1

    def begin_sleep(self, seconds: float, frame: FrameType) -> Callable[[], BaseException | None]:
        """Count a skipped sleep, and return what can end it early; or raise what ends it at once."""
        if self.ending() is None:
            self.steps += 1
            self._sleeps += 1
            if self._sleeps > MOST_SLEEPS:
                stack = stack_under_test(frame)
                self._stop(f"{self._sleeps:,} sleeps", f"the last one was at {shown_place(stack[0])}" if stack else "")
            self._check_time(seconds)
        if (error := self.ending()) is not None:
            raise error
        return self.ending if present_run() is self else lambda: None  # a thread of the application outlives the run

    def ending(self) -> BaseException | None:
        """Return what each request and each skipped sleep of this run raises from now on; None while it goes on."""
        if self.crashed:
            return AurousCrash(_CRASHED)
        if self.over or self.stopped:
            return RunEnded(f"The run {self.stopped or _OVER}.")
        return None

    def _check_time(self, seconds: float) -> None:
        if self._fake.clock.time() + seconds > self._until:
            self._stop("a day of the clock more than the good day took")

    def _stop(self, after: str, last: str = "") -> None:
        """Let the next request or sleep end the run."""
        waiting = f"waiting: {self._fake.clock.waiting_for()}"
        self.stopped = self.stopped or "; ".join(filter(None, (f"was stopped after {after}", last, waiting)))

    def hang(self, reason: str) -> None:
        self.hangs = True
        deadlock = ": each worker waits for the other" if self.deadlock else ""
        self.stopped = self.stopped or f"was stopped because {reason}{deadlock}"

    def _waits(self, call: Call) -> bool:
        """Whether the clock has moved since the last identical request, and work is in progress."""
        now, read = self._fake.clock.time(), f"{call.method} {call.path}?{call.query}"
        before, self._reads[read] = self._reads.get(read, now), now
        return now > before and bool(self._fake.working())


def present_run() -> Any:
    work = current_work()
    return None if work is None else work.run


@contextmanager
def noting_runs() -> Generator[None, None, None]:
    """Let threads, jobs of pools and functions of `atexit` belong to the run; one that is over ends them quietly."""
    start, submit, register = threading.Thread.start, ThreadPoolExecutor.submit, atexit.register
    noted: Any = noting_start(start, current_work)

    def quiet_start(thread: threading.Thread) -> None:
        if present_run() is not None:
            thread.run = _quiet(thread.run)  # type: ignore[method-assign]
            leave_behind(thread)
        noted(thread)

    def noted_register(function: Any, /, *args: Any, **options: Any) -> Any:
        run = present_run()
        # The standard library registers once in a process, for all that comes later.
        if run is None or package_of(sys._getframe(1)) in sys.stdlib_module_names:
            return register(function, *args, **options)

        # It may wait for what the rest of the run would have done, and then the process would never end.
        def unless_raised(function: Any, *args: Any, **options: Any) -> object:
            return run.raised or function(*args, **options)

        register(_AtExit(unless_raised, function), *args, **options)
        return function

    patches: list[tuple[Any, str, Any, Any]] = [
        (atexit, "register", register, noted_register),
        (threading.Thread, "start", start, quiet_start),
        (ThreadPoolExecutor, "submit", submit, noting_submit(submit, current_work)),
    ]
    try:
        for owner, name, _, new in patches:
            setattr(owner, name, new)
        yield
    finally:
        for owner, name, old, new in patches:
            if getattr(owner, name) is new:
                setattr(owner, name, old)


class _AtExit(partial[object]):
    """What a run has registered: it equals the function, which `atexit.unregister` compares with it."""

    def __eq__(self, other: object) -> bool:
        return bool(self.args[0] == other)

    __hash__ = None  # type: ignore[assignment]


def complete(steps: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits, without an event loop."""
    while True:
        try:
            steps.send(None)
        except StopIteration as stop:  # noqa: PERF203 - at once
            return cast("T", stop.value)


def ignore(*_: object) -> None:
    """Show nothing: no option asks for it, or it runs outside of pytest."""


def _quiet(run: Callable[[], None]) -> Callable[[], None]:
    def quiet() -> None:
        with suppress(AurousCrash, RunEnded):
            run()

    return quiet
