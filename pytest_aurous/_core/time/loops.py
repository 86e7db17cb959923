"""Skip the sleeps of asyncio and trio tasks.

A task sleeps by a timer of its loop, and the loop's clock jumps with the others. When every task waits and at least one
of them sleeps, the loop jumps to its first deadline: the end of a sleep, or a timeout.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.base_events import BaseEventLoop
from functools import partial, wraps
from inspect import CO_COROUTINE
from math import ceil, inf
from time import monotonic
from time import sleep as block_thread
from types import FrameType
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from ..base.errors import hide_mistakes
from ..base.frames import BYSTANDERS, LIBRARIES, package_of
from ..base.work import TICK
from .stillness import BRIEF, FILES, OtherThreads
from .turns import SharedTime, Sleep, warn_of_real_sleep

__tracebackhide__ = hide_mistakes

_FINE: Final = 1024
"""Parts of a second at which the clock of a loop can start: few bits, so that sums of sleeps are exact."""
_LONGEST: Final = 86_400.0
"""Seconds for which asyncio itself waits at most: some selectors accept no longer wait."""
_ALIKE: Final = 1e-6
"""Sleeps whose ends are less apart, in seconds, end at once: a sum of sleeps may be a little off."""


class AsyncioSleeps:
    """`asyncio.sleep` on any loop that is written in Python.

    The clock of a loop moves by what its tasks sleep, and by the real time for which the loop waits for a thread or a
    file while no task sleeps. While tasks work it stands still, so that they wake in the same order each time.
    """

    def __init__(self, shared: SharedTime, real: Any) -> None:
        self._shared = shared
        self._asleep: WeakKeyDictionary[Any, dict[asyncio.Future[None], Sleep]] = WeakKeyDictionary()
        self._waited: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._start = ceil(shared.now() * _FINE) / _FINE  # no clock goes back when skipping begins
        self._run_once = run_once = BaseEventLoop._run_once  # type: ignore[attr-defined]  # no public hook sees idleness
        self._time = BaseEventLoop.time

        @wraps(real)
        async def sleep(delay: float, result: Any = None) -> Any:
            loop: Any = asyncio.get_running_loop()
            frame = sys._getframe(1)
            if not delay and shared.active:
                shared.yield_now(frame)
            if not _is_skipped(shared, delay, frame):
                return await real(delay, result)
            if not jumps(loop):
                module = getattr(loop, "_run_once", loop).__module__
                warn_of_real_sleep(f"its event loop waits in the code of {module}, and its clock cannot jump.")
                return await real(delay, result)
            await self._sleep(loop, shared.begin(delay, frame, loop.time() + delay))
            return result

        def idle_or_run_once(loop: Any) -> None:
            self._idle(loop)
            run_once(loop)

        def standing_time(loop: Any) -> float:
            return self._now(loop) if shared.active else self._time(loop)  # a later patch may keep this for ever

        self.sleep = sleep
        self._patched_run_once, self._patched_time = idle_or_run_once, standing_time
        BaseEventLoop._run_once = idle_or_run_once  # type: ignore[attr-defined]
        BaseEventLoop.time = standing_time  # type: ignore[method-assign, assignment]

    def stop(self) -> None:
        """Restore `BaseEventLoop`. A loop that continues keeps its time, which has set its deadlines."""
        if BaseEventLoop._run_once is self._patched_run_once:  # type: ignore[attr-defined]
            BaseEventLoop._run_once = self._run_once  # type: ignore[attr-defined]
        if BaseEventLoop.time is self._patched_time:
            BaseEventLoop.time = self._time  # type: ignore[method-assign]
        for loop in list(self._waited):
            ahead = self._now(loop) - self._time(loop)
            loop._aurous_jumps = getattr(loop, "_aurous_jumps", 0.0) + ahead
            loop.time = partial(_time_and_jumps, loop)

    async def _sleep(self, loop: Any, sleep: Sleep) -> None:
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(sleep.end, _wake, future)
        asleep = self._asleep.setdefault(loop, {})
        asleep[future] = sleep
        try:
            await future
        finally:
            timer.cancel()
            del asleep[future]
        self._shared.finish(sleep)

    def _idle(self, loop: Any) -> None:
        """While *loop* is idle, wait for its events; if a task of it sleeps, jump when it is its turn."""
        if loop._ready or loop._stopping or not self._shared.active:
            return
        asleep = self._asleep.setdefault(loop, {})
        others = self._shared.other_threads()
        files = getattr(loop._selector, "get_map", dict[Any, Any])()
        ticks = FILES if len(files) > 1 else BRIEF  # one is the loop's own, for call_soon_threadsafe
        pause, began, since = 0.0, monotonic(), self._shared.real()
        try:
            while True:
                loop._process_events(loop._selector.select(min(pause, _LONGEST)))
                passed = monotonic() - began if pause else 0.0
                timers = [timer._when for timer in loop._scheduled if not timer._cancelled]
                if loop._ready or not timers:
                    self._wait(loop, 0.0 if asleep else passed)
                    return
                ahead = min(timers) - loop.time()
                if ahead <= passed:  # it has waited for so long in real time
                    if asleep:
                        self._shared.wait(ahead)
                    else:
                        self._wait(loop, max(0.0, ahead))
                    return
                if not asleep:
                    pause = ahead - passed
                    continue
                future, sleep = min(asleep.items(), key=lambda item: item[1].end)
                on_the_way = ahead < sleep.end - loop.time()
                # The same at each try: else each of two loops with equal sleeps finds the other's end a little earlier.
                to = since + self._shared.shift + ahead
                pause = self._shared.try_jump(to, sleep, others, ticks=ticks, on_the_way=on_the_way, ahead=ahead)
                if not pause:
                    if not on_the_way or sleep.error:
                        _wake(future)
                    return
                pause = min(pause, ahead - passed)
        finally:
            self._shared.leave()

    def _now(self, loop: Any) -> float:
        waited = self._waited.setdefault(loop, 0.0)
        return self._start + self._shared.nominal + waited if jumps(loop) else self._shared.now()

    def _wait(self, loop: Any, seconds: float) -> None:
        self._waited[loop] = self._waited.get(loop, 0.0) + seconds


class TrioSleeps:
    """`trio.sleep` and `trio.sleep_until`; while tasks work, the clock of trio stands, as in `AsyncioSleeps`.

    In an exploration, the tasks that can go on do so in the order in which they were spawned, and not by chance.
    """

    def __init__(self, shared: SharedTime, trio: Any) -> None:
        self._shared = shared
        self._trio = trio
        self._asleep: WeakKeyDictionary[Any, dict[Any, Sleep]] = WeakKeyDictionary()
        self._watched: WeakSet[Any] = WeakSet()
        self._since: WeakKeyDictionary[Any, tuple[float, float]] = WeakKeyDictionary()
        self._standing: dict[int, _StandingClock] = {}
        self._core = core = trio._core._run
        self._time = core.SystemClock.current_time
        self._chance, self._ordered = core._r, core._ALLOW_DETERMINISTIC_SCHEDULING
        real_sleep, real_until = trio.sleep, trio.sleep_until

        @wraps(real_sleep)
        async def sleep(seconds: float) -> None:
            frame = sys._getframe(1)
            if not seconds and shared.active:
                shared.yield_now(frame)
            if not _is_skipped(shared, seconds, frame):
                return await real_sleep(seconds)  # type: ignore[no-any-return]
            return await self._sleep(shared.begin(seconds, frame, trio.current_time() + seconds))

        @wraps(real_until)
        async def sleep_until(deadline: float) -> None:
            frame, seconds = sys._getframe(1), deadline - trio.current_time()
            if not _is_skipped(shared, seconds, frame):
                return await real_until(deadline)  # type: ignore[no-any-return]
            return await self._sleep(shared.begin(seconds, frame, deadline))

        def standing_time(clock: Any) -> float:
            return self._now(clock) if shared.active else float(self._time(clock))

        self.sleep = sleep
        self.pairs = [(real_sleep, sleep), (real_until, sleep_until)]
        self._patched_time, self._order = standing_time, _SpawnOrder(shared, core._r)
        core.SystemClock.current_time = standing_time
        core._r, core._ALLOW_DETERMINISTIC_SCHEDULING = self._order, True

    def stop(self) -> None:
        """Restore trio. A run that continues keeps its time, as in `AsyncioSleeps.stop`."""
        core = self._core
        core._ALLOW_DETERMINISTIC_SCHEDULING = self._ordered
        if core.SystemClock.current_time is self._patched_time:
            core.SystemClock.current_time = self._time
        if core._r is self._order:
            core._r = self._chance
        for standing in self._standing.values():
            ahead = standing.now() - self._time(standing.clock)
            object.__setattr__(standing.clock, "offset", standing.clock.offset + ahead)  # it is a frozen class

    def _now(self, clock: Any) -> float:
        """Return the time of a clock, which stands from the first time on that its run reads it."""
        standing = self._standing.get(id(clock))
        if standing is None:
            lowlevel, now = self._trio.lowlevel, float(self._time(clock))
            try:
                running = lowlevel.current_clock()
            except RuntimeError:  # no run reads it
                running = None
            if running is not clock:
                return now
            asleep = self._asleep.setdefault(lowlevel.current_trio_token(), {})
            standing = _StandingClock(self._shared, self._core.GLOBAL_RUN_CONTEXT.runner, clock, now, asleep)
            self._standing[id(clock)] = standing
            lowlevel.add_instrument(standing)
        return standing.now()

    async def _sleep(self, sleep: Sleep) -> None:
        trio = self._trio
        token, clock = trio.lowlevel.current_trio_token(), trio.lowlevel.current_clock()
        asleep = self._asleep.setdefault(token, {})
        self._start_again(token)
        with trio.CancelScope(deadline=sleep.end) as scope:
            asleep[scope] = sleep
            if token not in self._watched:
                self._watched.add(token)
                trio.lowlevel.spawn_system_task(self._watch, token, clock)
            try:
                await trio.sleep_forever()
            finally:
                del asleep[scope]
        self._shared.finish(sleep)

    async def _watch(self, token: Any, clock: Any) -> None:
        """Jump when all tasks are blocked, as trio's own MockClock does with ``autojump_threshold=0``."""
        trio, asleep, others = self._trio, self._asleep[token], self._shared.other_threads()
        standing = self._standing.get(id(clock))
        try:
            while asleep and self._shared.active:
                # A wait of more than 0 s takes a millisecond at least.
                await self._pause(0.0 if standing is not None else TICK / 1000)
                if standing is not None and standing.waiting > 1:
                    continue  # a test that also waits until all tasks are blocked comes first
                if asleep:
                    first = min(sleep.end for sleep in asleep.values())
                    self._shared.announce(self._at(token, first - trio.current_time()))
                io = trio.lowlevel.current_statistics().io_statistics
                if getattr(io, "tasks_waiting_read", 2) + getattr(io, "tasks_waiting_write", 0) > 1:  # one is trio's
                    await self._pause(FILES * TICK)
                if asleep and (pause := self._jump(token, clock, others)):
                    await self._pause(pause)
        finally:
            self._shared.leave()
            self._watched.discard(token)

    async def _pause(self, seconds: float) -> None:
        """Wait until all tasks have been blocked for so long in real time, whatever the run's clock."""
        if seconds and self._core.GLOBAL_RUN_CONTEXT.runner.is_guest:
            # A guest waits in a thread of its own, which would be at work at each check of the other threads.
            block_thread(seconds)  # noqa: ASYNC251 - its host waits no longer than a check takes
            seconds = 0.0
        await self._trio._core.wait_all_tasks_blocked(seconds)

    def _start_again(self, token: Any) -> None:
        """Note when a task of a run began to sleep, or when the clock of the run moved after that."""
        self._since[token] = monotonic(), self._shared.real()

    def _at(self, token: Any, ahead: float) -> float:
        """Return when a run that waits is *ahead* seconds further, in shared time: the same, however often it asks."""
        return self._since[token][1] + self._shared.shift + ahead

    def _jump(self, token: Any, clock: Any, others: OtherThreads) -> float:
        """Jump if it is the turn of this run; return how long to pause otherwise."""
        asleep = self._asleep[token]
        sleep = min(asleep.values(), key=lambda one: one.end)
        ahead = max(0.0, self._trio.lowlevel.current_statistics().seconds_to_next_deadline)
        standing = self._standing.get(id(clock))
        # It has waited for so long in real time.
        if standing is not None and monotonic() - self._since[token][0] >= ahead > 0:
            self._start_again(token)
            self._shared.wait(ahead)
            return 0.0
        on_the_way = self._trio.current_time() + ahead < sleep.end
        # It has no less ahead after a wait: ours, and trio's MockClock, which does not read `time`.
        stands = standing is not None or hasattr(clock, "jump")
        to = self._at(token, ahead) if stands else self._shared.now() + ahead
        exact = ahead if stands else None
        pause = self._shared.try_jump(to, sleep, others, on_the_way=on_the_way, ahead=exact)
        if not pause:
            others.reset()
            self._shared.leave()
            self._start_again(token)
            if hasattr(clock, "jump"):
                clock.jump(ahead)
            if not on_the_way or sleep.error:
                for scope in [scope for scope, one in asleep.items() if one.end - sleep.end < _ALIKE]:
                    scope.cancel()
        return float(min(pause, ahead / 2))  # trio wakes who waits for less time than there is until the next deadline


