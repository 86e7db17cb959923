"""Where the code under test sent a request."""

import asyncio
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.base.frames import Place

pytestmark = pytest.mark.lowest

PATH = "/v1/balance"


def here() -> Place:
    frame = sys._getframe(1)
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def places(aurous: Aurous) -> list[Place | None]:
    return [call.place for call in aurous.calls]


def functions(stack: tuple[Place, ...]) -> list[str]:
    return [function for _, _, function in stack]


def test_the_place_is_a_line_of_the_code_under_test(stack: Any, aurous: Aurous) -> None:
    """It is neither in this package nor in the client."""
    options: dict[str, Any] = {"base_url": aurous.base_url, "headers": {"X-Api-Key": aurous.api_key}}

    async def read() -> Place:
        async with stack.AsyncClient(**options) as client:
            _, place = await client.get(PATH), here()
        return place

    with stack.Client(**options) as client:
        _, method = client.get(PATH), here()
        _, streamed = client.stream("GET", PATH).__enter__(), here()
        with pytest.raises(stack.HTTPStatusError):
            client.get("/v1/characters/char_x").raise_for_status()
    awaited = asyncio.run(read())

    assert [places(aurous)[index] for index in (0, 1, 3)] == [method, streamed, awaited]


def test_a_thread_a_task_and_a_job_have_places_of_their_own(aurous: Aurous) -> None:
    """What started them has not sent the request."""
    client = aurous.client()

    def send() -> None:
        client.get(PATH)

    async def asend(client: httpx.AsyncClient) -> None:
        await client.get(PATH)

    async def main() -> None:
        client = aurous.async_client()
        await asyncio.create_task(asend(client))
        await asyncio.gather(asend(client), asyncio.to_thread(send))
        await asyncio.wait_for(asend(client), 60)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as pool:
        pool.submit(send).result()
    asyncio.run(main())

    found = [place[2] for place in places(aurous) if place is not None]
    assert sorted(found) == ["asend"] * 3 + ["send"] * 3


def test_where_all_frames_belong_to_libraries_there_is_no_place(aurous: Aurous) -> None:
    """A thread or task that does nothing but send shows no line of the code under test."""
    client = aurous.client()

    async def main() -> None:
        await asyncio.create_task(aurous.async_client().get(PATH))

    thread = threading.Thread(target=partial(client.get, PATH), daemon=True)
    thread.start()
    thread.join()
    asyncio.run(main())

    assert [(call.place, call.stack) for call in aurous.calls] == [(None, ())] * 2


def test_a_trio_task_ends_the_stack(aurous: Aurous) -> None:
    """What called `trio.run` is not in it."""
    trio = pytest.importorskip("trio")

    async def asend() -> None:
        await aurous.async_client().get(PATH)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asend)
            nursery.start_soon(aurous.async_client().get, PATH)

    trio.run(main)

    assert sorted(functions(call.stack) for call in aurous.calls) == [[], ["asend"]]


def through_tenacity(send: Callable[[], object]) -> None:
    pytest.importorskip("tenacity").retry(reraise=True)(send)()


def through_backoff(send: Callable[[], object]) -> None:
    backoff = pytest.importorskip("backoff")
    backoff.on_exception(backoff.expo, httpx.HTTPError, max_tries=1)(send)()


def through_stamina(send: Callable[[], object]) -> None:
    pytest.importorskip("stamina").retry(on=httpx.HTTPError, attempts=1)(send)()


@pytest.mark.parametrize("through", [through_tenacity, through_backoff, through_stamina])
def test_a_retry_library_is_not_the_place(aurous: Aurous, through: Callable[[Callable[[], object]], None]) -> None:
    """The place is where its caller is."""
    client = aurous.client()

    through(partial(client.get, PATH))

    assert [place and place[::2] for place in places(aurous)] == [(__file__, through.__name__)]


def test_the_stack_goes_from_the_place_out_to_the_test_and_has_at_most_six_places(aurous: Aurous) -> None:
    """Two calls of a recursive function tell a short stack from a long one."""
    client = aurous.client()

    def send(callers: int) -> None:
        if callers:
            send(callers - 1)
        else:
            client.get(PATH)

    send(1)
    send(9)

    short, long = aurous.calls
    assert short.place == short.stack[0]
    assert functions(short.stack) == ["send", "send", sys._getframe().f_code.co_name]
    assert functions(long.stack) == ["send"] * 6


class Local:
    """What a frame keeps alive."""


def test_a_call_keeps_nothing_alive(aurous: Aurous) -> None:
    """It has no frame, so no local variable outlives its function."""

    def send() -> weakref.ref[Local]:
        local = Local()
        aurous.client().get(PATH)
        return weakref.ref(local)

    assert send()() is None
    assert aurous.calls.last.stack
