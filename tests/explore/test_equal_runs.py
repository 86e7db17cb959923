"""Equal runs are equal: tasks and threads that work side by side are explored in the same way each time."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trio

from pytest_aurous import Aurous
from pytest_aurous._core.base.forms import formless

if TYPE_CHECKING:
    import httpx

    from pytest_aurous import Exploration

FEW = "lost, unavailable"
ALIKE: Any = {"faults": "lost", "laws": "-recovers"}


async def publish(client: httpx.AsyncClient, gate: Any, number: int) -> None:
    """Order a character, and wait for it; three at a time."""
    async with gate:
        body = {"name": f"A {number}", "generate": True, "attributes": {"age": 20 + number}}
        made = await client.post("/v1/characters", json=body, headers={"Idempotency-Key": f"job {number}"})
        path = f"/v1/characters/{made.raise_for_status().json()['id']}"
        while (await client.get(path)).raise_for_status().json()["status"] == "synthesizing":  # noqa: ASYNC110 - it polls
            await anyio.sleep(3)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_that_sleep_are_explored_alike(backend: str) -> None:
    """Time stands still between their sleeps, so they wake in the same order in each run."""
    found = []
    for begun in (False, True):  # whether the loop runs before the exploration
        with Aurous(credits=1000, seed=3) as fake:

            async def main(fake: Aurous = fake) -> None:
                gate = asyncio.Semaphore(3) if backend == "asyncio" else trio.Semaphore(3)
                async with fake.async_client(timeout=5) as client, anyio.create_task_group() as group:
                    for number in range(6):
                        group.start_soon(publish, client, gate, number)

            async def test(fake: Aurous = fake, main: Any = main) -> Exploration:
                return await fake.aexplore(main, **ALIKE)

            fake.script("synthesizing*3 -> reviewing")
            if begun:
                explored = anyio.run(test, backend=backend)
            else:
                explored = fake.explore(lambda main=main: anyio.run(main, backend=backend), **ALIKE)
            assert "unmet" not in [case.outcome for case in explored.cases]
            assert len(explored.cases) == 3  # of six orders of one line, the first, the second and the last
            found.append((explored.json(), [(call.operation, call.path) for call in fake.calls]))

    assert found[0] == found[1]


def test_requests_of_threads_are_found_by_what_they_are(fake: Aurous, client: httpx.Client) -> None:
    """Two good days are equal in any order, each fault is met, and an id means the same request each time."""
    chance = Random(1)

    def order_and_wait(name: str) -> None:
        body = {"name": name, "generate": True, "attributes": {"age": 20}}
        response = client.post("/v1/characters", json=body, headers={"Idempotency-Key": name})
        path = f"/v1/characters/{response.raise_for_status().json()['id']}"
        while client.get(path).raise_for_status().json()["status"] == "synthesizing":
            time.sleep(3)

    def run() -> None:
        jobs = ["D", "A", "C", "B"]
        chance.shuffle(jobs)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(order_and_wait, jobs))

    explored = fake.explore(run, faults=FEW, laws="ends")

    assert {case.outcome for case in explored.cases} == {"raised"}
    assert [case.id for case in explored.cases if case.fault == "lost"] == [
        f"characters.create#{number} lost" for number in (1, 2, 4)
    ]
    rows = [line.split()[0] for line in explored.table().split("\n") if "#" in line]
    numbers = range(1, 13)  # of the matrix, too: nothing in it is a matter of chance
    assert rows == [
        f"characters.{name}#{n}" for name in ("create", "retrieve") for n in numbers if f"{name}#{n} " in str(explored)
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("order 6e9f1c6d at 2026-05-15T10:00:00.5Z", "order <8 hex> at <time>"),
        ("job-6E9F1C6D-1111-4222-8333-6e9f1c6d6e9f", "job-<uuid>"),
        ("at=1767225600.25 in 1767225600123 on 2026-05-15", "at=<time> in <time> on <time>"),
        ("aB3dE5fG7hI9", "<12 characters>"),
        ("order-1, Aurora 12, deadbeef, 2026", "order-1, Aurora 12, deadbeef, 2026"),
    ],
)
def test_what_differs_only_in_form(text: str, form: str) -> None:
    """Uuids, times and random tokens; a counter is a difference."""
    assert formless(text) == form
