"""The code under test: an agent with one tool."""

# mypy: ignore-errors
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

MODEL = "aurous-grow-2.0-pro"
TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


def ask(client: OpenAI, messages: list[Any], **more: Any) -> Any:
    """Return what the model says; a retry of the SDK has the same key."""
    once = {"Idempotency-Key": f"job-1-{len(messages)}"}
    made = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=100, extra_headers=once, **more)
    return made.choices[0].message


def weather(client: OpenAI) -> str:
    """Let the model call the tool, and return what it says to the result."""
    messages: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tokyo?"}]
    first = ask(client, messages, tools=[TOOL])
    (call,) = first.tool_calls
    messages.append(first)
    messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps("sunny")})
    text: str = ask(client, messages, tools=[TOOL]).content
    return text


def poem(client: OpenAI) -> str:
    """Return a streamed text, or raise EOFError if its end is missing."""
    asked: Any = [{"role": "user", "content": "A poem."}]
    text, end = "", None
    for chunk in client.chat.completions.create(model=MODEL, messages=asked, stream=True):
        text += chunk.choices[0].delta.content or ""
        end = chunk.choices[0].finish_reason
    if end is None:
        raise EOFError
    return text
