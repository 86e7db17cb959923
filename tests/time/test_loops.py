import asyncio
import heapq
import re
import socket
import subprocess
import sys
import threading
import time
from asyncio import sleep as nap
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partialmethod
from random import Random
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing
from anyio._core._eventloop import get_async_backend

from pytest_aurous import AurousError, AurousWarning
from pytest_aurous._core.base.frames import short_path
from tests.time.conftest import REAL, Jumps, jumping

pytestmark = pytest.mark.python

Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture(name="backend", params=["asyncio", "trio"])
def _backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="run")
def _run(jumps: Jumps, backend: str) -> Run:
    return lambda function: anyio.run(function, backend=backend)


async def polling(sleep: Callable[[float], Awaitable[Any]]) -> None:
    for _ in range(90):
        await sleep(1)


async def for_ever(seconds: float) -> None:
    for _ in iter(int, 1):
        await anyio.sleep(seconds)


# Both


def test_a_poll_loop_takes_no_time(run: Run, jumps: Jumps) -> None:
    """Ninety sleeps of a second end in milliseconds, and a frozen clock is moved by 90 s to the dot."""
    with jumping():
        run(lambda: polling(anyio.sleep))

    assert jumps.frozen == 90
    assert 0 < jumps.running <= 90


def test_the_clocks_of_loops_jump(run: Run, jumps: Jumps) -> None:
    """The loop's own clock and the clocks of `time` show that the sleep has passed, and no less."""

    async def main() -> list[float]:
        def read() -> list[float]:
            return [anyio.current_time(), time.time(), time.monotonic(), time.perf_counter()]

        before = read()
        await anyio.sleep(10)
        return [later - earlier for earlier, later in zip(before, read(), strict=True)]

    with jumping():
        assert all(passed >= 10 for passed in run(main))
    assert jumps.frozen == 10


