"""Sleeps of tasks: what asyncio and trio do while every task waits, and some of them for the time alone.

Both sleep by their own timers, which the jumps of `time` bring forward. What is added is the jump: when nothing else
is left to run, to the first deadline of the loop, be it the end of a sleep or a timeout.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.base_events import BaseEventLoop
from functools import partial, wraps
from inspect import CO_COROUTINE
from math import inf
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from .._frames import BYSTANDERS, LIBRARIES, package_of
from .stillness import BRIEF, FILES, TICK, Stillness
from .turns import Sleep, Timeline

__all__ = ("AsyncioSleeps", "TrioSleeps")


class AsyncioSleeps:
    """`asyncio.sleep` on any loop that is written in Python."""

    def __init__(self, timeline: Timeline, real: Any) -> None:
        self._timeline = timeline
        self._asleep: WeakKeyDictionary[Any, dict[asyncio.Future[None], Sleep]] = WeakKeyDictionary()
        self._run_once = run_once = BaseEventLoop._run_once  # type: ignore[attr-defined]  # no public hook sees idleness

        @wraps(real)
        async def sleep(delay: float, result: Any = None) -> Any:
            loop: Any = asyncio.get_running_loop()
            frame = sys._getframe(1)
            # uvloop keeps its own time, out of reach: there a sleep stays real.
            if not isinstance(loop, BaseEventLoop) or not _is_ours(timeline, delay, frame):
                return await real(delay, result)
            await self._sleep(loop, timeline.begin(delay, frame, loop.time() + delay))
            return result

        def idle_or_run_once(loop: Any) -> None:
            self._idle(loop)
            run_once(loop)

        self.sleep = sleep
        self._patched_run_once = idle_or_run_once
        BaseEventLoop._run_once = idle_or_run_once  # type: ignore[attr-defined]

    def stop(self) -> None:
        """Let loops be; those that live on keep their jumps, for a loop's deadlines are reckoned by its own clock."""
        if BaseEventLoop._run_once is self._patched_run_once:  # type: ignore[attr-defined]
            BaseEventLoop._run_once = self._run_once  # type: ignore[attr-defined]
        for loop in list(self._asleep):
            past = loop.__dict__.get("time")
            jumps = past.args[1] if isinstance(past, partial) and past.func is _time_and_jumps else 0.0
            loop.time = partial(_time_and_jumps, loop, jumps + self._timeline.shift)

    async def _sleep(self, loop: Any, sleep: Sleep) -> None:
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(sleep.when, _wake, future)
        asleep = self._asleep.setdefault(loop, {})
        asleep[future] = sleep
        try:
            await future
        finally:
            timer.cancel()
            del asleep[future]
        self._timeline.arrive(sleep)

    def _idle(self, loop: Any) -> None:
        """Wait in place of *loop* while it has nothing to run and a task sleeps; jump when that is this loop's turn."""
        asleep = self._asleep.setdefault(loop, {})
        if not asleep or loop._ready or loop._stopping or not self._timeline.active:
            return
        still = self._timeline.stillness()
        files = len(
            getattr(loop._selector, "get_map", tuple[int, ...])()
        )  # one is the loop's own, for call_soon_threadsafe
        pause = 0.0
        try:
            while True:
                events = loop._selector.select(pause)
                loop._process_events(events)
                future, sleep = min(asleep.items(), key=lambda item: item[1].when)
                first = min(timer._when for timer in loop._scheduled if not timer._cancelled)
                ahead = first - loop.time()
                if events or loop._ready or ahead <= 0:
                    return
                when = self._timeline.now() + ahead
                still_for = FILES if files > 1 else BRIEF
                pause = self._timeline.reach(when, sleep, still, ticks=still_for, on_the_way=first < sleep.when)
                if not pause:
                    if first >= sleep.when or sleep.error:
                        _wake(future)
                    return
                pause = min(pause, ahead)
        finally:
            self._timeline.leave()


