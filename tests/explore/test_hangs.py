"""Runs that would never end, and what stops each of them."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.lowlevel

from pytest_aurous import Aurous, AurousExplorationError
from pytest_aurous._core.base.work import Console, Work, set_work
from pytest_aurous._explore.runs import run as runs

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from pytest_aurous import Case, Exploration

    Broken = Callable[..., Exploration]

LIMIT = 60
"""Seconds for a process that must end by itself."""


@pytest.fixture(autouse=True)
def _few_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of sleeps ends soon."""
    monkeypatch.setattr(runs, "MOST_SLEEPS", 500)


@pytest.fixture(autouse=True, name="hung")
def _hung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what the watchdog stops."""
    hung: list[str] = []
    hang = runs.ExploredRun.hang

    def noted(run: runs.ExploredRun, reason: str) -> None:
        hung.append(reason)
        hang(run, reason)

    monkeypatch.setattr(runs.ExploredRun, "hang", noted)
    return hung


def post() -> None:
    """Do nothing."""


def swallows_requests(client: httpx.Client) -> None:
    """Each request ends the run, and nobody lets it end."""
    while True:
        try:
            client.get("/v1/balance").raise_for_status()
        except BaseException:  # noqa: BLE001, PERF203 - that is the mistake
            post()


def swallows_sleeps(_: httpx.Client) -> None:
    """Each sleep ends the run, and nobody lets it end."""
    while True:
        with suppress(BaseException):
            time.sleep(1)


def sleeps_for_no_time(_: httpx.Client) -> None:
    """Time does not move."""
    while True:
        time.sleep(0)


def spins(_: httpx.Client | None = None) -> None:
    """Neither a request nor a sleep."""
    while True:
        pass


def swallows_everything(_: httpx.Client) -> None:
    """Each exception is caught, at three levels."""
    while True:
        try:
            while True:
                try:
                    while True:
                        try:
                            post()
                        except BaseException:  # noqa: BLE001, PERF203 - that is the mistake
                            post()
                        finally:
                            post()
                except BaseException:  # noqa: BLE001, PERF203 - that is the mistake
                    post()
        except BaseException:  # noqa: BLE001, PERF203 - that is the mistake
            post()


def keeps_what_it_catches(_: httpx.Client) -> None:
    """No exception is ever freed."""
    kept = []
    while True:
        try:
            post()
        except BaseException as error:  # noqa: BLE001, PERF203 - that is the mistake
            kept.append(error)


def waits(_: httpx.Client) -> None:
    """Nobody sets the event."""
    threading.Event().wait()


def waits_again_and_again(_: httpx.Client) -> None:
    """To wait in short steps is no progress."""
    event = threading.Event()
    while not event.wait(0.01):
        pass


def reads_a_queue(_: httpx.Client) -> None:
    """Nobody puts anything there."""
    Queue[int]().get()


def joins_a_thread(_: httpx.Client) -> None:
    """The thread hangs."""
    thread = threading.Thread(target=spins, daemon=True)
    thread.start()
    thread.join()


def waits_for_a_job(_: httpx.Client) -> None:
    """A job of a pool hangs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(spins).result()


SLEPT, SENT, HUNG = "it slept 501 times", "it sent 121 requests", "nothing happened for 0.2 s at "


def patience(reason: str) -> float:
    """Return a short patience for what only the watchdog ends; what is counted may take a busy machine longer."""
    return 0.2 if reason.startswith(HUNG) else 20


