"""The good day: the reference of an exploration, equal to its later runs, and what the fake is left as."""

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import anyio
import httpx
import pytest
import trio

from clients.common import publish
from pytest_aurous import Aurous, AurousError, AurousExplorationError, Exploration
from pytest_aurous._core.base.forms import formless
from tests.conftest import synthesis_price
from tests.explore.conftest import NOVA, broken


def test_the_good_day_must_succeed(fake: Aurous, client: httpx.Client) -> None:
    """An exception is reported as that, with its traceback but without our frames, and the fake stays usable."""
    error = LookupError("mine <Future at 0x7f95021c8dd0 state=finished>")

    def run() -> None:
        client.get("/v1/balance")
        time.sleep(3600)
        raise error

    began = time.time()
    with pytest.raises(
        AurousError, match=r"must succeed, and it raised LookupError: mine <Future state=finished>"
    ) as raised:
        fake.explore(run)

    assert raised.value.__cause__ is error
    assert error.__traceback__ is not None
    assert (error.__traceback__.tb_frame.f_code.co_name, error.__traceback__.tb_next) == ("run", None)
    assert "write with pytest.raises(...) inside run" in str(raised.value)
    assert time.time() - began < 60
    assert len(fake.calls) == 1
    assert client.get("/v1/balance").status_code == 200
    assert not fake.clock.frozen
    assert fake.explore(lambda: client.get("/v1/balance"), faults="unavailable").cases[0].outcome == "returned"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("empty", "the second undisturbed run sent no request\n"),
        ("raises", "the second undisturbed run raised KeyError: 'Nova'\n"),
        ("body", '/v1/characters -> 201 b\'{"name":"Nova 1","generate":true,"attributes":{"age":28}}\'\n'),
        ("fills", "the last undisturbed run sent other requests, first in request 2:\n"),
    ],
)
def test_state_that_is_left_between_runs_is_an_error_that_names_fresh(
    fake: Aurous, client: httpx.Client, state: str, why: str
) -> None:
    """Whether a later undisturbed run sends nothing, raises or differs; what the application raised is the cause."""
    seen: list[int] = []

    def run() -> None:
        number, body = len(seen), NOVA
        seen.append(1)
        if number and state == "empty":
            return
        if state == "body":
            body = {**NOVA, "name": f"Nova {number}"}
        client.post("/v1/characters", json=body)
        if number and state == "raises":
            raise KeyError("Nova")
        if state == "fills" and number < 3:
            client.get("/v1/balance")

    with pytest.raises(AurousError, match=r"^Use fresh= to reset") as raised:
        fake.explore(run, faults="unavailable", laws="ends")

    assert why in str(raised.value)
    assert "explore(run, fresh=reset) calls reset() before each run" in str(raised.value)
    assert isinstance(raised.value.__cause__, KeyError) == (state == "raises")


def test_a_break_must_repeat_itself(fake: Aurous, client: httpx.Client) -> None:
    """A case that breaks a law only once is no finding: it differs from run to run, which is a failure, too."""
    seen: list[int] = []

    def run() -> None:
        if client.get("/v1/balance").status_code == 503:
            seen.append(1)
            if len(seen) == 1:
                client.get("/v1/nowhere")

    with pytest.raises(AurousExplorationError) as raised:
        fake.explore(run, faults="unavailable, greased")

    explored = raised.value.exploration
    assert [(case.broken, case.differs) for case in explored.cases] == [((), True), ((), False)]
    assert str(explored).startswith("1 of 2 cases hold; 1 differs from run to run\n")
    assert "balance.retrieve#1  ~ ." in str(explored)
    assert "balance.retrieve#1 unavailable: differs from run to run. It broke a law, and held" in str(raised.value)
    assert "nowhere" not in str(raised.value)


def test_cases_that_do_not_meet_their_fault_are_not_green(fake: Aurous, client: httpx.Client) -> None:
    """More than a tenth of them, and more than two, fail the exploration, with their ids and the usual reason."""
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        client.get("/v1/balance")
        if len(runs) in {1, 2, 9}:
            client.get("/v1/team")

    with pytest.raises(AurousExplorationError) as raised:
        fake.explore(run, faults="timeout, unavailable, greased", laws="ends")

    assert "3 of 3 cases hold; 3 unmet" in str(raised.value)
    assert "3 of 6 cases show nothing, because their runs never came to the request" in str(raised.value)
    assert ": team.retrieve#1 timeout, team.retrieve#1 unavailable, team.retrieve#1 greased. " in str(raised.value)


def test_fresh_makes_the_runs_equal(fake: Aurous, client: httpx.Client) -> None:
    """It is called before each run, but not before the second run of ``recovers``; run can take its value."""
    made: list[list[str]] = []
    runs: list[list[str]] = []

    def fresh() -> list[str]:
        made.append([])
        return made[-1]

    def run(store: list[str], *_: object, other: int = 1) -> None:
        assert other == 1
        runs.append(store)
        if not store:
            store.append(client.get("/v1/balance").raise_for_status().text)
        client.get("/v1/balance")

    explored = fake.explore(run, fresh=fresh, faults="unavailable")

    assert [case.outcome for case in explored.cases] == ["raised", "returned"]
    assert len(made) == 5
    assert [id(store) for store in runs] == [id(made[number]) for number in (0, 1, 2, 2, 3, 4)]


