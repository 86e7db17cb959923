"""Two workers that take turns: one goes on, and the other waits just before a request or in a skipped sleep.

A schedule says at which requests the turn passes from one to the other. Plain functions are two threads, and coroutine
functions are two tasks of the running loop.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from math import inf
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..._core.base.arguments import Check
from ..._core.base.data import as_object
from ..._core.base.frames import SENDERS, package_of, shown_place, stack_under_test
from ..._core.base.work import AWAKE, TICK, Work, current_work, set_work, threads_of, times_run
from ..._core.wire.call import Call
from ..._facade import App, SharedTime, skipped_sleeps
from ..ids import SCHEDULE

if TYPE_CHECKING:
    from types import FrameType

    from .run import ExploredRun

Calls = Mapping[str, Callable[[], Any]]

PAGE: Final = "reference/exploring.html#two-workers"
FIRST: Final = "first"
SECOND: Final = "second"
READY, RUNS, HELD, ASLEEP, BLOCKED, DONE = "ready", "runs", "held", "asleep", "blocked", "done"
_BRIEF: Final = 5
"""Ticks for which a worker must not have run if it seems to wait for another thread or task."""
_LONG: Final = 40
"""The same if it wakes from time to time, as sqlite3 does before a lock, or if the system does not count that."""
_LONGEST: Final = 200
"""The same if it may wait for something else, such as a socket."""
_JOIN: Final = 5.0
"""Real seconds in which a thread that has done its work ends."""
_GRACE: Final = 1.0
"""Real seconds in which the threads of a run that was stopped have to end."""
_WAITING: Final = frozenset({"asyncio", "concurrent", "queue", "selectors", "threading", "trio"})
"""Packages in whose code a thread waits for another thread, or a loop for its next event."""


class SwitchPoint(NamedTuple):
    """The moment just before a request.

    Attributes:
        worker: Who sends it.
        number: 1 for the first request of that worker.
    """

    worker: str
    number: int

    def __str__(self) -> str:
        return f"{self.worker}#{self.number}"


class Schedule(NamedTuple):
    """Which worker begins, and the points at which it, and then the other, has to let the other one go on.

    Example:
        >>> str(Schedule("first", (SwitchPoint("first", 2), SwitchPoint("second", 1))))
        'first#2 | second#1'
    """

    begins: str
    points: tuple[SwitchPoint, ...] = ()

    def __str__(self) -> str:
        return " | ".join(map(str, self.points)) or self.begins

    def then(self, point: SwitchPoint) -> Schedule:
        """Return the schedule with one more switch."""
        return Schedule(self.begins, (*self.points, point))


def read_schedule(check: Check, text: object) -> Schedule:
    """Read the id of a schedule.

    Raises:
        AurousError: If it has another form.
    """
    if not isinstance(text, str) or not SCHEDULE.fullmatch(text):
        raise check.refuse("only", text, "the id of a schedule, such as 'first-2-second-1'.")
    words = re.findall(rf"({FIRST}|{SECOND})[#-]?(\d*)", text)
    return Schedule(words[0][0], tuple(SwitchPoint(name, int(number)) for name, number in words if number))


class Worker:
    """One of the two workers of a run.

    Attributes:
        name: ``first`` or ``second``.
        work: Marks its threads, tasks and jobs.
        state: What it does.
        number: How many requests it has begun.
        last: The last of them.
        wakes_at: When its sleep ends, while it is asleep.
        waiters: What to call as soon as it is its turn.
        thread: The thread of its event loop; 0 if it has a thread of its own.
        stuck_at: The line at which it waited when the run was stopped.
    """

    def __init__(self, name: str, run: ExploredRun, thread: int) -> None:
        self.name = name
        self.work: Work = Work(run.work.test, run.work.report, run=run)
        self.state: str = READY
        self.number: int = 0
        self.wakes_at: float = inf
        self.thread: int = thread
        self.stuck_at: str = ""
        self.waiters: list[Callable[[], object]] = []
        self.last: Call | None = None
        self._seen: tuple[object, object] = None, None
        self._still = self._quiet = 0

    def go_on(self) -> None:
        """Wake what waits."""
        if self.waiters:
            self.state = RUNS
        waiters, self.waiters = self.waiters, []
        for wake in waiters:
            wake()

    def awaits_work(self, app: App) -> bool:
        """Whether its last request has started or polled work that is still in progress."""
        if self.last is None:
            return False
        made = as_object(self.last.response and self.last.response.json).get("id")
        with app.world.lock:
            runs = [app.world.runs.get(part) for part in (*self.last.path.split("/"), made) if isinstance(part, str)]
        return any(run is not None and not run.last for run in runs)

    def is_still(self, sleeping: Collection[int], *, asleep: bool) -> bool:
        """Look once, and return whether it has done nothing for some time: it waits for the other worker."""
        frames = {ident: frame for ident, frame in self.frames().items() if ident not in sleeping}
        threads = {thread.ident: thread for thread in threading.enumerate()}
        ran = [times_run(threads[ident]) if ident in threads else None for ident in frames]
        at = [(ident, id(frame), frame.f_lasti) for ident, frame in frames.items()]
        was_at, had_run = self._seen
        self._seen = at, ran
        self._still = self._still + 1 if frames and at == was_at and AWAKE not in ran else 0
        self._quiet = self._quiet + 1 if self._still and ran == had_run and None not in ran else 0
        if asleep or not all(map(_waits_inside, frames.values())):
            return self._still >= _LONGEST
        return self._quiet >= _BRIEF or self._still >= _LONG

    def frames(self) -> dict[int, FrameType]:
        """Return the frames of its threads."""
        return threads_of(lambda work: work is self.work, self.thread)


def _waits_inside(frame: FrameType) -> bool:
    """Whether a thread that does nothing there waits for another thread or task, and not for a socket."""
    package = package_of(frame)
    if package == "selectors":
        selector = frame.f_locals.get("self")
        return len(getattr(selector, "_fd_to_key", ())) < 2  # noqa: PLR2004 - one is the loop's own
    return package in _WAITING or package not in SENDERS


class Turns:
    """Lets the two workers of one run take turns, as a schedule says.

    Args:
        app: The fake.
        time: The skipped sleeps.
        schedule: When the turn passes.
        serial: Whether the second worker begins only when the first one has ended.
        tasks: Whether the workers are tasks of the event loop in this thread; else they are threads.

    Attributes:
        schedule: The same.
        workers: Both, by name, once `taking` was entered.
        sent: Each request, with its worker.
        choices: The requests at which one more switch was possible.
        left: The switches of the schedule that were not made yet.
        slept: Whether the first of two serial workers slept when the other could have gone on.
        deadlock: Whether the run was stopped because both workers waited.
        abandoned: Whether a thread of a worker still waits after the run.
    """

    def __init__(self, app: App, time: SharedTime, schedule: Schedule, *, serial: bool, tasks: bool) -> None:
        self.schedule: Schedule = schedule
        self.workers: dict[str, Worker]
        self.sent: list[tuple[str, Call]] = []
        self.choices: list[tuple[SwitchPoint, Call]] = []
        self.left: list[SwitchPoint] = list(schedule.points)
        self.slept: bool = False
        self.deadlock: bool = False
        self.abandoned: bool = False
        self._app = app
        self._time = time
        self._serial = serial
        self._tasks = tasks
        self._run: ExploredRun
        self._holder: Worker | None = None
        self._over = False
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, run: ExploredRun) -> Generator[None, None, None]:
        """Let the block be the run of both workers, in this thread."""
        world, thread = self._app.world, get_ident() if self._tasks else 0
        self._run = run
        self.workers = {name: Worker(name, run, thread) for name in (FIRST, SECOND)}
        self._holder = self.workers[self.schedule.begins]
        with skipped_sleeps(self._begin_sleep):
            world.gate = self
            try:
                yield
            finally:
                world.gate = None
                self.stop()

    def run(self, calls: Calls, results: dict[str, Any]) -> None:
        """Call both functions in threads of their own, and note the result of each that ends."""

        def work(worker: Worker) -> None:
            set_work(worker.work)
            try:
                self._wait_unless(partial(self._begins, worker))
                results[worker.name] = calls[worker.name]()
            finally:
                self._end(worker)

        threads = [
            threading.Thread(target=work, args=(worker,), name=f"aurous-{name}", daemon=True)
            for name, worker in self.workers.items()
        ]
        for thread, worker in zip(threads, self.workers.values(), strict=True):
            before = set_work(worker.work)
            thread.start()
            set_work(before)
        self._watch()
        for thread in threads if not self.abandoned else ():
            thread.join(_JOIN)

    async def arun(self, calls: Calls, results: dict[str, Any]) -> None:
        """Await both functions in tasks of the running loop of asyncio or trio, in the same way."""

        async def work(worker: Worker) -> None:
            set_work(worker.work)
            try:
                await self._await_unless(partial(self._begins, worker))
                results[worker.name] = await calls[worker.name]()
            finally:
                self._end(worker)

        before = set_work(None)  # the watching thread belongs to no run
        watching = threading.Thread(target=self._watch, name="aurous-turns", daemon=True)
        watching.start()
        set_work(before)
        try:
            await _together([partial(work, worker) for worker in self.workers.values()])
        finally:
            self.stop()
            watching.join(_JOIN)

    # What the workers do

    def enter(self, call: Call) -> None:
        """Block this thread until it is the turn of a request."""
        self._wait_unless(partial(self._arrives, call))

    async def aenter(self, call: Call) -> None:
        """Let this task wait until it is the turn of a request."""
        await self._await_unless(partial(self._arrives, call))

    def stop(self) -> None:
        """Let nothing wait any more: the run is over, and ends each request by itself."""
        with self._changed:
            self._over = True
            for worker in self.workers.values():
                worker.go_on()

    def _wait_unless(self, goes_on: Callable[[Callable[[], object]], bool]) -> None:
        """Block this thread, unless it goes on at once; *goes_on* gets what wakes it."""
        event = threading.Event()
        with self._changed:
            if goes_on(event.set):
                return
        self._block(event)

    async def _await_unless(self, goes_on: Callable[[Callable[[], object]], bool]) -> None:
        """Let this task wait, in the same way."""
        wake, woken = _signal()
        with self._changed:
            if goes_on(wake):
                return
        await woken()

    def _sender(self) -> Worker | None:
        """Return the worker that sends a request now; over HTTP, the one whose turn it is."""
        work = current_work()
        if self._over or (work is not None and work.run not in {None, self._run}):
            return None
        return self._worker() or self._holder

    def _worker(self) -> Worker | None:
        """Return the worker that this thread or task belongs to."""
        work = current_work()
        return next((one for one in self.workers.values() if one.work is work), None)

    def _begins(self, worker: Worker, wake: Callable[[], object]) -> bool:
        """Whether it is the turn of a worker that has not begun; else it is woken when it is."""
        if worker is not self._holder and not self._over:
            worker.waiters.append(wake)
            return False
        worker.state = RUNS
        return True

    def _arrives(self, call: Call, wake: Callable[[], object]) -> bool:
        """Whether it is the turn of a request; else it is woken when it is."""
        worker = self._sender()
        if worker is None or self._arrive(worker, call):
            return True
        worker.waiters.append(wake)
        return False

    def _arrive(self, worker: Worker, call: Call) -> bool:
        """Count a request, and return whether it may go on at once."""
        if worker.state == DONE:  # a thread that the worker has left behind
            return True
        worker.number, worker.last, worker.state = worker.number + 1, call, RUNS
        point = SwitchPoint(worker.name, worker.number)
        self.sent.append((worker.name, call))
        other = self._other(worker)
        if self._holder not in {None, worker} and other.state != DONE:  # pragma: no cover - a matter of time
            worker.state = HELD
            return False
        self._holder = worker
        if other.state == BLOCKED and not self._tasks:
            worker.state = HELD  # until the other one is seen to be blocked still
            return False
        if other.state in {DONE, BLOCKED}:
            return True
        if self.left and self.left[0] == point:
            del self.left[0]
            worker.state = HELD
            self._grant(other)
            return False
        if not self.left:
            self.choices.append((point, call))
        return True

    def _begin_sleep(self, seconds: float, frame: FrameType) -> Callable[[], BaseException | None]:
        """Let the other worker go on while one sleeps, unless it waits for work of the API that is in progress."""
        worker = self._worker()
        if worker is not None and not self._over:  # pragma: no branch - a matter of time
            self._sleep(worker, seconds)
        return self._run.begin_sleep(seconds, frame)

    def _sleep(self, worker: Worker, seconds: float) -> None:
        stays = worker.awaits_work(self._app)
        event = threading.Event()
        with self._changed:
            other = self._other(worker)
            if worker.state == DONE:
                return
            if self._serial:
                self.slept = self.slept or (other.state == READY and not stays)
                return
            worker.state, worker.wakes_at = ASLEEP, self._time.now() + seconds
            if self._holder in {None, worker}:
                goes_on = other.state in {READY, HELD} and not stays
                wakes_first = other.state == ASLEEP and other.wakes_at <= worker.wakes_at
                self._holder = worker
                if goes_on or wakes_first:
                    self._grant(other)
                if wakes_first and self._tasks:
                    self._holder = None  # the loop wakes one of them
            if self._tasks:
                return
            if self._holder is worker:
                worker.state = RUNS
                return
            worker.waiters.append(event.set)
        self._block(event)

    def _end(self, worker: Worker) -> None:
        """Let the other worker go on."""
        with self._changed:
            worker.state = DONE
            self._grant(self._other(worker))
            self._changed.notify_all()

    def _block(self, event: threading.Event) -> None:
        """Block this thread, which is not at work meanwhile."""
        deadlines = self._time.deadlines
        deadlines[get_ident()] = inf
        try:
            event.wait()
        finally:
            deadlines.pop(get_ident(), None)

    def _other(self, worker: Worker) -> Worker:
        return self.workers[SECOND if worker.name == FIRST else FIRST]

    def _grant(self, worker: Worker) -> None:
        if worker.state != DONE:
            self._holder = worker
            worker.go_on()

    # Watching the workers

    def _watch(self) -> None:
        """Look from time to time, until both have ended, whether a worker waits for the other, or the run hangs."""
        deadlines, stopped = self._time.deadlines, inf
        deadlines[get_ident()] = inf
        try:
            with self._changed:
                while any(worker.state != DONE for worker in self.workers.values()):
                    self._changed.wait(TICK)
                    if self._run.hangs and stopped == inf:
                        stopped = monotonic()
                        self._note_places()
                        self.stop()
                    elif self._over and stopped == inf:  # pragma: no cover - whether it looks before both have ended
                        return
                    elif not self._over:
                        self._look()
                        self.deadlock = all(worker.state == BLOCKED for worker in self.workers.values())
                    if monotonic() - stopped > _GRACE:
                        self.abandoned = True
                        return
        finally:
            deadlines.pop(get_ident(), None)

    def _look(self) -> None:
        """Let the other worker go on if the one whose turn it is waits for it."""
        worker = self._holder
        if worker is None or self._serial:
            return
        other, sleeping = self._other(worker), list(self._time.deadlines)
        if worker.state == HELD:
            ready = other.state != BLOCKED or other.is_still(sleeping, asleep=False)
            if ready:  # pragma: no branch - whether it looks while the other one moves
                worker.go_on()
            return
        still = worker.state in {RUNS, ASLEEP} and worker.is_still(sleeping, asleep=worker.state == ASLEEP)
        if still:  # pragma: no branch - whether it looks while the worker moves
            worker.state = BLOCKED
            self._grant(other)

    def _note_places(self) -> None:
        """Note where the workers wait."""
        for worker in self.workers.values():
            if worker.state != DONE and not self._tasks:
                places = [place for frame in worker.frames().values() for place in stack_under_test(frame)]
                worker.stuck_at = shown_place(places[0]) if places else ""


async def _together(functions: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Await all functions at once."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        async with sys.modules["trio"].open_nursery() as nursery:
            for function in functions:
                nursery.start_soon(function)
    else:
        await asyncio.gather(*(function() for function in functions))


def _signal() -> tuple[Callable[[], object], Callable[[], Awaitable[object]]]:
    """Return a function that any thread can call, and one that waits for that in this task of asyncio or trio."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules["trio"]
        token, event = trio.lowlevel.current_trio_token(), trio.Event()
        return partial(token.run_sync_soon, event.set), event.wait
    flag = asyncio.Event()
    return partial(loop.call_soon_threadsafe, flag.set), flag.wait
