"""Streamed completions: their events, each made as the client reads it, and what ends them."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from pytest_aurous._core.wire.reply import Break, Reply, Stream
from tests.conftest import Api

PATH: Final = "/v1/chat/completions"
MODEL: Final = "aurous-grow-2.0-pro"
TEXT: Final = "Aurora has black hair, and she smiles at the harbor."


def begin(api: Api, *, key: str | None = None, patience: float | None = None, **more: Any) -> Reply:
    """Ask for a stream, and return the response before anything is read."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True, **more}
    headers = {} if key is None else {"Idempotency-Key": key}
    outcome = api.outcome("POST", PATH, json=body, headers=headers, patience=patience)
    assert isinstance(outcome, Reply)
    return outcome


def opened(api: Api, **more: Any) -> Stream:
    stream = begin(api, **more).stream
    assert stream is not None
    return stream


def parts(stream: Stream) -> Iterator[bytes | Break]:
    while (part := stream.read()) is not None:
        yield part


def events(stream: Stream) -> list[Any]:
    """Return the events of a stream that ends as it should, parsed; the last one is `[DONE]`."""
    content = b"".join(part for part in parts(stream) if isinstance(part, bytes))
    *lines, rest = content.decode().split("\n\n")
    assert rest == ""
    return [line if line[6:] == "[DONE]" else json.loads(line[6:]) for line in lines if line != ": keep-alive"]


def deltas(found: list[Any]) -> list[Any]:
    return [one["choices"][0]["delta"] for one in found[:-1]]


def test_stream_2_stream_1_a_stream_has_role_content_usage_and_done(api: Api) -> None:
    """All chunks have the same id; what is charged is what a plain response would cost; reasoning is only counted."""
    tokens = (200, 600, 50)
    api.aurous.chat.reply(TEXT, tokens=tokens, times=2)
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    usage = api.post(PATH, json=body).json["usage"]
    before = api.team.credits
    reply = begin(api)
    headers = dict(reply.headers)
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert "Content-Length" not in headers
    assert api.money()[1] > 0
    assert reply.stream is not None

    found = events(reply.stream)

    first, *middle, last = deltas(found)
    assert first == {"role": "assistant", "content": ""}
    assert [one["content"] for one in middle] == ["Aurora has black ", "hair, and she ", "smiles at the ", "harbor."]
    assert last == {}
    assert found[-1] == "data: [DONE]"
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    assert found[-2]["usage"] == usage
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["reasoning_tokens"]) == tokens
    completion = api.aurous.chat.completions.last
    assert {(one["id"], one["object"], one["created"], one["model"]) for one in found[:-1]} == {
        (completion.id, "chat.completion.chunk", completion.created, MODEL)
    }
    assert (completion.status, completion.text) == ("completed", TEXT)
    assert api.team.credits == pytest.approx(before - usage["credits_charged"])
    assert api.team.held_credits == 0
    call = api.aurous.calls.last
    assert (call.events, call.ended) == (len(found), "complete")
    assert call.response is not None
    assert call.response.content.endswith(b"data: [DONE]\n\n")


def test_stream_1_a_stream_without_text(api: Api) -> None:
    """Calls come first with their names, then with pieces of their arguments; a refusal comes in pieces, too."""
    tool = {"type": "function", "function": {"name": "find"}}
    given = {"query": "a woman with black hair"}
    api.aurous.chat.reply("Well.", tool_calls=[("find", given), ("find", {})])
    api.aurous.chat.reply(tool_calls=[("find", given)])
    api.aurous.chat.reply(refuse="I cannot help with that.")

    for first in ({"content": "Well."}, None):
        found = deltas(events(opened(api, tools=[tool])))[1:-1]
        if first is not None:
            assert found.pop(0) == first
        heads = [one["tool_calls"][0] for one in found if "id" in one["tool_calls"][0]]
        assert [one["function"] for one in heads] == [{"name": "find", "arguments": ""}] * (1 + bool(first))
        pieces = [one["tool_calls"][0] for one in found if "id" not in one["tool_calls"][0]]
        text = "".join(one["function"]["arguments"] for one in pieces if one["index"] == 0)
        assert json.loads(text) == given
    refused = deltas(events(opened(api)))[1:-1]
    assert "".join(one["refusal"] for one in refused) == "I cannot help with that."
    assert len(refused) > 1


