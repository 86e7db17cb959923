"""Two workers that take turns: one goes on, and the other waits just before a request or in a skipped sleep.

A schedule says at which requests the turn passes from one to the other. Plain functions are two threads, and coroutine
functions are two tasks of the running loop.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.arguments import Check
from ..._core.base.work import TICK, Work, current_work, set_work
from ..._core.wire.call import Call
from ..._facade import Handle, SharedTime, skipped_sleeps
from ..compare import named_by
from ..ids import SCHEDULE
from .run import ExploredRun, complete
from .watchdog import RunEnded

if TYPE_CHECKING:
    from types import FrameType

Calls = Mapping[str, Callable[[], Awaitable[Any]]]
"""The functions under test, by name."""

Schedule = tuple[str, ...]
"""At which requests the turn passes: before ``first#2``, then before ``second#1``; or ``first``, who only begins."""

PAGE: Final = "reference/exploring.html#two-workers"
FIRST: Final = "first"
SECOND: Final = "second"
READY, RUNS, HELD, ASLEEP, BLOCKED, DONE = "ready", "runs", "held", "asleep", "blocked", "done"
_STILL: Final = 5
"""Ticks for which all threads must be still if a worker seems to wait for the other."""
_GRACE: Final = 1.0
"""Real seconds in which the threads of a run that was stopped have to end."""


def read_schedule(check: Check, text: str) -> Schedule:
    if not SCHEDULE.fullmatch(text):
        raise check.refuse("only", text, "the id of a schedule, such as 'first-2-second-1'.")
    return tuple("#".join(filter(None, one)) for one in re.findall(rf"({FIRST}|{SECOND})[#-]?(\d*)", text))


@dataclass(eq=False)
class Worker:
    name: str
    work: Work
    state: str = READY
    waiters: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    def go_on(self) -> None:
        if self.waiters:
            self.state = RUNS
        waiters, self.waiters = self.waiters, []
        for wake in waiters:
            wake()


