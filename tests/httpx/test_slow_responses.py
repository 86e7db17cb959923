"""A slow response under skipped sleeps: its client sleeps, so that all clocks move and time-outs fire."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from pytest_aurous import Aurous

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_aurous import Faults

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


def delay(faults: Faults) -> None:
    faults.delay("images.create", 7200)


def timeout(faults: Faults) -> None:
    faults.timeout("images.create")


def late_timeout(faults: Faults) -> None:
    faults.timeout("images.create", commit=True)


@pytest.mark.parametrize(
    ("fault", "patience", "sleep", "process", "passed", "images"),
    [
        (delay, None, "skip", 7200, 7200, 1),
        (delay, 3600, "skip", 3600, 3600, 0),
        (delay, None, "real", 0, 7200, 1),
        (timeout, 3600, "skip", 3600, 3600, 0),
        (late_timeout, 3600, "skip", 3600, 3600, 1),
        (timeout, None, "skip", 0, 0, 0),  # nobody knows how long such a client waits
        (timeout, 3600, "real", 0, 0, 0),
    ],
)
def test_the_clocks_move_by_the_wait(
    fault: Callable[[Faults], None], patience: float | None, sleep: Any, process: int, passed: int, images: int
) -> None:
    """Those of Python and that of the fake, for as long as the client waits; with real sleeps, only the latter."""
    with Aurous(sleep=sleep, pitfalls="off") as fake, fake.client(timeout=patience) as client:
        fault(fake.faults)
        clocks = time.monotonic, time.time, fake.clock.time
        before = [clock() for clock in clocks]
        with pytest.raises(httpx.ReadTimeout) if (fault, patience) != (delay, None) else nullcontext():
            client.post("/v1/images", json=ORDER)

        for clock, then, least in zip(clocks, before, (process, process, passed), strict=True):
            assert least <= clock() - then < least + SLACK
        assert len(fake.images) == images
        assert fake.calls.last.delay == (7200 if fault is delay and patience is None else 0)


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


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "delay"])
def test_a_timeout_of_a_task_cancels_a_slow_request(fake: Aurous, backend: str, kind: str, *, commit: bool) -> None:
    """If the task waits for less than its client does: the request is in flight then, and took effect or not."""
    fault = getattr(fake.faults, kind)("images.create", *[7200] * (kind == "delay"), commit=commit)
    before = time.monotonic(), fake.clock.time()

    async def order() -> None:
        async with fake.async_client(timeout=9000) as client:
            with anyio.move_on_after(3600) as scope:
                await client.post("/v1/images", json=ORDER)
            assert scope.cancelled_caught

    anyio.run(order, backend=backend)

    for now, then in zip((time.monotonic(), fake.clock.time()), before, strict=True):
        assert 3600 <= now - then < 3600 + SLACK
    assert (fault.fired, len(fake.images)) == (1, commit)
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
