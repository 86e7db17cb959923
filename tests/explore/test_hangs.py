"""Runs that would never end, and what stops each of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from pytest_aurous import Aurous, AurousExplorationError
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


def sleeps_for_no_time(_: httpx.Client) -> None:
    """Time does not move."""
    while True:
        time.sleep(0)


def spins(_: httpx.Client | None = None) -> None:
    """Neither a request nor a sleep."""
    while True:
        pass


def waits(_: httpx.Client) -> None:
    """Nobody sets the event."""
    threading.Event().wait()


def sends_requests(client: httpx.Client) -> None:
    """Whatever the response is."""
    while True:
        client.get("/v1/balance")


SLEPT, SENT = "was stopped after 501 sleeps", "was stopped after 121 requests; the good day sent 1"
HUNG = "was stopped because nothing happened for 0.2 s at "


def patience(reason: str) -> float:
    """Return a short patience for what only the watchdog ends; what is counted may take a busy machine longer."""
    return 0.2 if reason.startswith(HUNG) else 20


@pytest.mark.parametrize(
    ("hang", "reason"),
    [
        (sends_requests, SENT),
        (sleeps_for_no_time, SLEPT),
        (spins, f"{HUNG}tests/explore/test_hangs.py:"),
        (waits, HUNG),
    ],
)
def test_a_run_that_hangs_is_stopped(
    fake: Aurous, client: httpx.Client, broken: Broken, hang: Any, reason: str
) -> None:
    """It breaks `ends` with a reason that names the line, and the next case is whole.

    What sends requests or sleeps without end is counted: it does not wait for the watchdog.
    """

    def run() -> int:
        status = client.get("/v1/balance").status_code
        if status == 503:
            hang(client)
        return status

    stopped, other = broken(fake, run, faults="unavailable, greased", laws="ends", patience=patience(reason)).cases

    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
    assert (other.outcome, other.returned, other.broken) == ("returned", 200, ())


def test_a_loop_that_waits_is_interrupted(fake: Aurous, broken: Broken) -> None:
    """Also one that the run has started itself: under asyncio and trio, as by Ctrl-C."""

    async def main() -> int:
        async with fake.async_client(timeout=5) as client:
            status = (await client.get("/v1/balance")).status_code
            if status == 503:
                await anyio.Event().wait()
        return status

    for backend in ("asyncio", "trio"):
        run = partial(anyio.run, main, backend=backend)
        stopped, other = broken(fake, run, faults="unavailable, greased", laws="ends", patience=0.2).cases
        assert (stopped.outcome, other.returned) == ("stopped", 200)


async def _sends_requests(client: httpx.AsyncClient) -> None:
    while True:
        await client.get("/v1/balance")


async def _sleeps_for_no_time(_: httpx.AsyncClient) -> None:
    while True:  # noqa: ASYNC110 - that is the mistake
        await anyio.sleep(0)  # noqa: ASYNC115 - as code under test writes it


async def _spins(_: httpx.AsyncClient) -> None:
    spins()


async def _waits(_: httpx.AsyncClient) -> None:
    await anyio.Event().wait()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    ("hang", "reason"), [(_sends_requests, SENT), (_sleeps_for_no_time, SLEPT), (_spins, HUNG), (_waits, HUNG)]
)
def test_a_coroutine_that_hangs_is_stopped(fake: Aurous, hang: Any, reason: str, backend: str) -> None:
    """Also where the loop itself is idle; the loop goes on."""
    stopped, other = anyio.run(_explored, fake, hang, reason, backend=backend)

    assert (stopped.outcome, stopped.broken) == ("stopped", ("ends",))
    assert reason in stopped.reasons["ends"]
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
import threading
from concurrent.futures import ThreadPoolExecutor
import pytest
from pytest_aurous._explore.runs import watchdog

watchdog.GRACE = 0.5

def spins():
    while True:
        pass

def joins(client):
    thread = threading.Thread(target=spins)
    thread.start()
    thread.join()

def waits_for_a_job(client):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(spins).result()

def hangs(aurous, hang):
    with aurous.client() as client:
        run = lambda: client.get("/v1/balance").status_code == 200 or hang(client)
        aurous.explore(run, faults="unavailable", patience=0.2)

def test_in_the_main_thread(aurous):
    hangs(aurous, HANG)

def test_in_another_thread(aurous):
    thread = threading.Thread(target=hangs, args=(aurous, lambda _: threading.Event().wait()))
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize(
    ("test", "hang", "place"),
    [
        ("main", "joins", " in spins"),
        ("main", "waits_for_a_job", " in spins"),
        ("another", "None", "threading.Event().wait()"),
    ],
)
def test_what_cannot_be_stopped_ends_the_process(tmp_path: Path, test: str, hang: str, place: str) -> None:
    """What is not the main thread. The real stderr has the case, and the stacks."""
    done = run_pytest(tmp_path, UNSTOPPABLE.replace("HANG", hang), "-k", test)

    assert done.returncode == 1
    assert f", balance.retrieve-1-unavailable: the run cannot be stopped. It {HUNG}" in done.stderr
    assert place in done.stderr


LEAVES = """
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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
            client.get("/v1/balance")
            leave()
        aurous.explore(run, faults="unavailable")

@pytest.mark.parametrize("leave", [thread, job, job_of_a_loop, job_in_a_thread])
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

    assert (done.returncode, "6 passed" in done.stdout) == (0, True)


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


def run_pytest(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a file of tests in a process of its own, which must end by itself."""
    file = folder / "test_inner.py"
    file.write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options, str(file)]
    return subprocess.run(  # noqa: S603 - our own tests
        command, capture_output=True, text=True, timeout=LIMIT, check=False, cwd=folder
    )