@dataclass(eq=False)
class Turns:
    """Lets the two workers of one run take turns, as a schedule says.

    The worker whose turn it is holds it until it ends, sleeps, or comes to a request at which the schedule switches;
    the other one is held before its own next request. Code may also wait for the other worker without a request, by a
    lock or a queue, which nobody can see. So `_watch` looks whether all threads stand still, and then passes the turn
    on; the worker that had it counts as blocked. It may move again at any moment, so of threads, one that arrives while
    the other is blocked is held until everything is still: which of both moves first must not depend on the machine.
    """

    fake: Handle
    time: SharedTime
    schedule: Schedule
    tasks: bool  # whether the workers are tasks of the event loop in this thread; else they are threads
    sent: list[tuple[str, Call]] = field(default_factory=list[tuple[str, Call]])
    # The requests at which one more switch was possible, and the switches of the schedule that were not made yet.
    choices: list[tuple[str, Call]] = field(default_factory=list[tuple[str, Call]])
    left: list[str] = field(init=False)
    _run: ExploredRun = field(init=False)
    _workers: dict[str, Worker] = field(init=False)
    _holder: Worker | None = None
    _over: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def taking(self, run: ExploredRun) -> Generator[None, None, None]:
        """Let the block be the run of both workers, in this thread."""
        self._run, self.left = run, [point for point in self.schedule if "#" in point]
        self._workers = {name: Worker(name, Work(run.work.test, run.work.report, run=run)) for name in (FIRST, SECOND)}
        self._holder = self._workers[self.schedule[0].partition("#")[0]]
        with skipped_sleeps(self._begin_sleep), self.fake.gated(self):
            try:
                yield
            finally:
                self.stop()

    async def perform(self, calls: Calls, found: dict[str, Any]) -> None:
        """Call both functions, in threads or in tasks of the running loop; note what they return, or raise an error."""
        errors: dict[str, BaseException] = {}

        async def work(worker: Worker) -> None:
            set_work(worker.work)
            begins = partial(self._begins, worker)
            try:
                if self.tasks:
                    await self._wait_unless(begins)
                else:
                    self._block_unless(begins)
                found[worker.name] = await calls[worker.name]()
            except BaseException as error:  # noqa: BLE001 - each outcome is judged
                errors[worker.name] = error
            finally:
                self._end(worker)

        workers = [partial(work, worker) for worker in self._workers.values()]
        if self.tasks:
            before = set_work(None)  # the watching thread belongs to no run
            threading.Thread(target=self._watch, name="aurous-turns", daemon=True).start()
            set_work(before)
            await _together(workers)
        else:
            for one in workers:
                threading.Thread(target=complete, args=(one(),)).start()
            self._watch()
        for name in calls:
            if name not in found:
                raise errors.get(name, RunEnded("A worker did not end."))

    # What the workers do

    def enter(self, call: Call) -> None:
        """Block this thread until it is the turn of a request; meanwhile, it is not at work."""
        self._block_unless(partial(self._arrives, call))

    async def aenter(self, call: Call) -> None:
        await self._wait_unless(partial(self._arrives, call))

    def stop(self) -> None:
        """Let nothing wait any more: the run is over, and ends each request by itself."""
        with self._changed:
            self._over = True
            for worker in self._workers.values():
                worker.go_on()

    def _block_unless(self, waiting: Callable[[], Worker | None]) -> None:
        """Block this thread for the worker that has to wait; None: none has."""
        event, deadlines, ident = threading.Event(), self.time.deadlines, get_ident()

        def wake() -> None:
            deadlines.pop(ident, None)
            event.set()

        with self._changed:
            if (worker := waiting()) is None:
                return
            deadlines[ident] = inf
            worker.waiters.append(wake)
        event.wait()

    async def _wait_unless(self, waiting: Callable[[], Worker | None]) -> None:
        wake, woken = _signal()
        with self._changed:
            if (worker := waiting()) is None:
                return
            worker.waiters.append(wake)
        await woken()

    def _worker(self) -> Worker | None:
        work = current_work()
        return next((one for one in self._workers.values() if one.work is work), None)

    def _begins(self, worker: Worker) -> Worker | None:
        """Return a worker that has not begun, unless it is its turn."""
        if worker is not self._holder and not self._over:
            return worker
        worker.state = RUNS
        return None

    def _arrives(self, call: Call) -> Worker | None:
        """Count a request, and return its worker if it has to wait. Over HTTP, that is the one whose turn it is."""
        work = current_work()
        worker = self._worker() or self._holder
        if self._over or worker is None or worker.state == DONE or (work and work.run not in {None, self._run}):
            return None  # such as a request of a thread that has outlived its worker
        self.sent.append((worker.name, call))
        worker.state, other = RUNS, self._other(worker)
        others_turn = self._holder not in {None, worker} and other.state != DONE
        if not others_turn:
            self._holder = worker
        # A worker that was blocked may go on meanwhile: the other one waits until nothing moves.
        waits = others_turn or (other.state == BLOCKED and not self.tasks)
        if waits or self._passes(worker):
            worker.state = HELD
            return worker
        return None

    def _passes(self, worker: Worker) -> bool:
        """Let the turn pass at the request that a worker has reached, if the schedule says so; else note the choice."""
        other, sent = self._other(worker), self._sent_by(worker)
        if other.state in {DONE, BLOCKED}:
            return False
        point = f"{worker.name}#{len(sent)}"
        passes = bool(self.left) and self.left[0] == point
        if passes:
            del self.left[0]
            self._grant(other)
        elif not self.left:
            self.choices.append((point, sent[-1]))
        return passes

    def _begin_sleep(self, seconds: float, frame: FrameType) -> Callable[[], BaseException | None]:
        """Let the other worker go on while one sleeps, unless it waits for work of the API that is in progress.

        Whichever wakes first sends the next request: the skipped sleeps end in their order.
        """
        worker = self._worker()
        stays = worker is None or self._awaits_work(worker)
        with self._changed:
            if worker is not None and worker.state != DONE:
                worker.state, other = ASLEEP, self._other(worker)
                if self._holder is worker and not stays:
                    self._holder = None
                    if other.state in {READY, HELD}:
                        self._grant(other)
        return self._run.begin_sleep(seconds, frame)

    def _awaits_work(self, worker: Worker) -> bool:
        """Whether the last request of a worker has started or polled work that is still in progress."""
        named = [name for call in self._sent_by(worker)[-1:] for name in named_by(call)]
        with self.fake.lock:
            return any(work in named for work in self.fake.working())

    def _sent_by(self, worker: Worker) -> list[Call]:
        return [call for name, call in self.sent if name == worker.name]

    def _end(self, worker: Worker) -> None:
        with self._changed:
            worker.state = DONE
            self._grant(self._other(worker))
            self._changed.notify_all()

    def _other(self, worker: Worker) -> Worker:
        return self._workers[SECOND if worker.name == FIRST else FIRST]

    def _grant(self, worker: Worker) -> None:
        if worker.state != DONE:
            self._holder = worker
            worker.go_on()

    # Watching the workers

    def _watch(self) -> None:
        """Look from time to time, until both have ended, whether a worker waits for the other, or the run hangs."""
        deadlines, others = self.time.deadlines, self.time.other_threads()
        deadlines[get_ident()] = inf
        try:
            with self._changed:
                while not self._are_done() and not self._over and not self._run.hangs:
                    self._changed.wait(TICK)
                    if any(deadline < inf for deadline in list(deadlines.values())):
                        others.reset()
                    elif others.still_for(_STILL):
                        self._pass_on()
                if self._run.hangs:
                    self.stop()
                    self._run.abandoned = not self._changed.wait_for(self._are_done, _GRACE)
        finally:
            deadlines.pop(get_ident(), None)

    def _are_done(self) -> bool:
        return all(worker.state == DONE for worker in self._workers.values())

    def _pass_on(self) -> None:
        """Let the other worker go on, because nothing moves: the one whose turn it is waits for it."""
        worker = self._holder
        if worker is not None and worker.state == HELD:
            # Whom it waited for may have gone on: whichever was faster, the choice is the same.
            if not self._passes(worker):
                worker.go_on()
        elif worker is not None and worker.state in {RUNS, ASLEEP}:
            worker.state = BLOCKED
            self._run.deadlock = all(one.state == BLOCKED for one in self._workers.values())
            self._grant(self._other(worker))


async def _together(functions: Iterable[Callable[[], Awaitable[None]]]) -> None:
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
