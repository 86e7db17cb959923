"""Two workers at once: each race between their requests is found, and careful workers are left alone."""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

import anyio
import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError, AurousServer, Exploration
from tests.conftest import synthesis_price
from tests.explore.conftest import NOVA

RACES = ["first#2", "second#2", "first#1 | second#2", "second#1 | first#2"]
"""The schedules in which both read before one of them creates."""


def race(fake: Aurous, first: Callable[..., object], second: Callable[..., object], **options: Any) -> Exploration:
    """Interleave two workers, which must have a race, and return what was found."""
    with pytest.raises(AurousExplorationError) as raised:
        fake.interleave(first, second, **options)
    return raised.value.exploration


def find_or_create(client: httpx.Client, **headers: str) -> str:
    """Return the id of Nova, which is created if it is missing."""
    for one in client.get("/v1/characters").json()["data"]:
        if one["name"] == "Nova":
            return str(one["id"])
    return str(client.post("/v1/characters", json=NOVA, headers=headers).raise_for_status().json()["id"])


def change(client: httpx.Client, character: str, **more: object) -> None:
    """Change attributes of a character, as PATCH wants it: with all others."""
    old = client.get(f"/v1/characters/{character}").json()["attributes"]
    attributes = {name: value for name, value in old.items() if value is not None} | more
    client.patch(f"/v1/characters/{character}", json={"attributes": attributes}).raise_for_status()


def test_find_or_create_pays_twice(fake: Aurous, client: httpx.Client) -> None:
    """Both read before one of them has created; the report begins with that, and shows who sends each request."""
    found = race(fake, lambda: find_or_create(client), lambda: find_or_create(client))
    case, *others = found.broken
    assert [case.id, *(one.id for one in others)] == RACES
    text = "The first worker waited before its request 2, and the character 'Nova' exists twice: neither request had an"
    assert case.finding.startswith(text)
    assert [
        line.partition("  at ")[0].split()[:5] for line in str(case.timeline).split("\n") if "characters." in line
    ] == [
        [str(number), worker, "+0", "s", f"characters.{name}"]
        for number, (worker, name) in enumerate(
            [("first", "list"), ("second", "list"), ("second", "create"), ("first", "create")], 1
        )
    ]
    assert (case.fault, case.outcome, case.broken) == ("", "returned", ("serial",))
    price = synthesis_price()
    assert (case.credits, case.calls, found.good_day.credits, found.good_day.calls) == (2 * price, 4, price, 3)
    assert case.at.endswith("in find_or_create")


def test_an_idempotency_key_keeps_find_or_create_from_paying_twice(fake: Aurous, client: httpx.Client) -> None:
    """The careful twin is left alone, and the fake is as one worker after the other leaves it."""
    key = {"Idempotency-Key": "nova"}
    explored = fake.interleave(lambda: find_or_create(client, **key), lambda: find_or_create(client, **key))
    assert (len(explored.cases), explored.broken, fake.team.held_credits) == (14, (), synthesis_price())
    assert [call.operation for call in fake.calls] == ["characters.list", "characters.create", "characters.list"]


def test_a_patch_is_lost(fake: Aurous, client: httpx.Client) -> None:
    """Both read, and the later PATCH undoes the earlier one."""
    nova = fake.characters.add("Nova", attributes={"age": 28})
    found = race(fake, lambda: change(client, nova.id, age=30), lambda: change(client, nova.id, gender="female"))
    assert found.broken[0].id == "first#2"
    text = """the character 'Nova' has attributes {"age": 30}, one after the other {"age": 30, "gender": "female"}"""
    assert text in found.broken[0].reasons["serial"]


def test_a_lock_keeps_a_patch(fake: Aurous, client: httpx.Client) -> None:
    """A worker that waits for the lock of the other lets it go on."""
    nova = fake.characters.add("Nova", attributes={"age": 28})
    lock = threading.Lock()

    def locked(**more: object) -> None:
        with lock:
            time.sleep(1)
            change(client, nova.id, **more)
        client.get("/v1/balance")

    def attributes() -> dict[str, object]:
        return dict(client.get(f"/v1/characters/{nova.id}").json()["attributes"])

    explored = fake.interleave(lambda: locked(age=30), lambda: locked(gender="female"))
    assert {"first", "second"} <= {case.id for case in explored.cases}
    assert attributes() == attributes() | {"age": 30, "gender": "female"}


async def afind_or_create(client: httpx.AsyncClient, **headers: str) -> str:
    for one in (await client.get("/v1/characters")).json()["data"]:
        if one["name"] == "Nova":
            return str(one["id"])
    return str((await client.post("/v1/characters", json=NOVA, headers=headers)).raise_for_status().json()["id"])


