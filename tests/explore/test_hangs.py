"""Runs that would never end, and what stops each of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError, Exploration
from pytest_aurous._core.base.work import workers
from pytest_aurous._explore.runs import run as runs
from pytest_aurous._explore.runs import watchdog
from tests.conftest import ON_WINDOWS
from tests.explore.conftest import broken

LIMIT = 240
"""Seconds for a process that must end by itself, within those of a test."""


@pytest.fixture(autouse=True)
def _few_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of sleeps ends soon."""
    monkeypatch.setattr(runs, "MOST_SLEEPS", 500)


def sends_requests(client: httpx.Client) -> None:
    """Whatever the response is."""
    while True:
        client.get("/v1/balance")


def sleeps_for_no_time(_: httpx.Client) -> None:
    """Time does not move."""
    while True:
        time.sleep(0)


def spins(_: httpx.Client) -> None:
    """Neither a request nor a sleep."""
    while True:
        pass


def waits(_: httpx.Client) -> None:
    """Nobody sets the event."""
    threading.Event().wait()


async def asleep() -> None:
    """Time does not move."""
    while True:  # noqa: ASYNC110 - that is the mistake
        await anyio.sleep(0)  # noqa: ASYNC115 - as code under test writes it


async def idle() -> None:
    """Nobody sets the event, and the loop has nothing to do."""
    await anyio.Event().wait()


def waits_in_a_loop(_: httpx.Client, backend: str) -> None:
    """The run has started the loop itself."""
    anyio.run(idle, backend=backend)


SLEPT, SENT = "was stopped after 501 sleeps", "was stopped after 121 requests; the good day sent 1"
HUNG = "was stopped because nothing happened for 0.2 s at "


@pytest.mark.parametrize(
    ("hang", "reason"),
    [
        (sends_requests, SENT),
        (sleeps_for_no_time, SLEPT),
        (spins, f"{HUNG}{Path('tests/explore/test_hangs.py')}:"),
        pytest.param(
            waits, HUNG, marks=pytest.mark.skipif(ON_WINDOWS, reason="is about a signal that interrupts a system call")
        ),
        (partial(waits_in_a_loop, backend="asyncio"), HUNG),
        (partial(waits_in_a_loop, backend="trio"), HUNG),
    ],
)
def test_a_run_that_hangs_is_stopped(
    fake: Aurous, client: httpx.Client, hurry: Callable[[], None], hang: Any, reason: str
) -> None:
    """It breaks `ends` with a reason that names the line, and the next case is whole.

    What sends requests or sleeps without end is counted: it does not wait for the watchdog.
    """

    def run() -> int:
        status = client.get("/v1/balance").status_code
        if status == 503:
            if reason.startswith(HUNG):
                hurry()
            hang(client)
        return status

    explored = broken(fake, run, faults="unavailable, greased", laws="ends")

    was_stopped(explored, reason)


def test_a_loop_is_stopped_in_a_process_that_ignores_interrupts(
    fake: Aurous, client: httpx.Client, hurry: Callable[[], None]
) -> None:
    """A shell starts its background jobs so; afterwards they are ignored again."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        test_a_run_that_hangs_is_stopped(fake, client, hurry, partial(waits_in_a_loop, backend="asyncio"), HUNG)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("hang", "reason"), [(asleep, SLEPT), (idle, HUNG)])
def test_a_coroutine_that_hangs_is_stopped(
    fake: Aurous, hurry: Callable[[], None], hang: Any, reason: str, backend: str
) -> None:
    """Also where the loop itself is idle; the loop goes on."""

    async def run() -> int:
        async with fake.async_client(timeout=5) as client:
            status = (await client.get("/v1/balance")).status_code
            if status == 503:
                if reason == HUNG:
                    hurry()
                await hang()
        return status

    explore = partial(fake.aexplore, faults="unavailable, greased", laws="ends")
    with pytest.raises(AurousExplorationError) as raised:
        anyio.run(explore, run, backend=backend)

    was_stopped(raised.value.exploration, reason)


def was_stopped(explored: Exploration, reason: str) -> None:
    """Assert that the first case was stopped, and that the second one is whole."""
    stopped, other = explored.cases
    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
    assert (other.outcome, other.returned, other.broken) == ("returned", 200, ())


def test_work_that_takes_long_is_no_hang(fake: Aurous, client: httpx.Client) -> None:
    """New lines, requests and skipped sleeps are progress, and so is a thread that works for the run."""
    runs: list[int] = []

    def run() -> None:
        client.get("/v1/balance")
        runs.append(1)
        if len(runs) > 1:  # the good day is enough, and each further day would wait again
            return
        threading.Event().wait(0.6)
        time.sleep(1)
        threading.Event().wait(0.6)
        thread = threading.Thread(target=lambda: threading.Event().wait(0.6))
        thread.start()
        thread.join()
        threading.Event().wait(0.6)

    assert not fake.explore(run, faults="unavailable", patience=2, laws="ends").broken


HURRY = """
from pytest_aurous._explore.runs import watchdog

