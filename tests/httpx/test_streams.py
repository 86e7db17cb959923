"""Streams over real clients: each event is made when a client reads it, whichever client it is."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.wire.har import har
from pytest_aurous._core.wire.lines import shown_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH: Final = "/v1/chat/completions"
BODY: Final = {
    "model": "aurous-grow-2.0-pro",
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
}
TEXT: Final = "Aurora has black hair, and she smiles at the harbor."
STACKS: Final = ["httpx", *(["httpx2"] if find_spec("httpx2") else [])]


@pytest.fixture
def fake() -> Iterator[Aurous]:
    with Aurous(pitfalls="off") as aurous:
        aurous.chat.reply(TEXT, delay=1)
        yield aurous


class Reader:
    """A client of one package, sync or async, that reads some chunks of a stream and then closes it."""

    def __init__(self, fake: Aurous, stack: str, way: str) -> None:
        self.fake = fake
        self.stack: Any = pytest.importorskip(stack)
        self.way = way
        self.options: dict[str, Any] = {"base_url": fake.base_url, "headers": {"X-Api-Key": fake.api_key}, "timeout": 5}

    def read(self, most: int | None = None, then: Callable[[], object] = lambda: None) -> bytes:
        """Read at most that many chunks, call *then*, close the stream, and return what was read."""
        found: list[bytes] = []
        if self.way == "sync":
            with self.stack.Client(**self.options) as client, client.stream("POST", PATH, json=BODY) as response:
                for _, part in zip(range(most if most is not None else 1000), response.iter_raw(), strict=False):
                    found.append(part)
                then()
            return b"".join(found)

        async def main() -> None:
            async with (
                self.stack.AsyncClient(**self.options) as client,
                client.stream("POST", PATH, json=BODY) as response,
            ):
                if most != 0:
                    async for part in response.aiter_raw():
                        found.append(part)
                        if len(found) == most:
                            break
                then()

        anyio.run(main, backend=self.way)
        return b"".join(found)


@pytest.fixture(params=[(stack, way) for stack in STACKS for way in ("sync", "asyncio", "trio")], ids="-".join)
def reader(request: pytest.FixtureRequest, fake: Aurous) -> Reader:
    """Each kind of client."""
    return Reader(fake, *request.param)


@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")  # its own, under trio
def test_a_client_reads_a_stream(reader: Reader) -> None:
    """All of it; or a part, and then no more is made; or until it breaks; on the clock of the fake alone."""
    fake, chat = reader.fake, reader.fake.chat.completions
    start = fake.clock.now()

    whole = reader.read()
    assert whole.endswith(b"data: [DONE]\n\n")
    assert (fake.clock.now() - start).total_seconds() == pytest.approx(4, abs=0.5)
    assert chat.last.status == "completed"

    events: list[int] = []
    part = reader.read(3, lambda: events.append(fake.calls.last.events))
    assert (events, fake.calls.last.events, part.count(b"\n\n")) == ([3], 3, 3)
    assert (chat.last.status, chat.last.text) == ("cancelled_client_disconnect", "Aurora has black hair, and she ")
    assert fake.calls.last.ended == "ended by the client"

    reader.read(0)
    assert (chat.last.status, chat.last.text, fake.calls.last.events) == ("cancelled_client_disconnect", "", 0)

    fake.faults.stall("chat.create", after_events=2)
    fake.faults.disconnect("chat.create", after_events=2)
    before = fake.clock.now()
    with pytest.raises(reader.stack.ReadTimeout):
        reader.read()
    assert (fake.clock.now() - before).total_seconds() == pytest.approx(6, abs=0.5)
    with pytest.raises(reader.stack.RemoteProtocolError):
        reader.read()
    fake.faults.malformed("chat.create", kind="half_event")
    assert not reader.read().endswith(b"\n")

    fake.chat.reply("late", delay=9)
    fake.chat.reply("Grüße aus 東京", chunking="bytes")
    with pytest.raises(reader.stack.ReadTimeout):  # the last reply stays until another one follows
        reader.read()
    letters = reader.read().decode()
    said = [json.loads(line[6:])["choices"][0]["delta"] for line in letters.split("\n\n")[:-2]]
    assert "".join(one.get("content", "") for one in said) == "Grüße aus 東京"


def test_a_client_never_reads_its_stream(fake: Aurous) -> None:
    """Nothing is made and nothing hangs: the completion is in progress, and its credits are held."""
    client = httpx.Client()
    response = client.send(
        client.build_request("POST", fake.base_url + PATH, json=BODY, headers=key(fake)), stream=True
    )

    assert response.status_code == 200
    assert (fake.chat.completions.last.status, fake.calls.last.events) == ("in_progress", 0)
    assert fake.team.held_credits > 0
    call = fake.calls.last
    assert shown_call(call, frozenset()).endswith("-> 200 0 events, not read to its end")
    assert har([call])["log"]["entries"][0]["response"]["content"]["_omitted"] is True
    response.close()
    assert shown_call(call, frozenset()).endswith("-> 200 0 events, ended by the client")


def test_a_stream_is_one_line_and_one_entry(fake: Aurous) -> None:
    """With the number of its events, and how it ended; what changed meanwhile belongs to it."""
    fake.faults.disconnect("chat.create", after_events=1)
    reader = Reader(fake, "httpx", "sync")
    with pytest.raises(httpx.RemoteProtocolError):
        reader.read()
    reader.read()

    broken, whole = fake.calls
    assert "-> 200 1 event, ended by a fault (disconnect)" in shown_call(broken, frozenset())
    assert shown_call(whole, frozenset()).endswith("-> 200 7 events, complete")
    first, second = (one["response"]["content"] for one in har(fake.calls)["log"]["entries"])
    assert (first["_omitted"], "_omitted" in second) == (True, False)
    assert second["text"].endswith("data: [DONE]\n\n")
    notes = fake._session.app.world.journal.notes
    assert {note.number for note in notes if note.during} == {1, 2}
    assert [note.text for note in notes if not note.during] == []


def key(fake: Aurous) -> dict[str, str]:
    """Return the headers of a client."""
    return {"X-Api-Key": fake.api_key}


@pytest.mark.parametrize("stack", STACKS)
def test_a_route_that_spies_reads_nothing(fake: Aurous, stack: str) -> None:
    """It records status and headers; the events belong to the client."""
    route = fake.route("chat.create")
    reader = Reader(fake, stack, "sync")

    assert reader.read(2).count(b"\n\n") == 2

    assert fake.calls.last.events == 2
    assert route.call_count == 1
    spied = route.calls.last.response
    assert (spied.status_code, spied.headers["content-type"], spied.content) == (200, "text/event-stream", b"")