def as_tasks(fake: Aurous, library: str, first: Any, second: Any, **options: Any) -> Exploration:
    return anyio.run(partial(fake.ainterleave, first, second, **options), backend=library)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_coroutines_race_as_threads_do(fake: Aurous, library: str) -> None:
    """Tasks of asyncio and trio: the same schedules, the careless ones found, the careful ones left alone."""
    interleaved = partial(as_tasks, fake, library)

    def work(**headers: str) -> Any:
        async def worker() -> str:
            async with fake.async_client() as client:
                return await afind_or_create(client, **headers)

        return worker

    with pytest.raises(AurousExplorationError, match="the character 'Nova' exists twice") as raised:
        interleaved(work(), work())
    assert [case.id for case in raised.value.exploration.broken] == RACES
    fake.reset()
    key = {"Idempotency-Key": "nova"}
    assert len(interleaved(work(**key), work(**key)).cases) == 14
    assert fake.team.held_credits == synthesis_price()


def test_a_worker_that_sleeps_lets_the_other_one_go_on(fake: Aurous, client: httpx.Client) -> None:
    """A worker that waits for the other ends, and so do two that poll their work."""
    taken: set[str] = set()

    def alone() -> None:
        while "lock" in taken:
            time.sleep(1)
        taken.add("lock")
        try:
            find_or_create(client)
        finally:
            taken.discard("lock")

    def publish() -> str:
        character = str(client.post("/v1/characters", json=NOVA).json()["id"])
        while client.get(f"/v1/characters/{character}").json()["status"] == "synthesizing":
            time.sleep(10)
        return str(client.post(f"/v1/characters/{character}/save").raise_for_status().json()["status"])

    assert fake.interleave(alone, alone).broken == ()
    fake.reset()
    fake.script("synthesizing*3 -> reviewing")
    assert fake.interleave(publish, publish).broken == ()


def test_a_deadlock_behind_equal_reads_is_found(fake: Aurous, client: httpx.Client) -> None:
    """Reads may look alike: what happens between them counts. The report says where each worker waits."""
    locks = threading.Lock(), threading.Lock()

    def work(one: threading.Lock, other: threading.Lock) -> None:
        client.get("/v1/balance")
        with one:
            client.get("/v1/balance")
            with other:
                client.get("/v1/balance")

    def reads() -> None:
        for _ in range(9):
            client.get("/v1/balance")

    found = race(fake, lambda: work(*locks), lambda: work(*locks[::-1]), patience=5)
    reason = found.broken[0].reasons["serial"]
    assert re.search(r"nothing happened for 5 s at \S+:\d+ in work: each worker waits for the other$", reason)
    assert "may still wait, and hold their locks" in " ".join(found.remarks)
    assert len(fake.calls) == 6  # as first and then second leave it
    fake.reset()
    explored = fake.interleave(reads, reads)
    assert (explored.broken, explored.not_run) == ((), 0)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_tasks_that_wait_for_each_other_are_cancelled(fake: Aurous, library: str, hurry: Callable[[], None]) -> None:
    """Then all other schedules are tried as well."""

    async def work(one: anyio.Lock, other: anyio.Lock) -> None:
        async with fake.async_client() as client, one:
            await client.get("/v1/balance")
            if one.statistics().tasks_waiting:  # and this one will wait, too
                hurry()
            async with other:
                await client.get("/v1/team")

    async def fresh() -> list[anyio.Lock]:
        return [anyio.Lock(), anyio.Lock()]

    with pytest.raises(AurousExplorationError, match=r"each worker\s+waits\s+for\s+the\s+other") as raised:
        as_tasks(fake, library, lambda locks: work(*locks), lambda locks: work(*locks[::-1]), fresh=fresh)

    stopped = [case.id for case in raised.value.exploration.cases if case.outcome == "stopped"]
    assert len(stopped) == 2


def test_what_the_workers_return_or_raise(fake: Aurous, client: httpx.Client) -> None:
    """An exception, and other results."""
    seen: list[str] = []

    def raising() -> None:
        before = len(seen)
        client.get("/v1/balance")
        seen.append("me")
        if len(seen) != before + 1:
            raise ValueError("two at once")

    def counting() -> int:
        before = len(seen)
        client.get("/v1/balance")
        seen.append("me")
        return before

    reason = race(fake, raising, raising, fresh=seen.clear).broken[0].reasons["serial"]
    assert reason == "a worker raised ValueError: two at once; one after the other, neither raises"
    reason = race(fake, counting, counting, fresh=seen.clear, returns=True).broken[0].reasons["serial"]
    assert reason == "the code returned (0, 0), one after the other (0, 1)"


def test_one_schedule_is_run_alone(fake: Aurous, client: httpx.Client) -> None:
    """`only` runs it, and the fake stays as it left it, whether it is broken or not."""
    work = partial(find_or_create, client)
    found = race(fake, work, work, only="first#2")
    assert ([case.id for case in found.cases], fake.team.held_credits) == (["first#2"], 2 * synthesis_price())
    fake.reset()
    explored = fake.interleave(work, work, only="first#1")
    assert ([case.outcome for case in explored.cases], len(fake.characters)) == (["returned"], 1)
    with pytest.raises(AurousError, match="there is no such schedule: a switch is not reached"):
        fake.interleave(work, work, only="second#1 | first#7")