dogs = []
guarding = watchdog.Watchdog.guarding

def patient(dog, *args):
    dog._patience = 60
    dogs[:] = [dog]
    return guarding(dog, *args)

watchdog.Watchdog.guarding = patient

def hurry():
    dogs[0]._patience = 0.2
"""
"""What the fixture `hurry` does, for a process of its own."""

UNSTOPPABLE = (
    HURRY
    + """
import threading

watchdog.GRACE = 0.5

def spins():
    while True:
        pass

def joins(client):
    thread = threading.Thread(target=spins)
    thread.start()
    thread.join()

def hangs(aurous, hang):
    with aurous.client() as client:
        run = lambda: client.get("/v1/balance").status_code == 200 or (hurry(), hang(client))
        aurous.explore(run, faults="unavailable")

def test_in_the_main_thread(aurous):
    hangs(aurous, HANG)

def test_in_another_thread(aurous):
    thread = threading.Thread(target=hangs, args=(aurous, lambda _: threading.Event().wait()))
    thread.start()
    thread.join()

def test_though_the_watchdog_fails(aurous, monkeypatch):
    monkeypatch.setattr(watchdog, "workers", None)
    aurous.explore(spins, patience=60)
"""
)

CANNOT = ": the run cannot be stopped. It was stopped because "
STUCK = f"balance.retrieve-1-unavailable{CANNOT}nothing happened for 0.2 s at "


@pytest.mark.parametrize(
    ("test", "hang", "text", "place"),
    [
        ("main", "joins", STUCK, " in spins"),
        (
            "another",
            "None",
            STUCK,
            "threading.Event().wait()",
        ),
        ("fails", "None", f"the good day{CANNOT}the watchdog failed: TypeError(", ""),
    ],
)
def test_what_cannot_be_stopped_ends_the_process(tmp_path: Path, test: str, hang: str, text: str, place: str) -> None:
    """What is not the main thread, or has a watchdog that always fails. The real stderr has the case and the stacks."""
    done = run_pytest(tmp_path, UNSTOPPABLE.replace("HANG", hang), "-k", test)

    assert done.returncode == 1
    assert f", {text}" in done.stderr
    assert place in done.stderr


AS_ON_WINDOWS = (
    HURRY
    + """
import _thread
import asyncio
import signal

import anyio
import pytest

for name in {"SIGURG", "pthread_kill"} & {*dir(signal)}:
    delattr(signal, name)

def computes():
    while True:
        pass

def waits():
    anyio.run(anyio.Event().wait, backend="trio")

async def idle():
    signal.set_wakeup_fd(asyncio.get_running_loop()._csock.fileno())  # as the loop of Windows does
    await asyncio.Event().wait()

def hangs(aurous, hang):
    with aurous.client() as client:
        def run():
            status = client.get("/v1/balance").status_code
            if status == 503:
                hurry()
                hang()
            return status
        return aurous.explore(run, faults="unavailable, greased", laws="ends")