def test_run_must_send_requests(fake: Aurous) -> None:
    """Nothing to break: the error says what is missing."""
    with pytest.raises(AurousError, match="run sent no request to the fake"):
        fake.explore(lambda: 1)
    with pytest.raises(AurousError, match="must succeed, and it raised TypeError: max expected"):
        fake.explore(max)  # which has no signature to read
    with pytest.raises(pytest.skip.Exception):
        fake.explore(lambda: pytest.skip("not here"))


def test_a_coroutine_belongs_to_aexplore(fake: Aurous) -> None:
    """Explore refuses a coroutine of run, and of fresh; and a generator, whose body has not begun."""

    async def run() -> None: ...

    with pytest.raises(AurousError, match=r"run returned a coroutine.*await aurous.aexplore"):
        fake.explore(run)
    with pytest.raises(AurousError, match="fresh returned a coroutine"):
        fake.explore(lambda: None, fresh=run)
    with pytest.raises(AurousError, match="run returned a generator"):
        fake.explore(lambda: (number for number in "12"))


def test_what_an_earlier_run_has_left_behind_cannot_serve_the_good_day(fake: Aurous, client: httpx.Client) -> None:
    """A worker that run starts and keeps belongs to one run: the error says where to start it."""
    kept: list[contextvars.Context] = []

    def run() -> None:
        kept.append(contextvars.copy_context())
        kept[0].run(client.get, "/v1/balance")

    with pytest.raises(AurousError, match=r"The run of this thread, task or event loop is over. Start what"):
        fake.explore(run)


# Afterwards


def whole(fake: Aurous) -> dict[str, Any]:
    """Return all that a fake knows, apart from where its clock is."""
    app = fake._session.app
    saved = app.snapshot().world
    return {
        **saved._asdict(),
        "clock": None,
        "calls": [(call.number, call.operation, call.path, call.status, call.fault) for call in fake.calls],
        "notes": [(note.number, note.during, note.text) for note in app.world.journal.notes],
        "problems": [(one.kind, one.call.path) for one in app.problems],
        "pitfalls": [(one.id, one.call.path) for one in fake.pitfalls],
        "faults": [(repr(fault), fault.met) for fault in fake.faults],
    }


@pytest.mark.parametrize("sleep", ["real", "skip"])
@pytest.mark.parametrize("now", [None, "2026-05-08T10:00:00Z"])
def test_the_fake_is_as_the_good_day_left_it(sleep: Any, now: str | None) -> None:
    """Its state, its calls after those made before, notes, pitfalls, problems, faults and their counters."""
    found: list[dict[str, Any]] = []
    moved: list[float] = []
    for explores in (True, False):
        with Aurous(credits=100, seed=3, sleep=sleep, now=now) as one, one.client(timeout=5) as client:
            one.script("synthesizing*2 -> reviewing")
            one.characters.add(name="Before")
            one.faults.delay("balance.retrieve", seconds=3, times=2)
            one.faults.status("characters.save", 503, times=2)
            client.get("/v1/balance")
            client.post("/v1/characters", json=NOVA)  # two pitfalls are near: no key
            began = one.clock.time()

            def run(client: httpx.Client = client) -> str:
                client.get("/v1/balance")
                return str(publish("Nova")["id"])

            if explores:
                one.explore(run, laws="ends")
            else:
                with one.clock.skip_sleeps():
                    run()
            moved.append(one.clock.time() - began)
            found.append(whole(one))
    explored, alone = found
    timed = {} if now else {"sections": 0}  # rows have instants
    assert {**explored, **timed} == {**alone, **timed}
    assert explored["sections"].keys() == alone["sections"].keys()
    assert moved[0] == pytest.approx(moved[1], abs=30 if timed else 0)


def test_faults_of_the_test_happen_on_each_day(fake: Aurous, client: httpx.Client) -> None:
    """They count once, and one that the good day did not meet is still to be met."""
    fault = fake.faults.status("balance.retrieve", 503, after=1)
    left = fake.faults.status("team.retrieve", 503)

    def run() -> list[int]:
        return [client.get("/v1/balance").status_code for _ in range(3)]

    explored = fake.explore(run, faults="rate_limited", laws="ends")

    assert explored.good_day.returned == [200, 503, 200]
    assert [case.returned for case in explored.cases] == [[429, 503, 200], [200, 503, 429]]
    assert (fault.met, fault.fired, left.met) == (1, 1, 0)
    assert list(fake.faults) == [fault, left]
    assert client.get("/v1/team").status_code == 503


def test_pitfalls_and_problems_of_cases_do_not_reach_the_test(fake: Aurous, client: httpx.Client) -> None:
    """They are broken laws of the exploration alone."""

    def run() -> None:
        for _ in range(2):
            status = client.post("/v1/characters", json=NOVA).status_code
            if status == 201:
                return
        client.get("/v1/nothing")

    explored = broken(fake, run, faults="unavailable")

    assert explored.cases[0].broken == ("no_pitfall",)
    assert fake.pitfalls == []
    assert fake._session.app.problems == []


