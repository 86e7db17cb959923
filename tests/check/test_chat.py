"""What a recording of chats and embeddings refutes: the API's form and money, and not what the model has said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.check.story import Teller, checked, refuted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.check.story import Entries

BODY: Final = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "How is the weather?"}]}
TOOL: Final = {"type": "function", "function": {"name": "get_weather"}}


def told() -> Entries:
    """Return a recording of chats, streams, embeddings and models, as another model would have spoken."""
    teller = Teller()
    chat = teller.aurous.chat
    chat.reply("It rains.", tokens=(31, 77))
    chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})], tokens=(99, 12, 40))
    chat.reply(refuse="I cannot help with that.")
    chat.reply("It rains in Tokyo, and it will rain tomorrow.", finish_reason="length", tokens=(44, 55))
    teller.call("GET", "/v1/models")
    teller.call("GET", "/v1/balance")
    first = teller.call("POST", "/v1/chat/completions", json=BODY, headers={"Idempotency-Key": "one"})
    teller.call("POST", "/v1/chat/completions", json=BODY, headers={"Idempotency-Key": "one"})
    teller.call("POST", "/v1/chat/completions", json={**BODY, "tools": [TOOL]})
    teller.call("POST", "/v1/chat/completions", json=BODY)
    teller.call("GET", f"/v1/chat/completions/{first['id']}")
    teller.call("POST", "/v1/chat/completions", json={**BODY, "stream": True})
    teller.call("POST", f"/v1/chat/completions/{first['id']}/cancel")
    teller.call("POST", "/v1/chat/completions", json={"model": "nobody"})
    teller.call("GET", "/v1/chat/completions/cmp_01KRMEXM017R6QKY9FRGVYXRJ9")
    teller.aurous.embeddings.vectors({"hair": [0.6, 0.8]})
    teller.call("POST", "/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": "hair"})
    teller.call("GET", "/v1/balance")
    return teller.entries()


def test_a_recording_of_another_model_agrees(tmp_path: Path) -> None:
    """Text, tool calls, finish reason, token counts and vectors are the model's; so is what it has cost."""
    result = checked(tmp_path, told())

    assert refuted(result) == []
    assert result.verdicts.uncovered == {}
    assert result.verdicts.rules["chat-1"].word == "as written"


def test_what_the_recording_does_not_show_says_nothing(tmp_path: Path) -> None:
    """A completion of before it; a stream that was cut, and what became of its completion; half of an event."""
    entries = told()
    assert refuted(checked(tmp_path, entries[3:])) == []
    for end in (b"", b"data: {", b"data: [1]\n\n"):
        teller = Teller()
        teller.call("GET", "/v1/balance")
        with teller.client.stream("POST", "/v1/chat/completions", json={**BODY, "stream": True}) as response:
            content = next(response.iter_bytes()) if end else b""
        path = f"/v1/chat/completions/{teller.aurous.chat.completions.last.id}"
        teller.call("GET", path)
        teller.call("GET", "/v1/balance")
        cut = teller.entries()
        cut[1]["response"]["content"] = {"text": (content + end).decode(), "mimeType": "text/event-stream"}

        result = checked(tmp_path, cut)

        assert refuted(result) == []
        assert result.verdicts.uncovered == {}


def test_a_stream_of_tool_calls_and_a_refusal_agree(tmp_path: Path) -> None:
    """The fake says what the events say, and charges what the last one counts."""
    teller = Teller()
    teller.aurous.chat.reply("Well.", tool_calls=[("get_weather", {"city": "Tokyo"})], tokens=(20, 30, 40))
    teller.aurous.chat.reply(refuse="I cannot help with that.", tokens=(20, 30))
    teller.call("GET", "/v1/balance")
    for _ in range(2):
        teller.call("POST", "/v1/chat/completions", json={**BODY, "stream": True, "tools": [TOOL]})
        teller.call("GET", f"/v1/chat/completions/{teller.aurous.chat.completions.last.id}")
    teller.call("GET", "/v1/balance")

    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert result.verdicts.uncovered == {}
    assert result.verdicts.rules["chat-11"].agreed == 2