@pytest.mark.parametrize("hang", [computes, waits, lambda: asyncio.run(idle())])
def test_stopped(aurous, hang):
    with pytest.raises(AssertionError) as raised:
        hangs(aurous, hang)
    stopped, other = raised.value.exploration.cases
    assert "was stopped because nothing happened for 0.2 s at " in stopped.reasons["ends"]
    assert (other.outcome, other.returned, other.broken) == ("returned", 200, ())
    with pytest.raises(KeyboardInterrupt, match="balance.retrieve-1-unavailable"):
        hangs(aurous, _thread.interrupt_main)
"""
)


def test_without_the_signal_a_run_that_computes_is_stopped(tmp_path: Path) -> None:
    """Windows has no SIGURG and sends no thread a signal. Ctrl-C is still no end of a run, but of the exploration."""
    done = run_pytest(tmp_path, AS_ON_WINDOWS)

    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_a_watchdog_that_fails_says_so(fake: Aurous, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It watches on: the run that hangs is stopped. What was found is not known, so this is no finding."""
    looks = iter([ValueError("the frame is gone")])

    def look_around(*args: Any) -> Any:
        for error in looks:
            raise error
        return workers(*args)

    monkeypatch.setattr(watchdog, "workers", look_around)

    def run() -> None:
        client.get("/v1/balance")
        spins(client)

    with pytest.raises(AurousError, match="watchdog") as raised:
        fake.explore(run, faults="unavailable", patience=20)

    assert repr(raised.value.__cause__) == "ValueError('the frame is gone')"


LEAVES = """
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

def job():
    ThreadPoolExecutor(1).submit(threading.Event().wait)

def job_of_a_loop():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

def job_in_a_thread():
    asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))

@pytest.mark.parametrize("leave", [job, job_of_a_loop, job_in_a_thread])
def test_async(aurous, leave):
    async def test():
        await asyncio.to_thread(int)  # this thread is older than the runs
        async def run():
            async with aurous.async_client() as client:
                await client.get("/v1/balance")
            leave()
            await asyncio.sleep(0)
        await aurous.aexplore(run, faults="unavailable")
    asyncio.run(test())
"""


def test_pytest_ends_though_runs_have_left_threads_that_wait(tmp_path: Path) -> None:
    """Also those of a loop."""
    done = run_pytest(tmp_path, LEAVES)

    assert (done.returncode, "3 passed" in done.stdout) == (0, True)


AT_EXIT = """
import atexit
import threading

import pytest
from pytest_aurous import BadDay

begun, ended, called, fresh, played = [], [], [], [], []

def test(aurous):
    def run():
        begun.append(1)
        done = threading.Event()
        atexit.register(done.wait)
        atexit.register(called.append, 1)
        atexit.register(print)
        atexit.unregister(print)
        with aurous.client() as client:
            client.get("/v1/balance").raise_for_status()
        done.set()
        ended.append(1)
    aurous.explore(run, may_raise=Exception, fresh=lambda: atexit.register(fresh.append, 1))
    with aurous.day(BadDay()):
        atexit.register(played.append, 1)
    atexit._run_exitfuncs()
    assert 1 < len(called) == len(ended) < len(begun)
    assert len(fresh) > 1 == len(played)
"""


def test_pytest_ends_though_a_run_that_a_fault_ended_waits_at_exit(tmp_path: Path) -> None:
    """What a run has registered is called at the end if the run got to its own end.

    What `fresh` or the block of a day has is always called, and what is unregistered never.
    """
    done = run_pytest(tmp_path, AT_EXIT)

    assert done.returncode == 0, done.stdout


def run_pytest(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a file of tests in a process of its own, which must end by itself."""
    file = folder / "test_inner.py"
    file.write_text(test, encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-p", "pytest_aurous", *options)
    # Without other plugins, as to import them takes longer than most runs; and so without options of theirs.
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", *options, str(file)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        cwd=folder,
        env=env,
    )
