"""A slow response under skipped sleeps: its client sleeps, so that all clocks move and time-outs fire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from pytest_aurous import Aurous

CHAT: dict[str, Any] = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Who?"}]}
ORDER = {"prompt": "a door"}
SLACK = 60
"""Seconds that a busy machine may take, beside clocks that move by hours."""


@pytest.fixture(name="fake")
def _fake() -> Iterator[Aurous]:
    with Aurous(sleep="skip", pitfalls="off", strict="off") as fake:
        yield fake


@pytest.fixture(name="backend", params=["asyncio", "trio"])
def _backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_all_clocks_move_by_a_delay(fake: Aurous) -> None:
    """A deadline on the clock of Python passes with the clock of the fake, by the same time."""
    fake.faults.delay("balance.retrieve", 7200)
    clocks = time.monotonic, time.time, fake.clock.time
    before = [clock() for clock in clocks]

    with fake.client(timeout=None) as client:
        assert client.get("/v1/balance").status_code == 200

    assert all(7200 <= clock() - then < 7200 + SLACK for clock, then in zip(clocks, before, strict=True))
    assert fake.calls.last.delay == 7200


def test_a_loop_whose_clock_cannot_jump_has_its_response_at_once(fake: Aurous) -> None:
    """Such as that of uvloop, or one that nest_asyncio has patched. All other clocks move."""

    class OwnLoop(asyncio.SelectorEventLoop):
        def _run_once(self) -> None:
            super()._run_once()  # type: ignore[misc]

    async def main() -> float:
        async with fake.async_client(timeout=None) as client:
            assert (await client.get("/v1/balance")).status_code == 200
        return time.monotonic()

    fake.faults.delay("balance.retrieve", 7200)
    before = time.monotonic()
    loop = OwnLoop()
    try:
        assert 7200 <= loop.run_until_complete(main()) - before < 7200 + SLACK
    finally:
        loop.close()


def test_a_read_timeout_moves_all_clocks(fake: Aurous) -> None:
    """A client waits as long as its timeout says, and no longer."""
    fake.faults.delay("images.create", 7200)
    before = time.monotonic()

    with fake.client(timeout=3600) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/v1/images", json=ORDER)

    assert 3600 <= time.monotonic() - before < 3600 + SLACK
    assert not fake.images


@pytest.mark.parametrize("commit", [True, False])
def test_a_timeout_as_a_fault_moves_all_clocks(fake: Aurous, *, commit: bool) -> None:
    """It comes when the client has waited for as long as its own timeout says."""
    fake.faults.timeout("images.create", commit=commit)
    clocks = time.monotonic, time.time, fake.clock.time
    before = [clock() for clock in clocks]

    with fake.client(timeout=3600) as client, pytest.raises(httpx.ReadTimeout):
        client.post("/v1/images", json=ORDER)

    assert all(3600 <= clock() - then < 3600 + SLACK for clock, then in zip(clocks, before, strict=True))
    assert len(fake.images) == commit


@pytest.mark.parametrize("commit", [True, False])
def test_a_timeout_of_a_task_comes_before_one_of_a_fault(fake: Aurous, backend: str, *, commit: bool) -> None:
    """If the task waits for less than its client does; the fault has happened nevertheless."""
    fault = fake.faults.timeout("images.create", commit=commit)

    async def order() -> None:
        async with fake.async_client(timeout=7200) as client:
            with anyio.move_on_after(3600) as scope:
                await client.post("/v1/images", json=ORDER)
            assert scope.cancelled_caught

    before = time.monotonic()
    anyio.run(order, backend=backend)

    assert 3600 <= time.monotonic() - before < 3600 + SLACK
    assert (fault.fired, len(fake.images)) == (1, commit)


@pytest.mark.parametrize("commit", [True, False])
def test_a_timeout_of_a_task_cancels_a_slow_request(fake: Aurous, backend: str, *, commit: bool) -> None:
    """It is in flight then: no response has arrived, and it took effect only with ``commit``."""
    fake.faults.delay("images.create", 7200, commit=commit)

    async def order() -> None:
        async with fake.async_client(timeout=None) as client:
            with anyio.move_on_after(3600) as scope:
                await client.post("/v1/images", json=ORDER)
            assert scope.cancelled_caught

    before = fake.clock.time()
    anyio.run(order, backend=backend)

    assert 3600 <= fake.clock.time() - before < 3600 + SLACK
    assert len(fake.images) == commit
    assert (fake.calls.last.status, fake.calls.last.delay, fake.calls.last.committed) == (None, 0, commit)


def test_other_requests_are_served_meanwhile(fake: Aurous, backend: str) -> None:
    """A slow request takes effect when it arrives, after those of other tasks."""
    fake.faults.delay("images.create", 7200)

    async def order() -> None:
        async with fake.async_client(timeout=None) as client, anyio.create_task_group() as group:
            group.start_soon(lambda: client.post("/v1/images", json=ORDER))
            await anyio.sleep(3600)
            assert not fake.images
            await client.get("/v1/balance")

    anyio.run(order, backend=backend)

    assert [call.operation for call in fake.calls] == ["images.create", "balance.retrieve"]
    assert len(fake.images) == 1


def test_a_slow_reply_is_cancelled(fake: Aurous, backend: str) -> None:
    """A chat that a task does not wait for stays in progress, as after a read timeout."""
    fake.chat.reply("late", ttft=7200)

    async def ask() -> None:
        async with fake.async_client(timeout=None) as client:
            with anyio.move_on_after(3600):
                await client.post("/v1/chat/completions", json=CHAT)

    anyio.run(ask, backend=backend)

    assert fake.calls.last.status is None
    assert fake.chat.completions.last.status == "in_progress"


@pytest.mark.parametrize("limit", [20, None])
def test_a_stream_sleeps_between_its_events(fake: Aurous, backend: str, limit: float | None) -> None:
    """A timeout of a task ends it between two events."""
    fake.chat.reply("one two three four five six seven eight nine", delay=8)

    async def ask() -> None:
        async with fake.async_client(timeout=None) as client:
            with anyio.move_on_after(limit) if limit else anyio.CancelScope() as scope:
                async with client.stream("POST", "/v1/chat/completions", json={**CHAT, "stream": True}) as response:
                    await response.aread()
            assert scope.cancelled_caught == (limit is not None)

    before = time.monotonic()
    anyio.run(ask, backend=backend)

    passed = time.monotonic() - before
    assert 20 <= passed < 20 + SLACK if limit else passed >= 24
    assert fake.calls.last.ended == ("ended by the client" if limit else "complete")


def test_a_sync_stream_sleeps_between_its_events(fake: Aurous) -> None:
    """The clocks of Python move with its events."""
    fake.chat.reply("one two three four five", delay=3600)
    before = time.monotonic()

    with fake.client(timeout=None) as client:
        client.post("/v1/chat/completions", json={**CHAT, "stream": True})

    assert time.monotonic() - before >= 3600


def test_a_mocked_sleep_sees_no_delay(fake: Aurous, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that replaces `asyncio.sleep` counts the sleeps of its code alone."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    fake.faults.delay("balance.retrieve", 7200)
    before = fake.clock.time()

    async def read() -> None:
        async with fake.async_client(timeout=None) as client:
            await client.get("/v1/balance")

    asyncio.run(read())

    assert not slept
    assert fake.clock.time() - before >= 7200


def test_without_a_limit_a_timeout_comes_at_once(fake: Aurous) -> None:
    """Nobody knows how long a client without a read timeout waits."""
    fake.faults.timeout("balance.retrieve")
    before = fake.clock.time()

    with fake.client(timeout=None) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/v1/balance")

    assert fake.clock.time() - before < SLACK


def test_without_skipping_a_timeout_moves_no_clock() -> None:
    """It is raised at once."""
    with Aurous(pitfalls="off") as fake, fake.client(timeout=3600) as client:
        fake.faults.timeout("balance.retrieve")
        before = fake.clock.time()
        with pytest.raises(httpx.ReadTimeout):
            client.get("/v1/balance")

    assert fake.clock.time() - before < SLACK


def test_without_skipping_only_the_clock_of_the_fake_moves() -> None:
    """With real sleeps, a delay takes no time of the process."""
    with Aurous(pitfalls="off") as fake, fake.client(timeout=None) as client:
        fake.faults.delay("balance.retrieve", 7200)
        before, then = time.monotonic(), fake.clock.time()
        client.get("/v1/balance")

    assert time.monotonic() - before < SLACK
    assert fake.clock.time() - then >= 7200