class _StandingClock:
    """The time of one run of trio, as an instrument of it: it adds the real time for which the run waits."""

    def __init__(self, shared: SharedTime, run: Any, clock: Any, now: float, asleep: dict[Any, Sleep]) -> None:
        self.clock = clock
        self.waiting = 0  # how many tasks wait until all others are blocked, and no longer
        self._shared = shared
        self._run = run
        self._asleep = asleep
        self._start = ceil(now * _FINE) / _FINE - shared.nominal
        self._waited = self._began = 0.0

    def now(self) -> float:
        return self._start + self._shared.nominal + self._waited

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - trio calls it
        self._began = monotonic()
        self.waiting = sum(not cushion for cushion, _ in self._run.waiting_for_idle)

    def after_io_wait(self, timeout: float) -> None:
        if not self._shared.active:
            self._run.instruments.remove_instrument(self)
        elif not self._asleep:
            self._waited += min(timeout, monotonic() - self._began)


class _SpawnOrder:
    """Trio's source of chance, but in an exploration it leaves tasks in the order in which they were spawned."""

    def __init__(self, shared: SharedTime, real: Any) -> None:
        self._shared = shared
        self._real = real

    def shuffle(self, tasks: list[Any]) -> None:
        """Order tasks; the last one goes on first."""
        if self._shared.limit is not None:
            tasks.reverse()
        else:
            self._real.shuffle(tasks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _is_skipped(shared: SharedTime, seconds: float, frame: FrameType) -> bool:
    """Whether to skip the sleep of a task: it ends some day, and the code under test awaits it."""
    if not shared.active or not 0 < seconds < inf:
        return False
    caller: FrameType | None = frame
    # Only coroutines can have asked for it. The frames below run the loop, and may belong to a pytest plugin.
    while caller is not None and caller.f_code.co_flags & CO_COROUTINE and package_of(caller) in LIBRARIES:
        caller = caller.f_back
    return caller is None or not caller.f_code.co_flags & CO_COROUTINE or package_of(caller) not in BYSTANDERS


def jumps(loop: Any) -> bool:
    """Whether a loop waits in asyncio's own `_run_once`: uvloop is not written in Python, nest_asyncio replaces it."""
    run_once = getattr(getattr(loop, "_run_once", None), "__func__", None)
    return run_once is BaseEventLoop._run_once  # type: ignore[attr-defined]


def _time_and_jumps(loop: Any) -> float:
    return float(loop.__class__.time(loop) + loop._aurous_jumps)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
