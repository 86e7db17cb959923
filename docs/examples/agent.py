"""An agent: asks the model, runs its tool when the model calls it, and asks again."""

import json
import os
from collections.abc import Callable
from typing import Any

from openai import OpenAI

MODEL = "aurous-grow-2.0-pro"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": CITY},
}


def connect(**options: Any) -> OpenAI:
    """Return a client of the OpenAI SDK for the Aurous Labs API."""
    return OpenAI(
        base_url=f"{os.environ['AUROUS_BASE_URL']}/v1",
        api_key=os.environ["AUROUS_API_KEY"],
        **options,
    )


def answer(
    client: OpenAI, job: str, question: str, get_weather: Callable[..., str]
) -> str:
    """Return the answer to a question; each step of the job has its own key."""
    messages: list[Any] = [{"role": "user", "content": question}]
    while True:
        made = client.chat.completions.create(
            model=MODEL,
            messages=messages,
            tools=[TOOL],
            extra_headers={"Idempotency-Key": f"{job}-{len(messages)}"},
        )
        message: Any = made.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages.append(message)
        for call in message.tool_calls:
            result = get_weather(**json.loads(call.function.arguments))
            messages.append(
                {"role": "tool", "tool_call_id": call.id, "content": result}
            )


def summary(client: OpenAI, text: str) -> str:
    """Return a summary, read as a stream; raise EOFError if its end is missing."""
    asked: Any = [{"role": "user", "content": f"Summarize: {text}"}]
    parts: list[str] = []
    ended: str | None = None
    for chunk in client.chat.completions.create(
        model=MODEL, messages=asked, stream=True
    ):
        parts.append(chunk.choices[0].delta.content or "")
        ended = chunk.choices[0].finish_reason
    if ended != "stop":
        raise EOFError(f"The summary is not complete: {ended}")
    return "".join(parts)