def test_stream_1_chat_3_a_stream_is_cut_at_max_tokens(api: Api) -> None:
    """Like any other response: the last chunk says why it stops, and counts no more."""
    api.aurous.chat.reply(TEXT)

    found = events(opened(api, max_tokens=3))

    assert "".join(one.get("content", "") for one in deltas(found)) == TEXT[:12]
    assert found[-2]["choices"][0]["finish_reason"] == "length"
    assert found[-2]["usage"]["completion_tokens"] == 3


def test_stream_3_a_key_is_ignored_and_the_first_event_says_so(api: Api) -> None:
    """Twice the same key are two completions; a later plain request may use it."""
    assert dict(begin(api).headers)["Aurous-Idempotency-Status"] == "not_set"

    for _ in range(2):
        reply = begin(api, key="one")
        assert dict(reply.headers)["Aurous-Idempotency-Status"] == "ignored_streaming"
        assert reply.stream is not None
        assert "Idempotency-Key" in events(reply.stream)[0]["warning"]["message"]

    assert len(api.aurous.chat.completions) == 3
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    assert "Aurous-Idempotent-Replayed" not in api.post(PATH, json=body, headers={"Idempotency-Key": "one"}).headers


def test_stream_4_a_comment_keeps_a_quiet_stream_alive(api: Api) -> None:
    """Every 15 seconds; each part comes at its instant."""
    api.aurous.chat.reply("one two three four", delay=40)
    stream = opened(api, patience=16)
    start = api.clock.time()
    seen: list[tuple[float, bytes]] = []
    for part in parts(stream):
        assert isinstance(part, bytes)
        seen.append((api.clock.time() - start, part[:13]))

    assert [at for at, part in seen if part == b": keep-alive\n"] == [15, 30, 55, 70]
    assert [at for at, part in seen if part != b": keep-alive\n"] == [0, 40, 80, 80, 80]


def test_a_client_that_does_not_wait_gets_its_timeout(api: Api) -> None:
    """And the server notices that it has gone."""
    api.aurous.chat.reply("one two three four", delay=10)
    stream = opened(api, patience=5)

    *_, last = parts(stream)

    assert isinstance(last, Break)
    assert last.error == "ReadTimeout"
    assert stream.read() is None
    assert api.aurous.chat.completions.last.status == "cancelled_client_disconnect"
    assert api.aurous.calls.last.ended == "ended by a timeout of the client"


@pytest.mark.parametrize(
    ("read", "text", "tokens"), [(0, "", 0), (1, "", 0), (3, "Aurora has black hair, and she ", 50)]
)
def test_stream_5_what_was_sent_is_charged(api: Api, read: int, text: str, tokens: int) -> None:
    """Once a client has closed the connection, nothing more is made."""
    api.aurous.chat.reply(TEXT, tokens=(200, 100))
    stream = opened(api)
    for _ in range(read):
        stream.read()
    made = api.aurous.chat.completions.last
    assert api.get(f"{PATH}/{made.id}").json["status"] == "in_progress"

    stream.close()
    stream.close()

    assert stream.read() is None
    assert (made.status, made.text) == ("cancelled_client_disconnect", text)
    assert made.usage is not None
    assert made.usage["completion_tokens"] == tokens
    assert api.money() == (1000 - made.usage["credits_charged"], 0)
    shown = api.get(f"{PATH}/{made.id}").json
    assert (shown["status"], shown["choices"][0]["finish_reason"]) == ("cancelled", "cancelled")
    assert shown["error"]["code"] == "cancelled_client_disconnect"


