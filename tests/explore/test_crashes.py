"""A run that crashes, is stopped or leaves work behind does not reach the next one."""

import asyncio
import gc
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest

from pytest_aurous import Aurous, AurousCrash, Call, Exploration
from pytest_aurous._explore.runs.run import ExploredRun, noting_runs
from tests.conftest import synthesis_price
from tests.explore.conftest import NOVA

CREATE = "characters.create#1 crash"


def order(client: httpx.Client) -> int:
    """Order a character with a key, so that a second run pays nothing."""
    return client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"}).raise_for_status().status_code


def one(explored: Exploration, case: str = CREATE) -> Any:
    return next(found for found in explored.cases if found.id == case)


def test_a_crash_is_no_exception(fake: Aurous, client: httpx.Client) -> None:
    """No ``except Exception`` catches it, and every later request and sleep raises it, also in ``finally``."""
    seen: list[object] = []

    def run() -> None:
        try:
            order(client)
        except Exception:  # noqa: BLE001 - must not catch it
            seen.append("caught")
        finally:
            if isinstance(sys.exc_info()[1], AurousCrash):
                for step in (lambda: time.sleep(1), lambda: client.get("/v1/balance"), lambda: client.get("/v1/team")):
                    with pytest.raises(AurousCrash) as raised:
                        step()
                    seen.append(raised.value)

    explored = fake.explore(lambda: order(client), faults="crash")
    assert one(explored).outcome == "crashed"
    assert isinstance(one(explored).error, AurousCrash)
    assert one(explored).error.__traceback__ is None
    assert (explored.cases[0].calls, explored.cases[0].credits, explored.cases[0].broken) == (1, synthesis_price(), ())

    with pytest.raises(AurousCrash):
        fake.explore(run, only=CREATE)
    assert [type(error) for error in seen] == [AurousCrash] * 3
    assert len({id(error) for error in seen}) == 3
    assert [call.operation for call in fake.calls] == ["characters.create"] * 2


def test_a_crash_in_a_group_counts(fake: Aurous) -> None:
    """An exception group that contains it has crashed."""

    async def run() -> None:
        async with fake.async_client(timeout=5) as client, anyio.create_task_group() as group:
            group.start_soon(order_in_task, client)
            group.start_soon(anyio.sleep, 60)

    async def main() -> Exploration:
        return await fake.aexplore(run, faults="crash")

    for backend in ("asyncio", "trio"):
        explored = anyio.run(main, backend=backend)
        assert one(explored).outcome == "crashed"
        assert one(explored).remarks == ()
        assert not explored.remarks
        assert one(explored).error.__traceback__ is None
        fake.reset()


