"""Streams over real clients: each event is made when a client reads it, whichever client it is."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.wire.har import har
from pytest_aurous._core.wire.lines import shown_call
from tests.httpx.conftest import Wire

PATH: Final = "/v1/chat/completions"
BODY: Final = {
    "model": "aurous-grow-2.0-pro",
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
}
TEXT: Final = "Aurora has black hair, and she smiles at the harbor."


@pytest.fixture
def fake() -> Iterator[Aurous]:
    with Aurous(pitfalls="off", now="2026-05-08T10:00:00Z") as aurous:
        aurous.chat.reply(TEXT, delay=1)
        yield aurous


def read(fake: Aurous, wire: Wire, most: int | None = None) -> bytes:
    """Read at most that many pieces of a stream, close it, and return what was read."""
    found: list[bytes] = []
    wire.stream("POST", fake.base_url + PATH, found, most, json=BODY, headers={"X-Api-Key": fake.api_key})
    return b"".join(found)


@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")  # its own, under trio
def test_a_client_reads_a_stream(fake: Aurous, wire: Wire) -> None:
    """All of it; or a part, and then no more is made; or until it breaks; on the clock of the fake alone."""
    chat = fake.chat.completions
    start = fake.clock.now()

    whole = read(fake, wire)
    assert whole.endswith(b"data: [DONE]\n\n")
    assert (fake.clock.now() - start).total_seconds() == 4
    assert chat.last.status == "completed"

    part = read(fake, wire, 3)
    assert (fake.calls.last.events, part.count(b"\n\n")) == (3, 3)
    assert (chat.last.status, chat.last.text) == ("cancelled_client_disconnect", "Aurora has black hair, and she ")
    assert fake.calls.last.ended == "ended by the client"

    read(fake, wire, 0)
    assert (chat.last.status, chat.last.text, fake.calls.last.events) == ("cancelled_client_disconnect", "", 0)

    fake.faults.stall("chat.create", after_events=2)
    fake.faults.disconnect("chat.create", after_events=2)
    before = fake.clock.now()
    with pytest.raises(wire.stack.ReadTimeout):
        read(fake, wire)
    assert (fake.clock.now() - before).total_seconds() == 6
    with pytest.raises(wire.stack.RemoteProtocolError):
        read(fake, wire)
    fake.faults.malformed("chat.create", kind="half_event")
    assert not read(fake, wire).endswith(b"\n")

    fake.chat.reply("late", delay=9)
    fake.chat.reply("Grüße aus 東京", chunking="bytes")
    with pytest.raises(wire.stack.ReadTimeout):  # the last reply stays until another one follows
        read(fake, wire)
    letters = read(fake, wire).decode()
    said = [json.loads(line[6:])["choices"][0]["delta"] for line in letters.split("\n\n")[:-2]]
    assert "".join(one.get("content", "") for one in said) == "Grüße aus 東京"


def test_a_client_never_reads_its_stream(fake: Aurous) -> None:
    """Nothing is made and nothing hangs: the completion is in progress, and its credits are held."""
    client = httpx.Client()
    response = client.send(
        client.build_request("POST", fake.base_url + PATH, json=BODY, headers={"X-Api-Key": fake.api_key}), stream=True
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
    wire = Wire(httpx, "sync")
    with pytest.raises(httpx.RemoteProtocolError):
        read(fake, wire)
    read(fake, wire)

    broken, whole = fake.calls
    assert "-> 200 1 event, ended by a fault (disconnect)" in shown_call(broken, frozenset())
    assert "-> 200 7 events, complete" in shown_call(whole, frozenset())
    first, second = (one["response"]["content"] for one in har(fake.calls)["log"]["entries"])
    assert (first["_omitted"], "_omitted" in second) == (True, False)
    assert second["text"].endswith("data: [DONE]\n\n")
    notes = fake._session.app.world.journal.notes
    assert {note.number for note in notes if note.during} == {1, 2}
    assert [note.text for note in notes if not note.during] == []


def test_a_route_that_spies_reads_nothing(fake: Aurous, stack: Any) -> None:
    """It records status and headers; the events belong to the client."""
    route = fake.route("chat.create")

    assert read(fake, Wire(stack, "sync"), 2).count(b"\n\n") == 2

    assert fake.calls.last.events == 2
    assert route.call_count == 1
    spied = route.calls.last.response
    assert (spied.status_code, spied.headers["content-type"], spied.content) == (200, "text/event-stream", b"")