def test_stream_5_a_call_that_was_cut_off_is_not_kept(api: Api) -> None:
    """Half of its arguments would be no JSON; a refusal is kept as far as it was sent."""
    api.aurous.chat.reply(tool_calls=[("find", {"query": "a woman with black hair"})])
    api.aurous.chat.reply(refuse="I cannot help with that.")
    for _ in range(2):
        stream = opened(api, tools=[{"type": "function", "function": {"name": "find"}}])
        for _ in range(3):
            stream.read()
        stream.close()

    called, refused = api.aurous.chat.completions
    assert (called.tool_calls, called.text) == ([], "")
    assert refused.json()["choices"][0]["message"]["refusal"].startswith("I cannot help")


def test_stream_6_chat_13_a_cancel_ends_a_stream_while_somebody_reads(api: Api) -> None:
    """The rest is a chunk that says so, the usage, and the end."""
    api.aurous.chat.reply(TEXT, tokens=(200, 100))
    stream = opened(api)
    for _ in range(2):
        stream.read()
    made = api.aurous.chat.completions.last

    cancelled = api.post(f"{PATH}/{made.id}/cancel").json

    assert (cancelled["status"], cancelled["usage"]["completion_tokens"]) == ("cancelled", 25)
    assert cancelled["error"]["code"] == "cancelled_by_request"
    assert made.status == "cancelled_by_request"
    chunk, done = events(stream)
    assert (chunk["choices"][0]["finish_reason"], chunk["usage"]) == ("cancelled", cancelled["usage"])
    assert done == "data: [DONE]"
    assert api.money() == (1000 - cancelled["usage"]["credits_charged"], 0)


@pytest.mark.parametrize("chunking", ["words", "bytes"])
def test_a_stream_of_before_a_restore_is_over(api: Api, chunking: Any) -> None:
    """Its completion does not exist."""
    api.aurous.chat.reply(TEXT, chunking=chunking)
    snapshot = api.aurous.snapshot()
    stream = opened(api)
    stream.read()
    api.aurous.restore(snapshot)

    rest = b"".join(part for part in parts(stream) if isinstance(part, bytes))
    assert b"Aurora" not in rest
    late = opened(api)
    api.aurous.restore(snapshot)
    late.close()
    assert len(api.aurous.chat.completions) == 0


@pytest.mark.parametrize("text", ["Grüße aus 東京, und guten Morgen!", TEXT])
def test_bytes_are_cut_anywhere(api: Api, text: str) -> None:
    """Together they are the same; some cuts are within a character, and some within an event."""
    api.aurous.chat.reply(text, chunking="bytes")
    stream = opened(api)

    found = [part for part in parts(stream) if isinstance(part, bytes)]

    content = b"".join(found).decode()
    assert text == "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content", "")
        for line in content.split("\n\n")
        if line and line != "data: [DONE]"
    )
    assert max(map(len, found)) <= 11
    assert api.aurous.calls.last.events == content.count("\n\n")
    if not text.isascii():
        assert any(not part.decode(errors="replace").isprintable() or b"\xe6" in part[-2:] for part in found)


def test_a_client_may_close_within_a_character(api: Api) -> None:
    """Wherever it stops, what it pays for is whole words of the text."""
    text = "東京" * 30
    api.aurous.chat.reply(text, chunking="bytes")
    cut_within = 0
    for count in range(1, 80, 3):
        stream = opened(api)
        got = b"".join(part for part in (stream.read() for _ in range(count)) if isinstance(part, bytes))
        stream.close()

        made = api.aurous.chat.completions.last
        assert made.text in {"", text}
        assert made.usage is not None
        cut_within += got.decode(errors="ignore").encode() != got
    assert cut_within > 0