@pytest.mark.parametrize(
    ("hang", "reason"),
    [
        (swallows_requests, SENT),
        (swallows_sleeps, SLEPT),
        (sleeps_for_no_time, SLEPT),
        (spins, f"{HUNG}tests/explore/test_hangs.py:"),
        (swallows_everything, HUNG),
        (keeps_what_it_catches, HUNG),
        (waits, HUNG),
        (waits_again_and_again, HUNG),
        (reads_a_queue, HUNG),
        (joins_a_thread, HUNG),
        (waits_for_a_job, HUNG),
    ],
)
def test_a_run_that_hangs_is_stopped(
    fake: Aurous, client: httpx.Client, broken: Broken, hang: Any, reason: str, hung: list[str]
) -> None:
    """It breaks `ends` with a reason that names the line, and the next case is whole.

    What sends requests or sleeps without end is counted: it does not wait for the watchdog.
    """
    traced = sys.gettrace()

    def run() -> int:
        status = client.get("/v1/balance").status_code
        if status == 503:
            hang(client)
        return status

    stopped, other = broken(fake, run, faults="unavailable, greased", laws="ends", patience=patience(reason)).cases

    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
    assert (other.outcome, other.returned, other.broken) == ("returned", 200, ())
    assert bool(hung) == reason.startswith(HUNG)
    assert sys.gettrace() is traced
    assert sys.exc_info() == (None, None, None)


def test_a_wait_ends_where_ctrl_c_is_ignored(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """As in the background of a shell: the watchdog wakes the main thread, and any other SIGINT stays ignored."""

    def run() -> None:
        signal.raise_signal(signal.SIGINT)
        if client.get("/v1/balance").status_code == 503:
            threading.Event().wait()

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (stopped,) = broken(fake, run, faults="unavailable", laws="ends", patience=0.2).cases
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.reasons["ends"].startswith(f"the run did not end by itself: {HUNG}tests/explore/test_hangs.py:")


async def _swallows_requests(client: httpx.AsyncClient) -> None:
    while True:
        with suppress(BaseException):
            await client.get("/v1/balance")


async def _sleeps_for_no_time(_: httpx.AsyncClient) -> None:
    while True:  # noqa: ASYNC110 - that is the mistake
        await asyncio.sleep(0)


async def _swallows_sleeps(_: httpx.AsyncClient) -> None:
    while True:
        with suppress(BaseException):
            await asyncio.sleep(0)


async def _spins(_: httpx.AsyncClient) -> None:
    spins()


async def _spins_in_a_task(_: httpx.AsyncClient) -> None:
    await asyncio.create_task(_spins(_))


async def _spins_in_a_thread(_: httpx.AsyncClient) -> None:
    await asyncio.to_thread(spins)


async def _waits(_: httpx.AsyncClient) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("hang", "reason"),
    [
        (_swallows_requests, SENT),
        (_sleeps_for_no_time, SLEPT),
        (_swallows_sleeps, SLEPT),
        (_spins, HUNG),
        (_spins_in_a_task, HUNG),
        (_spins_in_a_thread, HUNG),
        (_waits, HUNG),
    ],
)
def test_a_coroutine_that_hangs_is_stopped(fake: Aurous, hang: Any, reason: str, hung: list[str]) -> None:
    """In asyncio, also where the loop itself is idle; the loop goes on."""
    stopped, other = asyncio.run(_explored(fake, hang, reason))

    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
    assert bool(hung) == reason.startswith(HUNG)
    assert (other.outcome, other.returned) == ("returned", 200)


async def _trio_sleeps_for_no_time(_: httpx.AsyncClient) -> None:
    while True:  # noqa: ASYNC110 - that is the mistake
        await trio.sleep(0)  # noqa: ASYNC115 - as code under test writes it


@pytest.mark.parametrize(
    ("hang", "reason"), [(_swallows_requests, SENT), (_trio_sleeps_for_no_time, SLEPT), (_spins, HUNG)]
)
def test_a_coroutine_of_trio_that_hangs_is_stopped(fake: Aurous, hang: Any, reason: str, hung: list[str]) -> None:
    """As under asyncio."""
    stopped, other = trio.run(_explored, fake, hang, reason)

    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
    assert bool(hung) == reason.startswith(HUNG)
    assert (other.outcome, other.returned) == ("returned", 200)


async def _explored(fake: Aurous, hang: Any, reason: str) -> tuple[Case, ...]:
    async def run() -> int:
        async with fake.async_client(timeout=5) as client:
            status = (await client.get("/v1/balance")).status_code
            if status == 503:
                await hang(client)
        return status

    with pytest.raises(AurousExplorationError) as raised:
        await fake.aexplore(run, faults="unavailable, greased", laws="ends", patience=patience(reason))
    return raised.value.exploration.cases