def test_tasks_wake_in_order(run: Run) -> None:
    """Tasks wake by their deadlines, at their deadlines, whoever went to sleep first."""
    woken: list[tuple[int, int]] = []

    async def main() -> None:
        start = anyio.current_time()

        async def sleeper(seconds: int) -> None:
            await anyio.sleep(seconds)
            woken.append((seconds, int((anyio.current_time() - start) // 10 * 10)))

        async with anyio.create_task_group() as tasks:
            for seconds in (50, 20, 40, 10, 30):
                tasks.start_soon(sleeper, seconds)

    with jumping():
        run(main)

    assert woken == [(10, 10), (20, 20), (30, 30), (40, 40), (50, 50)]


def test_every_other_task_has_its_turn(run: Run) -> None:
    """Before time jumps, all that others can do without sleeping is done."""
    done: list[str] = []

    async def main() -> None:
        async def work() -> None:
            for step in range(100):
                await anyio.lowlevel.checkpoint()
                done.append(f"step {step}")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await anyio.sleep(10)
            assert len(done) == 100

    with jumping():
        run(main)


def test_work_in_a_thread_comes_first(run: Run) -> None:
    """Time does not jump while a thread works for another task."""
    done: list[str] = []

    async def main() -> None:
        async def work() -> None:
            await anyio.to_thread.run_sync(lambda: REAL.sleep(0.05))
            done.append("worked")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await anyio.sleep(10)
            assert done == ["worked"]

    with jumping():
        run(main)


def test_timeouts_arrive(run: Run, jumps: Jumps) -> None:
    """`move_on_after` and `fail_after` cut a longer sleep off when their time has come, and let a shorter one be."""

    async def main() -> None:
        start = anyio.current_time()
        with anyio.move_on_after(5) as scope:
            await anyio.sleep(10)
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError), anyio.fail_after(5):
            await polling(anyio.sleep)
        with anyio.fail_after(20):
            await anyio.sleep(10)
        assert anyio.current_time() - start >= 20

    with jumping():
        run(main)

    assert jumps.frozen == pytest.approx(20, abs=1)


def test_beside_a_task_that_sleeps_each_wait_has_its_timeout(run: Run, jumps: Jumps) -> None:
    """Also if it is no sleep: so a test skips the waits for an event that code under test polls with."""

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 50_000)
            await anyio.lowlevel.checkpoint()
            for _ in range(10):
                with anyio.move_on_after(3600):
                    await anyio.Event().wait()
            tasks.cancel_scope.cancel()

    with jumping():
        run(main)

    assert jumps.frozen == 36_000


@pytest.mark.parametrize("seconds", [0.125, 2**-10])
def test_a_busy_thread_makes_a_task_sleep_really(run: Run, jumps: Jumps, seconds: float) -> None:
    """Where another thread works without end, a task sleeps as long as it says, and each clock sees that once."""
    stop: list[bool] = []

    def work() -> None:
        for _ in range(10**9):
            if stop:
                break

    worker = threading.Thread(target=work, daemon=True)
    worker.start()

    async def main() -> float:
        began = anyio.current_time()
        await anyio.sleep(seconds)
        return anyio.current_time() - began

    start = REAL.clock()
    seen = run(main)
    passed = REAL.clock() - start
    stop.append(True)
    worker.join()

    assert passed >= seconds
    assert (seen, jumps.running, jumps.frozen) == (seconds, 0, seconds)


def test_sleeping_for_ever_is_no_sleep(run: Run, jumps: Jumps) -> None:
    """Who sleeps for ever waits to be cancelled, and no clock is moved for that."""

    async def main() -> None:
        with anyio.move_on_after(0.05):
            await anyio.sleep_forever()
        await anyio.sleep(0)  # noqa: ASYNC115 - this is what is tested

    run(main)

    assert jumps.running == 0


@pytest.mark.parametrize("days", [1, 30])
def test_a_week_is_too_long(run: Run, jumps: Jumps, days: int) -> None:
    """A task that sleeps past a week is stopped with an error that says where it sleeps; the others are not."""
    others: list[int] = []

    async def other() -> None:
        await anyio.sleep(86_400)
        others.append(1)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            with pytest.raises(
                AurousError, match=rf"{re.escape(short_path(__file__))}:\d+ sleeps another {days * 86_400:,} s"
            ):
                await for_ever(days * 86_400)

    with jumping():
        run(main)

    assert others == [1]
    assert jumps.frozen <= 7 * 86_400


def test_skipping_for_a_while(backend: str) -> None:
    """In a loop that runs before and after, its clock never goes back, and who still sleeps then does so really."""
    jumps = Jumps()

    async def main() -> None:
        start, woken = anyio.current_time(), []

        async def sleeper() -> None:
            await anyio.sleep(100.6)
            woken.append(anyio.current_time() - start)

        async with anyio.create_task_group() as tasks:
            with jumps.skipper():
                tasks.start_soon(sleeper)
                await anyio.sleep(60)
            assert round(anyio.current_time() - start, 6) >= 60
            with jumps.skipper():
                await anyio.sleep(40)
            assert not woken
            assert round(anyio.current_time() - start, 6) >= 100
            await anyio.sleep(0.8)
            assert woken[0] >= 100.6

    anyio.run(main, backend=backend)

    assert jumps.frozen == pytest.approx(100, abs=1e-6)
    assert abs(time.monotonic() - REAL.clock()) < 1


def test_two_loops_share_the_time(jumps: Jumps) -> None:
    """A loop of asyncio and one of trio, each in its thread, wake in order as threads do."""
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        for turn in range(3):
            await anyio.sleep(seconds if not turn else 20)
            woken.append(seconds + 20 * turn)

    def runner(backend: str, seconds: int) -> None:
        anyio.run(sleeper, seconds, backend=backend)

    threads = [threading.Thread(target=runner, args=args, daemon=True) for args in (("asyncio", 10), ("trio", 20))]
    with jumping():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert woken == [10, 20, 30, 40, 50, 60]


def in_asyncio() -> None:
    asyncio.run(hours())


def beside_to_thread() -> None:
    async def main() -> None:
        await asyncio.gather(hours(), asyncio.to_thread(in_asyncio))

    asyncio.run(main())


def in_trio() -> None:
    trio.run(hours)


def under_a_mock_clock() -> None:
    trio.run(hours, clock=trio.testing.MockClock())


async def hours() -> None:
    for _ in range(5):
        await anyio.sleep(3600)


@pytest.mark.parametrize(
    "runs",
    [
        (in_asyncio, in_asyncio),
        (in_trio, in_trio),
        (in_asyncio, in_trio, in_trio),
        (under_a_mock_clock, under_a_mock_clock),
        (beside_to_thread,),
    ],
)
def test_loops_with_equal_sleeps_do_not_wait_for_each_other(jumps: Jumps, runs: tuple[Callable[[], None], ...]) -> None:
    """Whoever slept first goes first, however often the others compute when their own sleep ends."""
    threads = [threading.Thread(target=run, daemon=True) for run in runs]
    with jumping():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert not any(thread.is_alive() for thread in threads)
    assert 5 * 3600 <= round(jumps.frozen) <= 3 * 5 * 3600


# asyncio


def test_asyncio_has_its_say(jumps: Jumps) -> None:
    """`asyncio.sleep` gives its result, by name too; none and negative delays end at once."""

    async def main() -> list[str]:
        assert asyncio.iscoroutinefunction(asyncio.sleep)
        return [await asyncio.sleep(10, "a"), await nap(10, "b"), await nap(0, "c"), await nap(-1, "d")]

    with jumping():
        assert asyncio.run(main()) == ["a", "b", "c", "d"]
    assert jumps.frozen == 20


def test_who_is_cancelled_at_the_last_moment(jumps: Jumps) -> None:
    """A task that is cancelled and would have woken in the same turn of the loop is cancelled."""

    async def main() -> None:
        task = asyncio.ensure_future(asyncio.sleep(6))
        asyncio.get_running_loop().call_later(5, task.cancel)
        await asyncio.sleep(0)
        time.sleep(20)  # noqa: ASYNC251 - nothing else makes both late
        with pytest.raises(asyncio.CancelledError):
            await task

    with jumping():
        asyncio.run(main())


def test_a_call_from_a_thread_comes_first(jumps: Jumps) -> None:
    """A thread that wakes a task is heard before time jumps, and the timer of the task is out of date then."""

    async def main() -> float:
        loop, event = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            REAL.sleep(0.03)
            loop.call_soon_threadsafe(event.set)

        background = asyncio.ensure_future(asyncio.sleep(100))
        threading.Thread(target=work, daemon=True).start()
        start = loop.time()
        await asyncio.wait_for(event.wait(), 50)
        passed = loop.time() - start
        background.cancel()
        return passed

    assert asyncio.run(main()) < 50


def test_a_loop_that_stands_still_holds_nobody_up(jumps: Jumps) -> None:
    """A task whose loop does not run at present does not keep others from their time."""
    loop = asyncio.new_event_loop()
    background = loop.create_task(asyncio.sleep(30))
    loop.run_until_complete(asyncio.sleep(10))
    with jumping():
        time.sleep(100)
        loop.run_until_complete(background)
    loop.close()

    assert jumps.frozen == 110


def test_a_server_of_the_fake_does_not_make_time_fly(jumps: Jumps) -> None:
    """What runs the fake's server sleeps really: its heartbeat moves no clock."""
    space: dict[str, Any] = {"__name__": "uvicorn.server"}
    code = "import asyncio\nasync def main_loop():\n    await asyncio.sleep(0.02)\n"
    exec(code, space)  # noqa: S102 - a module of that name, without the package
    start = REAL.clock()
    asyncio.run(space["main_loop"]())

    assert REAL.clock() - start >= 0.02
    assert jumps.running == 0


def test_a_patch_of_others_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who patches the loop later than we do keeps what they have done when we go."""
    from asyncio.base_events import BaseEventLoop

    from trio._core import _run as core

    before = BaseEventLoop._run_once, BaseEventLoop.time  # type: ignore[attr-defined]
    clock, chance = core.SystemClock.current_time, core._r
    with Jumps().skipper():
        ours = BaseEventLoop._run_once  # type: ignore[attr-defined]

        our_time = BaseEventLoop.time

        def theirs(loop: Any) -> None:
            ours(loop)

        def their_time(loop: Any) -> float:
            return our_time(loop)

        monkeypatch.setattr(BaseEventLoop, "_run_once", theirs)
        monkeypatch.setattr(BaseEventLoop, "time", their_time)
        our_clock = core.SystemClock.current_time
        monkeypatch.setattr(core.SystemClock, "current_time", partialmethod(our_clock))
        monkeypatch.setattr(core, "_r", theirs_too := Random(1))
        asyncio.run(asyncio.sleep(10))
        trio.run(trio.sleep, 10)
    trio.run(trio.sleep, 0.001)
    assert core._r is theirs_too
    assert BaseEventLoop._run_once is theirs  # type: ignore[attr-defined]
    assert BaseEventLoop.time is their_time
    asyncio.run(asyncio.sleep(0.001))
    monkeypatch.undo()
    BaseEventLoop._run_once, BaseEventLoop.time = before  # type: ignore[attr-defined, method-assign]
    core.SystemClock.current_time, core._r = clock, chance  # type: ignore[method-assign]


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_loop_with_a_run_once_of_its_own_sleeps_really(
    jumps: Jumps, monkeypatch: pytest.MonkeyPatch, *, meanwhile: bool
) -> None:
    """As nest_asyncio does, also in the middle of a run: its clock and timers are real, and a warning says so."""
    limit = REAL.clock() + 60

    class Loop(asyncio.SelectorEventLoop):
        pass

    def theirs(loop: Any) -> None:
        timeout = max(0, loop._scheduled[0]._when - loop.time()) if loop._scheduled else None
        loop._process_events(loop._selector.select(0 if loop._ready else timeout))
        while loop._scheduled and loop._scheduled[0]._when < loop.time() + loop._clock_resolution:
            loop._ready.append(heapq.heappop(loop._scheduled))
        for _ in range(len(loop._ready)):
            loop._ready.popleft()._run()
        assert REAL.clock() < limit, "it runs for ever"

    async def main() -> None:
        loop = asyncio.get_running_loop()
        if meanwhile:
            await asyncio.sleep(3600)
            before = loop.time()
            monkeypatch.setattr(Loop, "_run_once", theirs, raising=False)
            assert loop.time() > before - 0.01
        real, start = REAL.clock(), loop.time()
        await asyncio.sleep(0.05)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.05)
        passed = loop.time() - start
        assert 0.09 < passed <= REAL.clock() - real + 1e-6  # the real clock is read outside of the other

    if not meanwhile:
        monkeypatch.setattr(Loop, "_run_once", theirs, raising=False)
    loop = Loop()
    with pytest.warns(AurousWarning, match=r"the code of tests\.time\.test_loops, and its clock cannot jump\."):
        loop.run_until_complete(main())
    loop.close()

    assert jumps.frozen == (3600 if meanwhile else 0)


# trio


def test_trio_has_its_say(jumps: Jumps) -> None:
    """`trio.sleep` and `trio.sleep_until` are skipped; no time at all and the past end at once, nonsense is refused."""

    async def main() -> None:
        start = trio.current_time()
        await trio.sleep(10)
        await trio.sleep_until(start + 30)
        await trio.sleep(0)  # noqa: ASYNC115 - this is what is tested
        await trio.sleep_until(start)
        with pytest.raises(ValueError, match="non-negative"):
            await trio.sleep(-1)
        assert trio.current_time() - start >= 30

    with jumping():
        trio.run(main)


def test_the_clock_of_trio_stands_while_tasks_work(jumps: Jumps) -> None:
    """It moves by what tasks sleep, and by real waits for a timeout or a thread; a clock without a run goes on."""

    async def main() -> None:
        began = trio.current_time()
        assert sum(range(200_000)) > 0
        assert trio.current_time() == began
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 3)
            nursery.start_soon(trio.sleep, 5)
        assert trio.current_time() - began == 5
        with trio.move_on_after(0.0625):
            await trio.Event().wait()
        assert trio.current_time() - began == 5.0625
        with trio.fail_after(60):
            await trio.to_thread.run_sync(REAL.sleep, 0.02)
        assert 0 < trio.current_time() - began - 5.0625 < 30

    with jumping():
        trio.run(main)
    other = trio._core._run.SystemClock()
    assert other.current_time() < other.current_time()


def test_a_test_that_waits_for_blocked_tasks_comes_first(jumps: Jumps) -> None:
    """`wait_all_tasks_blocked` returns before time jumps, as with trio's own autojump."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 10)
            start = trio.current_time()
            for _ in range(10):
                await trio.testing.wait_all_tasks_blocked()
            assert trio.current_time() - start < 9

    with jumping():
        trio.run(main)


class Waits(trio.abc.Instrument):
    """Notes for how long a run would wait for events."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def before_io_wait(self, timeout: float) -> None:
        """Note one."""
        self.waits.append(timeout)


def as_guest(main: Callable[[], Awaitable[Any]], clock: Any = None) -> None:
    """Run trio as anyio's plugin of pytest does."""
    with get_async_backend("trio").create_test_runner({"clock": clock}) as runner:
        runner.run_test(main, {})  # type: ignore[arg-type]


@contextmanager
def a_thread_that_waits() -> Iterator[None]:
    """Run a thread that is in C code, where nobody sees whether it works."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield
        socket.create_connection(server.getsockname()).close()
        thread.join()


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a thread that waits for connections"])
@pytest.mark.parametrize("run", [trio.run, as_guest], ids=["trio", "anyio's runner"])
def test_trio_does_not_wait_to_skip_a_sleep(jumps: Jumps, run: Callable[..., Any], *, beside: bool) -> None:
    """Not for a moment, which would be a millisecond, and a second thread if anyio runs trio as a guest."""
    waiting = Waits()

    async def main() -> None:
        await trio.sleep(3600)
        trio.lowlevel.add_instrument(waiting)
        for _ in range(100):
            await trio.sleep(3600)
        trio.lowlevel.remove_instrument(waiting)

    with a_thread_that_waits() if beside else nullcontext(), jumping():
        run(main)

    assert jumps.frozen == 101 * 3600
    assert len(waiting.waits) >= 100
    assert sum(map(bool, waiting.waits)) < 50  # threads of earlier tests may run now and then


@pytest.mark.parametrize("mocked", [False, True], ids=["clock", "mock clock"])
def test_a_guest_does_not_wait_in_its_thread(jumps: Jumps, *, mocked: bool) -> None:
    """That thread would be at work each time that the run checks the other threads."""
    waiting = Waits()

    async def main() -> None:
        trio.lowlevel.add_instrument(waiting)
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(trio.sleep, 3600)
        trio.lowlevel.remove_instrument(waiting)

    with a_thread_that_waits(), jumping():
        as_guest(main, trio.testing.MockClock() if mocked else None)

    assert waiting.waits
    assert not any(waiting.waits)
    assert jumps.frozen == pytest.approx(3600, abs=1)


@pytest.mark.parametrize("threshold", [0, float("inf")])
def test_beside_a_mock_clock(jumps: Jumps, threshold: float) -> None:
    """A run with trio's MockClock goes along: both clocks jump, whether or not it would jump by itself.

    Whatever each jump has to wait for: beside a thread that may be at work, that is some time.
    """
    clock = trio.testing.MockClock(autojump_threshold=threshold)

    async def main() -> None:
        start = trio.current_time()
        await trio.sleep(10)
        with trio.move_on_after(5):
            await trio.sleep(10)
        assert trio.current_time() - start == 15

    with a_thread_that_waits(), jumping():
        trio.run(main, clock=clock)
    assert jumps.frozen == pytest.approx(15, abs=1e-6)


def test_trio_may_come_late() -> None:
    """Where anyio imports trio in the middle of a test, its sleeps are skipped from the first on, and undone."""
    code = (
        "import sys, time, anyio\n"
        "from pytest_aurous._core.time.skipping import SleepSkipper\n"
        "real, total = [time.perf_counter], [0.0]\n"
        "start = real[0]()\n"
        "def jump(seconds, nominal): total[0] += nominal\n"
        "async def main():\n"
        "    for _ in range(30): await anyio.sleep(1)\n"
        "assert 'trio' not in sys.modules\n"
        "with SleepSkipper(jump): anyio.run(main, backend='trio')\n"
        "import trio\n"
        "assert (total, real[0]() - start < 10) == ([30], True)\n"
        "assert not hasattr(trio.sleep, '__wrapped__'), trio.sleep\n"
        "assert trio._core._run.perf_counter is real[0]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - our own code


def test_silence_of_open_files_does_not_stop_time(run: Run) -> None:
    """An open connection that says nothing costs a few milliseconds a sleep, no more."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0)

    async def main() -> None:
        async def listen() -> None:
            await anyio.wait_readable(ours)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            for _ in range(20):
                await anyio.sleep(1)
            tasks.cancel_scope.cancel()

    with jumping():
        run(main)
    ours.close()
    theirs.close()