def test_only_leaves_the_fake_as_the_case_left_it(fake: Aurous, client: httpx.Client) -> None:
    """Its exception comes through, with its traceback and the timeline."""

    def run() -> None:
        client.post("/v1/characters", json=NOVA).raise_for_status()
        time.sleep(100)

    began = fake.clock.time()
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        fake.explore(run, only="characters.create#1 lost")

    assert "run" in [entry.name for entry in raised.traceback]
    (note,) = vars(raised.value)["__notes__"]
    assert "recovers" in note
    assert "POST /v1/characters -> no response (disconnect, committed)" in note
    assert [call.operation for call in fake.calls] == ["characters.create"]
    assert fake.team.held_credits == synthesis_price()
    assert fake.clock.time() - began < 30


# Equal runs: tasks and threads that work side by side are explored in the same way each time


FEW = "lost, unavailable"
ALIKE: Any = {"faults": "lost", "laws": "-recovers"}


async def publish_one(client: httpx.AsyncClient, gate: Any, number: int) -> None:
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
                        group.start_soon(publish_one, client, gate, number)

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
    rows = [line.split()[0] for line in str(explored).split("\n") if "#" in line]
    numbers = range(1, 13)  # of the matrix, too: nothing in it is a matter of chance
    assert rows == [
        f"characters.{name}#{n}" for name in ("create", "retrieve") for n in numbers if f"{name}#{n} " in str(explored)
    ]


CHANCE = Random(1)


def shuffled(number: int) -> list[int]:
    """Return numbers in an order that is another one each time."""
    jobs = [*range(number)]
    CHANCE.shuffle(jobs)
    return jobs


def find_or_create(client: httpx.Client, number: int, *, keyed: bool) -> None:
    """Order a character that nobody has ordered, once more if no response comes, and wait for it.

    How many polls that takes depends on how often the others list.
    """
    name, headers = f"A {number}", {"Idempotency-Key": f"job {number}"} if keyed else {}
    body = {"name": name, "generate": True, "attributes": {"age": 20 + number}}
    made = next((one for one in client.get("/v1/characters").json()["data"] if one["name"] == name), None)
    for _ in range(0 if made else 2):
        with suppress(httpx.TransportError):
            made = client.post("/v1/characters", json=body, headers=headers).raise_for_status().json()
            break
    assert made is not None
    while client.get(f"/v1/characters/{made['id']}").raise_for_status().json()["status"] == "synthesizing":
        time.sleep(3 + CHANCE.random())


def in_a_pool(client: httpx.Client, *, keyed: bool) -> None:
    """Do twelve jobs in a pool of four threads."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: find_or_create(client, number, keyed=keyed), shuffled(12)))


def in_tasks(client: httpx.Client, *, keyed: bool) -> None:
    """Do six jobs in tasks, of which one goes on while the others wait."""

    async def main() -> None:
        gate = asyncio.Semaphore(1)

        async def one(number: int) -> None:
            async with gate:
                find_or_create(client, number, keyed=keyed)

        await asyncio.gather(*map(one, shuffled(6)))

    asyncio.run(main())


@pytest.mark.parametrize("jobs", [in_a_pool, in_tasks])
def test_the_order_of_jobs_is_a_matter_of_chance(fake: Aurous, client: httpx.Client, jobs: Callable[..., None]) -> None:
    """What is queued at one time may come in any order; three explorations have one verdict, and find a mistake."""
    terms: Any = {"faults": "lost", "laws": "pays_once, ends"}
    fake.team.credits = 500
    start = fake.snapshot()
    for keyed in [True] * 3 + [False] * 3:
        fake.restore(start)
        if keyed:
            explored = fake.explore(lambda: jobs(client, keyed=True), **terms)
        else:
            explored = broken(fake, lambda: jobs(client, keyed=False), **terms)
        assert [case.id for case in explored.cases] == [
            f"characters.create#{n} lost" for n in (1, 2, len(fake.characters))
        ]
        assert len(explored.broken) == (0 if keyed else 3)
        assert {case.cause.partition(",")[0] for case in explored.broken} <= {"pays_once at characters.create: no key"}


def test_keys_tell_equal_orders_apart(fake: Aurous, client: httpx.Client) -> None:
    """Which one comes first is a matter of chance: three explorations find the mistake of one job in one case."""

    def order(number: int) -> None:
        for attempt in range(2):
            headers = {} if attempt and number == 1 else {"Idempotency-Key": f"job {number}"}
            with suppress(httpx.TransportError):
                client.post("/v1/images", json={"prompt": "x"}, headers=headers).raise_for_status()
                break

    def run() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(order, shuffled(3)))

    found = [broken(fake, run, faults="lost", laws="pays_once").broken for _ in range(3)]

    assert [[case.id for case in cases] for cases in found] == [["images.create#2 lost"]] * 3


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
