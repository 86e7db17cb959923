"""With a fixture of respx."""

# mypy: ignore-errors
# pyright: basic, reportMissingImports=false

import json

import httpx
import pytest
import respx
from code_under_test import poem, weather
from openai import OpenAI

URL = "https://api.aurous-labs.com/v1"


def said(**message: object) -> httpx.Response:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return httpx.Response(200, json={"id": "cmp_1", "object": "chat.completion", "created": 0, "choices": [choice]})


def event(text: str) -> bytes:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return f"data: {json.dumps({'id': 'cmp_1', 'choices': [delta]})}\n\n".encode()


@pytest.fixture
def client() -> OpenAI:
    return OpenAI(base_url=URL, api_key="none")


@respx.mock(base_url=URL)
def test_a_lost_response_is_paid_once(respx_mock: respx.MockRouter, client: OpenAI) -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Tokyo"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    route = respx_mock.post("/chat/completions")
    route.side_effect = [
        httpx.ReadError("lost"),
        said(content=None, tool_calls=[call]),
        said(content="It is sunny."),
    ]

    assert weather(client) == "It is sunny."

    first, second, third = (one.request for one in route.calls)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert "sunny" in json.loads(third.content)["messages"][-1]["content"]


@respx.mock(base_url=URL)
def test_a_stream_that_ends_early(respx_mock: respx.MockRouter, client: OpenAI) -> None:
    body = event("Once") + event(" upon")[:20]
    route = respx_mock.post("/chat/completions")
    route.respond(headers={"Content-Type": "text/event-stream"}, content=body)

    with pytest.raises(EOFError):
        poem(client)