async def anothing() -> None:
    """Send no request."""


def test_bad_input_is_refused(fake: Aurous, client: httpx.Client) -> None:
    """Each message names the mistake, and what to do."""
    work, counter = partial(find_or_create, client), itertools.count()

    def chance() -> int:
        client.get("/v1/balance")
        return next(counter)

    def refuse(text: str, *workers: Any, **options: Any) -> None:
        with pytest.raises(AurousError) as raised:
            fake.interleave(*workers, **options)
        assert text in str(raised.value)

    refuse("first sent no request to the fake", lambda: None, work)
    refuse("second sent no request to the fake", work, lambda: None)
    refuse("first returned a coroutine, which nothing awaits. Use await aurous.ainterleave(", anothing, work)
    refuse("interleave(first=<coroutine object", anothing(), work)
    refuse("interleave() was called inside explore() or interleave()", lambda: fake.interleave(work, work), work)
    refuse("two undisturbed runs from the same start return different values", chance, work, returns=True)
    refuse("interleave(returns=7): expected True or False", work, work, returns=7)
    refuse("interleave(fresh=3): expected a function, or None", work, work, fresh=3)
    refuse("interleave(only='first 2'): expected the id of a schedule", work, work, only="first 2")
    refuse("fresh returned a coroutine", work, work, fresh=anothing)


def test_bad_input_of_coroutines_is_refused(fake: Aurous) -> None:
    """Plain functions, and what is no function."""

    async def work() -> None:
        async with fake.async_client() as client:
            await client.get("/v1/balance")

    for worker, text in (
        (lambda: None, "first returned no coroutine"),
        (3, r"ainterleave\(first=3\): expected a coroutine function"),
    ):
        with pytest.raises(AurousError, match=text):
            as_tasks(fake, "asyncio", worker, work)


def test_workers_over_http_race_as_well(fake: Aurous) -> None:
    """A served request belongs to the worker whose turn it is, whatever client sends it."""
    with AurousServer(fake) as server:

        def send(path: str, body: bytes | None = None) -> Any:
            headers = {"X-Api-Key": str(fake.api_key), "Content-Type": "application/json"}
            with urlopen(Request(server.url + path, body, headers), timeout=60) as response:  # noqa: S310 - our server
                return json.load(response)

        def work() -> str:
            found = send("/v1/characters")["data"]
            return str((found[0] if found else send("/v1/characters", json.dumps(NOVA).encode()))["id"])

        found = race(fake, work, work)
    assert [case.id for case in found.broken][:2] == ["first#2", "second#2"]


def test_a_thread_that_goes_on_after_its_worker(fake: Aurous, client: httpx.Client) -> None:
    """Its requests and sleeps wait for nothing."""
    begun = threading.Event()

    def later() -> None:
        begun.wait(60)
        time.sleep(1)
        client.get("/v1/team")

    def leaves(thread: threading.Thread) -> None:
        thread.start()
        client.get("/v1/balance")

    def joins(thread: threading.Thread) -> None:
        client.get("/v1/balance")
        begun.set()
        if thread.ident:
            thread.join(60)

    def fresh() -> threading.Thread:
        begun.clear()
        return threading.Thread(target=later, daemon=True)

    assert fake.interleave(leaves, joins, fresh=fresh).broken == ()


def test_a_race_names_both_lines_and_the_guard(fake: Aurous, client: httpx.Client) -> None:
    """Each worker has a line of its own; where they send keys, the check before the order is not held together."""

    def first() -> None:
        if not client.get("/v1/images").json()["data"]:
            client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "1"})

    def second() -> None:
        if not client.get("/v1/images").json()["data"]:
            client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "2"})

    found = race(fake, first, second)

    assert len({(case.cause, case.at) for case in found.broken}) == 1
    assert re.fullmatch(r"\S+:\d+ in first and \S+:\d+ in second", found.broken[0].at)
    assert "no guard, such as a lock around the check and the order, keeps both workers from" in found.broken[0].finding


@pytest.mark.parametrize("key", [None, "1"])
def test_a_race_for_a_budget_names_the_guard_whatever_is_ordered(
    fake: Aurous, client: httpx.Client, key: str | None
) -> None:
    """Each worker orders something else, from a line of its own or of both."""

    def may_order() -> bool:
        return bool(client.get("/v1/balance").json()["available_credits"] > 99)

    def sent(prompt: str) -> Any:
        return {"json": {"prompt": prompt}, "headers": {"Idempotency-Key": f"{key} {prompt}"} if key else {}}

    def both(prompt: str) -> None:
        if may_order():
            client.post("/v1/images", **sent(prompt))

    def other() -> None:
        if may_order():
            client.post("/v1/images", **sent("b"))

    for second, lines in ((partial(both, "b"), "in both"), (other, "in both and in other")):
        fake.reset()
        [cases] = race(fake, partial(both, "a"), second).findings
        assert cases[0].cause.startswith("pays_once at images.create: no guard, ")
        assert re.sub(r"\S+:\d+ ", "", cases[0].at) == lines