async def order_in_task(client: httpx.AsyncClient) -> None:
    (await client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"})).raise_for_status()


def test_threads_from_before_belong_to_the_present_run(fake: Aurous, client: httpx.Client) -> None:
    """A worker that was started before the exploration works for each run in turn, and may sleep meanwhile."""
    jobs: queue.Queue[Callable[[], Any]] = queue.Queue()
    results: queue.Queue[BaseException | None] = queue.Queue()

    def work() -> None:
        while True:
            job, error = jobs.get(), None
            try:
                job()
            except BaseException as raised:  # noqa: BLE001 - a worker goes on
                error = raised
            results.put(error)

    def run() -> None:
        for job in (lambda: order(client), lambda: time.sleep(30)):
            jobs.put(job)
            if error := results.get(timeout=60):
                raise error

    threading.Thread(target=work, daemon=True).start()

    explored = fake.explore(run, faults="crash, lost, slow")

    outcomes = {case.fault: case.outcome for case in explored.cases}
    assert outcomes == {"lost": "raised", "crash": "crashed", "slow": "returned"}


def test_a_thread_that_outlives_its_run_is_refused(
    fake: Aurous, client: httpx.Client, recwarn: pytest.WarningsRecorder
) -> None:
    """Silently, in later cases and after the exploration; and its sleep moves no other run's clock."""
    go = threading.Event()
    threads: list[threading.Thread] = []

    def late() -> None:
        go.wait(60)
        client.get("/v1/team")

    def sleeper() -> None:
        time.sleep(7200)
        client.get("/v1/team")

    def run() -> float:
        for target in (late, sleeper):
            threads.append(threading.Thread(target=target, daemon=True))
            threads[-1].start()
        start = fake.clock.time()
        client.get("/v1/balance")
        return fake.clock.time() - start

    explored = fake.explore(run, faults="unavailable, rate_limited")
    go.set()
    for thread in threads:
        thread.join(60)

    assert not any(thread.is_alive() for thread in threads)
    assert [case.returned for case in explored.cases] == [0.0, 0.0]
    assert [call.operation for call in fake.calls] == ["balance.retrieve"]
    assert not recwarn.list


def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
    """Make a task, as the factory of a test does; exploring uses and restores it."""
    return asyncio.Task(coroutine, loop=loop, **options)


async def sleeping(client: httpx.AsyncClient) -> None:
    """Is left behind."""
    await asyncio.sleep(3600)
    await client.get("/v1/team")


async def failing(client: httpx.AsyncClient) -> None:
    """Fails, and nobody awaits it."""
    await order_in_task(client)
    raise LookupError


@pytest.mark.parametrize("task", [sleeping, failing])
def test_a_task_that_outlives_its_run_is_cancelled(fake: Aurous, task: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Silently: asyncio logs no exception that was never retrieved."""

    async def main() -> Exploration:
        tasks: list[asyncio.Task[Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        async with fake.async_client(timeout=5) as client:

            async def run() -> int:
                tasks.append(loop.create_task(task(client), name="left"))
                await asyncio.sleep(0)
                response = await client.get("/v1/balance")
                await asyncio.sleep(0)
                return response.status_code

            explored = await fake.aexplore(run, faults="unavailable, crash", laws="recovers")
            assert all(one.done() for one in tasks)
            assert loop.get_task_factory() is factory
            tasks.clear()
            gc.collect()
            return explored

    with caplog.at_level(logging.DEBUG):
        explored = asyncio.run(main())

    assert "team.retrieve" not in [call.operation for call in fake.calls]
    assert not [record for record in caplog.records if record.name == "asyncio" and "exception" in record.message]
    assert "unmet" not in {case.outcome for case in explored.cases}


def test_a_task_from_before_may_start_tasks_that_go_on(fake: Aurous) -> None:
    """They belong to no run, so none cancels them."""
    left: list[asyncio.Task[Any]] = []

    async def beside(begun: asyncio.Event) -> None:
        await begun.wait()
        left.append(asyncio.get_running_loop().create_task(asyncio.Event().wait()))

    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.get_running_loop().create_task(beside(begun))
        async with fake.async_client() as client:

            async def run() -> None:
                begun.set()
                await asyncio.gather(client.get("/v1/balance"), task)

            await fake.aexplore(run, faults="refused")
        assert not left[0].done()

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancellation_of_the_test_ends_the_exploration(fake: Aurous, backend: str) -> None:
    """The fake is as the good day left it."""
    runs: list[int] = []
    watching = fake._session.app.world.watchers[:]

    async def main() -> None:
        async with fake.async_client(timeout=5) as client:
            with anyio.CancelScope() as scope:

                async def run() -> None:
                    runs.append(1)
                    await client.get("/v1/balance")
                    if len(runs) == 4:
                        scope.cancel()
                    await anyio.sleep(1)

                await fake.aexplore(run)
            assert scope.cancelled_caught

    anyio.run(main, backend=backend)

    assert len(runs) == 4
    assert len(fake.calls) == 1
    assert fake._session.app.world.watchers == watching
    assert not list(fake.faults)


def test_ctrl_c_ends_the_exploration_with_the_table(fake: Aurous, client: httpx.Client) -> None:
    """The message has the table so far, and the fake is as the good day left it."""
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        if len(runs) == 5:
            raise KeyboardInterrupt
        client.get("/v1/balance")

    with pytest.raises(KeyboardInterrupt, match=r"while exploring balance.retrieve-1-timeout:\n1 of 1 cases") as raised:
        fake.explore(run)
    assert "balance.retrieve#1  r" in str(raised.value)
    assert len(fake.calls) == 1

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        fake.explore(lambda: client.get("/v1/balance"), fresh=interrupted)


def test_after_a_crash_nothing_is_counted(fake: Aurous) -> None:
    """A thread of the application, which belongs to no run, is ended, too."""
    run = ExploredRun(fake._session.handle)
    run.crashed = True

    with pytest.raises(AurousCrash):
        run.arrive(Call("GET", "https", "h", "/p"))
    with pytest.raises(AurousCrash):
        run.begin_sleep(1, sys._getframe())

    assert (run.steps, run.stopped) == (0, None)


def test_patches_that_came_later_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads and pools that somebody else has wrapped meanwhile are not set back."""
    patches: Any = [(threading.Thread, "start"), (ThreadPoolExecutor, "submit")]
    for owner, name in patches:
        monkeypatch.setattr(owner, name, getattr(owner, name))  # undone after the test

    with noting_runs():
        for owner, name in patches:
            setattr(owner, name, print)

    assert [getattr(owner, name) for owner, name in patches] == [print, print]