def test_a_wrong_status_is_found(tmp_path: Path) -> None:
    """A refusal with another code refutes its rule."""
    entries: Any = told()
    entry = next(one for one in entries if one["request"]["url"].endswith("/cancel"))
    text = entry["response"]["content"]["text"].replace("already_terminal", "not_found")
    entry["response"]["content"] = {"text": text, "mimeType": "application/json"}

    assert refuted(checked(tmp_path, entries)) == ["chat-13"]


STREAMS: Final[dict[str, tuple[Callable[[list[Any]], list[Any]], str]]] = {
    "no end": (lambda events: events[:-1], "stream-1"),
    "no usage": (lambda events: [one | {"usage": None} if "usage" in one else one for one in events[:-1]], "stream-1"),
    "usage in a chunk of its own": (
        lambda events: [*events[:-2], without(events[-2], "usage"), events[-2] | {"choices": []}, events[-1]],
        "stream-1",
    ),
    "no role": (lambda events: [events[1], *events[1:]], "stream-1"),
    "another id in each chunk": (
        lambda events: [*events[:2], events[2] | {"id": f"cmp_{'0' * 26}"}, *events[3:]],
        "stream-1",
    ),
    "another object": (lambda events: [one | {"object": "chunk"} for one in events[:-1]] + events[-1:], "stream-1"),
    "two ends": (lambda events: [*events[:-1], *events[-2:]], "stream-1"),
    "no JSON": (lambda events: [*events[:2], "{", *events[2:]], "stream-1"),
    "a warning": (lambda events: [{"object": "x", "warning": {}}, *events], "stream-3"),
}


def without(chunk: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a chunk without a field."""
    return {key: value for key, value in chunk.items() if key != name}


@pytest.mark.parametrize("name", STREAMS)
def test_stream_1_stream_3_events_of_a_stream_are_judged(tmp_path: Path, name: str) -> None:
    """Their order, their form, the usage of the last one, and the end."""
    change, rule = STREAMS[name]
    teller = Teller()
    teller.aurous.chat.reply("It rains in Tokyo, and it will rain tomorrow.", tokens=(44, 55))
    teller.call("POST", "/v1/chat/completions", json={**BODY, "stream": True})
    teller.call("GET", "/v1/balance")
    entries = teller.entries()
    content = entries[0]["response"]["content"]
    data = [line.removeprefix("data: ") for line in content["text"].splitlines() if line]
    events: Any = [*map(json.loads, data[:-1]), data[-1]]
    assert refuted(checked(tmp_path, entries)) == []

    some = change(events)
    content["text"] = "".join(f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n" for one in some)
    content["size"] = 0

    assert refuted(checked(tmp_path, entries)) == [rule]


def test_stream_1_stream_3_headers_of_a_stream_are_judged(tmp_path: Path) -> None:
    """Each by the rule that states it."""
    for name, value, rule in (
        ("content-type", "application/json", "stream-1"),
        ("cache-control", None, "stream-1"),
        ("aurous-idempotency-status", "ignored_streaming", "stream-3"),
    ):
        teller = Teller()
        teller.call("POST", "/v1/chat/completions", json={**BODY, "stream": True})
        entries = teller.entries()
        response = entries[0]["response"]
        kept = [one for one in response["headers"] if one["name"] != name]
        response["headers"] = kept if value is None else [*kept, {"name": name, "value": value}]

        assert (name, refuted(checked(tmp_path, entries))) == (name, [rule])


def test_stream_3_a_warning_may_have_any_form(tmp_path: Path) -> None:
    """No page says what is in it."""
    teller = Teller()
    order = {**BODY, "stream": True}
    teller.call("POST", "/v1/chat/completions", json=order, headers={"Idempotency-Key": "order-1"})
    entries = teller.entries()
    content = entries[0]["response"]["content"]
    first, _, rest = content["text"].partition("\n\n")
    assert '"warning"' in first

    content.update(text=f'data: {{"object": "notice", "message": "The key is ignored."}}\n\n{rest}', size=0)

    assert refuted(checked(tmp_path, entries)) == []