def test_work_that_takes_long_is_no_hang(fake: Aurous, client: httpx.Client) -> None:
    """New lines, requests and skipped sleeps are progress, and so is a thread that works for the run."""

    def run() -> None:
        client.get("/v1/balance")
        threading.Event().wait(0.4)
        time.sleep(1)
        threading.Event().wait(0.4)
        thread = threading.Thread(target=lambda: threading.Event().wait(0.4))
        thread.start()
        thread.join()
        threading.Event().wait(0.4)
        client.get("/v1/balance")

    assert not fake.explore(run, faults="unavailable", patience=1.2).broken


def test_after_a_hang_patience_is_short(
    fake: Aurous, client: httpx.Client, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suite that hangs everywhere is explored in minutes."""
    monkeypatch.setattr("pytest_aurous._explore.runs.watchdog.LATER", 0.1)

    def run() -> None:
        if client.get("/v1/balance").status_code != 200:
            spins()

    first, second = broken(fake, run, faults="unavailable, rate_limited", laws="ends", patience=0.4).cases

    assert "nothing happened for 0.4 s" in first.reasons["ends"]
    assert "nothing happened for 0.1 s" in second.reasons["ends"]


UNSTOPPABLE = """
import signal, threading

def in_c():
    return sum(range(10**12))

def waits():
    threading.Event().wait()

def waits_without_signals():
    del signal.pthread_kill
    waits()
"""


@pytest.mark.parametrize(
    ("hang", "reason", "place"),
    [
        ("in_c", "code in C keeps the lock of Python", " in in_c"),
        ("waits_without_signals", "nothing happened for 0.2 s at ", " in waits"),
    ],
)
def test_what_cannot_be_stopped_ends_the_process(tmp_path: Path, hang: str, reason: str, place: str) -> None:
    """The real stderr, which pytest captures, has the case, the line and the stack; also without Unix's signals."""
    test = f"""
        def test_bad_day(aurous):
            with aurous.client() as client:
                run = lambda: client.get("/v1/balance").status_code == 200 or {hang}()
                aurous.explore(run, faults="unavailable", patience=0.2)
        """

    done = run_pytest(tmp_path, UNSTOPPABLE + dedent(test))

    assert done.returncode == 1
    assert f"balance.retrieve#1 unavailable cannot be stopped: {reason}" in done.stderr
    assert place in done.stderr


def test_the_process_ends_from_another_thread(tmp_path: Path) -> None:
    """A thread that waits in C cannot be woken, and outside of pytest the message is the same."""
    file = tmp_path / "hangs.py"
    file.write_text(
        UNSTOPPABLE
        + dedent(
            """
            from pytest_aurous import Aurous

            def explore():
                with Aurous() as aurous, aurous.client() as client:
                    run = lambda: client.get("/v1/balance").status_code == 200 or waits()
                    aurous.explore(run, faults="unavailable", patience=0.2)

            thread = threading.Thread(target=explore)
            thread.start()
            thread.join()
            """
        )
    )

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, file], capture_output=True, text=True, timeout=LIMIT, check=False
    )

    assert done.returncode == 1
    assert "balance.retrieve#1 unavailable cannot be stopped: nothing happened for 0.2 s at " in done.stderr
    assert "in waits" in done.stderr
    assert "threading.Event().wait()" in done.stderr


LEAVES = """
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

def thread():
    threading.Thread(target=threading.Event().wait).start()

def job():
    ThreadPoolExecutor(1).submit(threading.Event().wait)

def job_of_a_loop():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

def job_in_a_thread():
    asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))

@pytest.mark.parametrize("leave", [thread, job])
def test_plain(aurous, leave):
    with aurous.client() as client:
        def run():
            status = client.get("/v1/balance").status_code
            leave()
            assert status in EXPECTED
        aurous.explore(run, faults="unavailable")

@pytest.mark.parametrize("leave", [thread, job, job_of_a_loop, job_in_a_thread])
def test_async(aurous, leave):
    async def test():
        await asyncio.to_thread(int)  # this thread is older than the runs
        async def run():
            async with aurous.async_client() as client:
                status = (await client.get("/v1/balance")).status_code
            leave()
            await asyncio.sleep(0)
            assert status in EXPECTED
        await aurous.aexplore(run, faults="unavailable")
    asyncio.run(test())
"""