class TrioSleeps:
    """`trio.sleep` and `trio.sleep_until`."""

    def __init__(self, timeline: Timeline, trio: Any) -> None:
        self._timeline = timeline
        self._trio = trio
        self._asleep: WeakKeyDictionary[Any, dict[Any, Sleep]] = WeakKeyDictionary()
        self._watched: WeakSet[Any] = WeakSet()
        self._clocks: dict[int, Any] = {}
        real_sleep, real_until = trio.sleep, trio.sleep_until

        @wraps(real_sleep)
        async def sleep(seconds: float) -> None:
            frame = sys._getframe(1)
            if not _is_ours(timeline, seconds, frame):
                return await real_sleep(seconds)  # type: ignore[no-any-return]
            return await self._sleep(timeline.begin(seconds, frame, trio.current_time() + seconds))

        @wraps(real_until)
        async def sleep_until(deadline: float) -> None:
            frame, seconds = sys._getframe(1), deadline - trio.current_time()
            if not _is_ours(timeline, seconds, frame):
                return await real_until(deadline)  # type: ignore[no-any-return]
            return await self._sleep(timeline.begin(seconds, frame, deadline))

        self.pairs = [(real_sleep, sleep), (real_until, sleep_until)]

    def stop(self) -> None:
        """Let a run that goes on keep its jumps, as `AsyncioSleeps.stop` does."""
        for clock in self._clocks.values():
            if hasattr(clock, "offset"):  # trio's own, frozen; a test's clock stands where it was put
                object.__setattr__(clock, "offset", clock.offset + self._timeline.shift)

    async def _sleep(self, sleep: Sleep) -> None:
        trio = self._trio
        token, clock = trio.lowlevel.current_trio_token(), trio.lowlevel.current_clock()
        asleep = self._asleep.setdefault(token, {})
        self._clocks[id(clock)] = clock
        with trio.CancelScope(deadline=sleep.when) as scope:
            asleep[scope] = sleep
            if token not in self._watched:
                self._watched.add(token)
                trio.lowlevel.spawn_system_task(self._watch, token, clock)
            try:
                await trio.sleep_forever()
            finally:
                del asleep[scope]
        self._timeline.arrive(sleep)

    async def _watch(self, token: Any, clock: Any) -> None:
        """Jump when all tasks are blocked, as trio's own MockClock does with ``autojump_threshold=0``."""
        trio, asleep, still = self._trio, self._asleep[token], self._timeline.stillness()
        try:
            while asleep and self._timeline.active:
                # Not 0: a test that waits for the same comes first.
                await trio._core.wait_all_tasks_blocked(TICK / 1000)
                if asleep:
                    first = min(sleep.when for sleep in asleep.values())
                    self._timeline.expect(self._timeline.now() + first - trio.current_time())
                io = trio.lowlevel.current_statistics().io_statistics
                if getattr(io, "tasks_waiting_read", 2) + getattr(io, "tasks_waiting_write", 0) > 1:  # one is trio's
                    await trio._core.wait_all_tasks_blocked(FILES * TICK)
                if asleep and (pause := self._jump(asleep, clock, still)):
                    await trio._core.wait_all_tasks_blocked(pause)  # in real time, whatever the run's clock
        finally:
            self._timeline.leave()
            self._watched.discard(token)

    def _jump(self, asleep: dict[Any, Sleep], clock: Any, still: Stillness) -> float:
        """Jump if it is this run's turn; return how long to pause otherwise."""
        scope, sleep = min(asleep.items(), key=lambda item: item[1].when)
        ahead = max(0.0, self._trio.lowlevel.current_statistics().seconds_to_next_deadline)
        on_the_way = self._trio.current_time() + ahead < sleep.when
        pause = self._timeline.reach(self._timeline.now() + ahead, sleep, still, on_the_way=on_the_way)
        if not pause:
            still.reset()
            self._timeline.leave()
            if hasattr(clock, "jump"):  # a MockClock has a time of its own
                clock.jump(ahead)
            if not on_the_way or sleep.error:
                scope.cancel()
        return float(min(pause, ahead))


def _is_ours(timeline: Timeline, seconds: float, frame: FrameType) -> bool:
    """Return whether a task's sleep is to be skipped: not for ever, and awaited by the code under test."""
    if not timeline.active or not 0 < seconds < inf:
        return False
    caller: FrameType | None = frame
    # Only what awaits has asked for it. Below stands who runs the loop, which may well be a plugin of pytest.
    while caller is not None and caller.f_code.co_flags & CO_COROUTINE and package_of(caller) in LIBRARIES:
        caller = caller.f_back
    return caller is None or not caller.f_code.co_flags & CO_COROUTINE or package_of(caller) not in BYSTANDERS


def _time_and_jumps(loop: Any, jumps: float) -> float:
    real: float = loop.__class__.time(loop)
    return real + jumps


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
