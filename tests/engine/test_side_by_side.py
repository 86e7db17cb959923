"""Equal requests that several tasks or threads send at once are no retries of each other."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, AurousServer

KEYED: Final = [{"Idempotency-Key": f"variant {number}"} for number in range(3)]


def lose(aurous: Aurous) -> None:
    aurous.faults.disconnect("images.create", commit=True)


def refuse(aurous: Aurous) -> None:
    aurous.faults.rate_limited("images.create")


@pytest.fixture
def aurous() -> Iterator[Aurous]:
    """A fake whose sleeps are skipped."""
    with Aurous(sleep="skip", pitfalls="off") as fake:
        yield fake


async def order(client: httpx.AsyncClient, headers: dict[str, str], sleep: Callable[[float], Awaitable[Any]]) -> None:
    """Order one variant of an image, and wait before a retry."""
    for _ in range(2):
        try:
            response = await client.post("/v1/images", json={"prompt": "On a bench"}, headers=headers)
        except httpx.TransportError:
            await sleep(5)
            continue
        if response.is_success:
            return
        await sleep(float(response.headers["Retry-After"]))


@pytest.mark.parametrize("go_wrong", [lose, refuse])
def test_tasks_of_asyncio(aurous: Aurous, go_wrong: Callable[[Aurous], None]) -> None:
    """Three variants, each with its own key; the first one is sent again with its key, and in time."""

    async def all_three() -> None:
        async with aurous.async_client() as client:
            await asyncio.gather(*(order(client, headers, asyncio.sleep) for headers in KEYED))

    go_wrong(aurous)
    asyncio.run(all_three())

    assert aurous.calls.count("images.create") == 4
    assert aurous.pitfalls == []


@pytest.mark.parametrize(
    ("keys", "pitfall"), [(["first", "second"], "new-key-per-attempt"), ([None, None], "double-charge")]
)
def test_threads(aurous: Aurous, monkeypatch: pytest.MonkeyPatch, keys: list[str | None], pitfall: str) -> None:
    """An equal order that another thread sends at that moment is no retry; one that comes later is."""
    monkeypatch.delitem(sys.modules, "trio.lowlevel", raising=False)
    first, second = [{"Idempotency-Key": key} if key else {} for key in keys]

    with aurous.client() as client, ThreadPoolExecutor(1) as pool:

        def order(headers: dict[str, str]) -> httpx.Response:
            return client.post("/v1/images", json={"prompt": "On a bench"}, headers=headers)

        for pause, found in ((0, []), (2, [pitfall])):
            lose(aurous)
            with pytest.raises(httpx.TransportError):
                order(first)
            time.sleep(pause)
            pool.submit(order, second).result()
            assert [one.id for one in aurous.pitfalls] == found
            aurous.reset()


def test_a_served_fake(aurous: Aurous) -> None:
    """A server serves each request in a task of its own, so that a retry at once is one all the same."""
    pytest.importorskip("uvicorn", reason="needs the extra, server")
    refuse(aurous)

    with (
        AurousServer(aurous) as server,
        httpx.Client(base_url=server.url, headers={"X-Api-Key": aurous.api_key}) as api,
    ):
        for _ in range(2):
            api.post("/v1/images", json={"prompt": "On a bench"})
        for _ in range(4):
            api.get("/v1/images/img_01HXMQ7Z3K8Y2NABCDEFGHJKMR")

    assert [one.id for one in aurous.pitfalls] == ["early-retry", "endless-poll"]


@pytest.mark.parametrize("polls", [1, 4])
def test_each_task_has_to_see_the_end(aurous: Aurous, polls: int) -> None:
    """Five tasks that poll one record see its end once each; one that goes on polling is told."""
    character = aurous.characters.add(status="failed")

    async def watch(client: httpx.AsyncClient) -> None:
        for _ in range(polls):
            await client.get(f"/v1/characters/{character.id}")
            await asyncio.sleep(10)

    async def all_five() -> None:
        async with aurous.async_client() as client:
            await asyncio.gather(*(watch(client) for _ in range(5)))

    asyncio.run(all_five())

    assert [one.id for one in aurous.pitfalls] == (["endless-poll"] if polls > 1 else [])