@pytest.mark.parametrize(("expected", "status", "summary"), [("{200, 503}", 0, "6 passed"), ("{200}", 1, "6 failed")])
def test_pytest_ends_though_runs_have_left_threads_that_wait(
    tmp_path: Path, expected: str, status: int, summary: str
) -> None:
    """Whether the explorations pass or fail."""
    done = run_pytest(tmp_path, f"EXPECTED = {expected}\n{LEAVES}")

    assert done.returncode == status
    assert summary in done.stdout


def test_a_pool_ends_though_a_run_has_left_a_job_that_waits(fake: Aurous, client: httpx.Client) -> None:
    """In a run, a thread is joined as ever; after it, for a moment."""
    event = threading.Event()
    ended: list[int] = []

    def run() -> None:
        thread = threading.Thread(target=ended.append, args=(client.get("/v1/balance").status_code,))
        thread.start()
        thread.join()
        pool.submit(event.wait)

    with ThreadPoolExecutor(9) as pool:
        assert not fake.explore(run, faults="unavailable").broken

    assert 503 in ended
    event.set()


def test_the_trace_function_of_a_run_ends_with_it(fake: Aurous, client: httpx.Client) -> None:
    """Also if nothing had to be stopped."""
    before = sys.gettrace()

    def run() -> None:
        client.get("/v1/balance")
        sys.settrace(lambda *_: None)

    fake.explore(run, faults="unavailable")

    assert sys.gettrace() is before


def test_a_run_that_traces_itself_is_stopped(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Its trace function is in the way of nothing."""

    def trace(*_: object) -> Any:
        return trace

    def run() -> None:
        if client.get("/v1/balance").status_code == 503:
            sys.settrace(trace)
            spins()

    (stopped,) = broken(fake, run, faults="unavailable", laws="ends", patience=0.2).cases

    assert stopped.outcome == "stopped"


def test_the_timer_of_pytest_is_set_again(tmp_path: Path) -> None:
    """A process has one timer of `faulthandler`, and the watchdog sets it during a run."""
    test = """
        import threading

        def test_stays_long(aurous):
            with aurous.client() as client:
                aurous.explore(lambda: client.get("/v1/balance"), faults="unavailable")
            threading.Event().wait(1.5)
        """

    done = run_pytest(tmp_path, dedent(test), "-o", "faulthandler_timeout=1")

    assert done.returncode == 0
    assert "Timeout (0:00:01)!" in done.stderr


@pytest.mark.parametrize(("debugger", "timers"), [(None, {10.0 + 6.0, 7.0}), ("pydevd", set[float]())])
def test_a_debugger_has_no_timer(
    fake: Aurous, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, debugger: str | None, timers: set[float]
) -> None:
    """It may stop the watching thread, too. Without one, the time begins again at each look."""
    seconds: list[float] = []

    def note(timeout: float, **_: object) -> None:
        seconds.append(timeout)

    monkeypatch.setattr(faulthandler, "dump_traceback_later", note)
    for name in ("debugpy", "pydevd"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    if debugger is not None:
        monkeypatch.setitem(sys.modules, debugger, ModuleType(debugger))
    work = set_work(Work("", lambda _: None, console=Console(timeout=7.0)))
    try:
        fake.explore(lambda: client.get("/v1/balance"), faults="unavailable")
    finally:
        set_work(work)

    assert set(seconds) == timers


def run_pytest(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a file of tests in a process of its own, which must end by itself."""
    file = folder / "test_inner.py"
    file.write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options, str(file)]
    return subprocess.run(  # noqa: S603 - our own tests
        command, capture_output=True, text=True, timeout=LIMIT, check=False, cwd=folder
    )
