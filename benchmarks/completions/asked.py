"""One completion, again and again, by the OpenAI SDK; and long streams. `measure.py` counts what they take."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from importlib import import_module
from typing import Any, cast

import httpx
import respx
from openai import OpenAI

URL = "https://api.aurous-labs.com/v1"
ASKED: Any = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello!"}]}
TEXT = "Hello! How can I help?"


def ask(client: OpenAI, times: int) -> None:
    """Ask for the same completion."""
    for _ in range(times):
        assert client.chat.completions.create(**ASKED).choices[0].message.content == TEXT


def aurous(times: int) -> None:
    """Ask the fake."""
    from pytest_aurous import Aurous

    with Aurous() as fake:
        fake.chat.reply(TEXT)
        ask(OpenAI(base_url=URL, api_key=str(fake.api_key)), times)


def openai_responses(times: int) -> None:
    """Ask openai-responses."""
    mock = import_module("openai_responses").OpenAIMock(URL)
    message = {"role": "assistant", "content": TEXT}
    mock.chat.completions.create.response = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    with mock.router:
        ask(OpenAI(base_url=URL, api_key="none"), times)


def respx_route(times: int) -> None:
    """Ask a static route of respx."""
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    made = {"id": "cmp_1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    with respx.mock(base_url=URL) as routes:
        routes.post("/chat/completions").respond(json=made)
        ask(OpenAI(base_url=URL, api_key="none"), times)


def sdk_alone(times: int) -> None:
    """Ask `httpx.MockTransport`, so that the SDK itself is nearly all that is counted."""
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    made = {"id": "cmp_1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=made))
    ask(OpenAI(base_url=URL, api_key="none", http_client=cast("Any", httpx.Client(transport=transport))), times)


def stream(chunks: int) -> None:
    """Read a stream with that number of content chunks."""
    from pytest_aurous import Aurous

    with Aurous() as fake, fake.client() as client:
        fake.chat.reply("one two three " * chunks)
        tracemalloc.start()
        before, count = tracemalloc.get_traced_memory()[0], 0
        with client.stream("POST", "/v1/chat/completions", json={**ASKED, "stream": True}) as response:
            tracemalloc.reset_peak()
            for line in response.iter_lines():
                count += line.startswith("data: {")
        peak = tracemalloc.get_traced_memory()[1] - before
        assert count == chunks + 2, count
        print(f"{chunks} chunks: peak {peak / 1e6:.2f} MB")


def stream_alone(chunks: int) -> None:
    """Read the same stream, without looking at the memory."""
    from pytest_aurous import Aurous

    with Aurous() as fake, fake.client() as client:
        fake.chat.reply("one two three " * chunks)
        with client.stream("POST", "/v1/chat/completions", json={**ASKED, "stream": True}) as response:
            assert sum(line.startswith("data: {") for line in response.iter_lines()) == chunks + 2


if __name__ == "__main__":
    gc.disable()
    globals()[sys.argv[1]](int(sys.argv[2]))