class TestFaults:
    """What goes wrong within a stream."""

    @pytest.mark.parametrize(
        ("kind", "patience", "error", "seconds"),
        [
            ("disconnect", 7, "RemoteProtocolError", 0),
            ("stall", 7, "ReadTimeout", 7),
            ("stall", None, "ReadTimeout", 0),
        ],
    )
    def test_a_stream_breaks_after_some_events(
        self, api: Api, kind: str, patience: float | None, error: str, seconds: float
    ) -> None:
        """What was sent is charged; a plain response does not meet the fault. Without a timeout, nobody waits."""
        fault = getattr(api.aurous.faults, kind)("chat.create", after_events=3)
        plain = api.post(PATH, json={"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]})
        assert (plain.status, fault.fired) == (200, 0)
        api.aurous.chat.reply(TEXT)
        stream, start = opened(api, patience=patience), api.clock.time()

        *sent, last = parts(stream)

        assert len(sent) == 3
        assert isinstance(last, Break)
        assert (last.error, fault.fired, api.clock.time() - start) == (error, 1, seconds)
        made = api.aurous.chat.completions.last
        assert (made.status, made.text) == ("cancelled_client_disconnect", "Aurora has black hair, and she ")
        assert api.aurous.calls.last.ended == "ended by a fault"

    @pytest.mark.parametrize(
        ("kind", "options", "count"),
        [
            ("disconnect", {"after_events": 3}, 3),
            ("stall", {"after_events": 0}, 0),
            ("malformed", {"kind": "half_event"}, 2),
            ("malformed", {"kind": "ends_early"}, 2),
        ],
    )
    def test_with_commit_the_model_says_everything(self, api: Api, kind: str, options: Any, count: int) -> None:
        """Its completion is whole and paid for, and only the rest of the response is lost."""
        api.aurous.chat.reply(TEXT, tokens=(100, 100), times=2)
        api.aurous.chat.reply("next")
        fault = getattr(api.aurous.faults, kind)("chat.create", commit=True, **options)

        sent = [part for part in parts(opened(api, patience=7)) if isinstance(part, bytes)]

        made = api.aurous.chat.completions.last
        assert (len(sent), made.status, made.text, fault.fired) == (count, "completed", TEXT, 1)
        assert made.usage is not None
        assert api.money() == (1000 - made.usage["credits_charged"], 0)
        assert made.usage["completion_tokens"] == 100
        assert api.aurous.calls.last.fault == f"{fault.kind}, committed"

    def test_half_an_event_and_then_the_end(self, api: Api) -> None:
        """Nothing raises: the client must notice that the finish_reason, the usage and [DONE] are missing."""
        for kind in ("half_event", "ends_early"):
            api.aurous.faults.malformed("chat.create", kind=kind)
        api.aurous.chat.reply(TEXT)

        halved, ended = ([part for part in parts(opened(api)) if isinstance(part, bytes)] for _ in range(2))

        assert (len(halved), len(ended)) == (2, 2)
        assert halved[0].endswith(b"\n\n")
        assert halved[1].startswith(b"data: {")
        assert b"\n" not in halved[1]
        assert ended[1].endswith(b'"finish_reason":null}]}\n\n')
        assert [call.events for call in api.aurous.calls] == [1, 2]
        assert api.aurous.calls.last.ended == "ended by a fault"

    @pytest.mark.parametrize("lost", ["timeout", "disconnect"])
    def test_a_lost_stream_is_noticed(self, api: Api, lost: str) -> None:
        """The completion ends as if the client had gone, and the input is charged."""
        getattr(api.aurous.faults, lost)("chat.create", commit=True)
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True}

        api.broken("POST", PATH, json=body)

        assert api.aurous.chat.completions.last.status == "cancelled_client_disconnect"
        assert api.money()[1] == 0
        assert api.money()[0] < 1000


def test_a_long_stream_keeps_no_more_than_its_digest(api: Api) -> None:
    """Unless the test is traced, when each event has its instant."""
    api.aurous.chat.reply("word " * 6000)
    list(parts(opened(api)))
    call = api.aurous.calls.last
    assert call.response is not None
    assert call.response.content.startswith(b"<")
    assert call.instants == ()

    api.app.world.journal.whole = True
    list(parts(opened(api)))
    call = api.aurous.calls.last
    assert call.response is not None
    assert len(call.instants) == call.events == 2003
    assert call.instants[-1] == (api.clock.time(), len(call.response.content))
