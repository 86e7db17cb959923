"""With openai-responses."""

# mypy: ignore-errors
# pyright: basic, reportMissingImports=false

import json
from collections.abc import Generator

import httpx
import openai_responses
import pytest
from code_under_test import poem, weather
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk
from openai_responses import OpenAIMock
from openai_responses.streaming import EventStream

URL = "https://api.aurous-labs.com/v1"


class Halves(EventStream[ChatCompletionChunk]):
    def generate(self) -> Generator[ChatCompletionChunk, None, None]:
        for text in ("Once", " upon"):
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
            yield ChatCompletionChunk.model_validate(
                {"id": "cmp_1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            )


@pytest.fixture
def client() -> OpenAI:
    return OpenAI(base_url=URL, api_key="none")


@openai_responses.mock(base_url=URL)
def test_a_lost_response_is_paid_once(openai_mock: OpenAIMock, client: OpenAI) -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Tokyo"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    route = openai_mock.chat.completions.create
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("lost")
        message = {"content": None, "tool_calls": [call]} if len(seen) == 2 else {"content": "It is sunny."}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
        return httpx.Response(200, json={"id": "cmp_1", "object": "chat.completion", "created": 0, "choices": [choice]})

    route.response = respond

    assert weather(client) == "It is sunny."

    first, second, third = seen
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert "sunny" in json.loads(third.content)["messages"][-1]["content"]


@openai_responses.mock(base_url=URL)
def test_a_stream_that_ends_early(openai_mock: OpenAIMock, client: OpenAI) -> None:
    openai_mock.chat.completions.create.response = lambda _: httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, content=b"".join(Halves())
    )

    with pytest.raises(EOFError):
        poem(client)
