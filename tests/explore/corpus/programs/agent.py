"""An agent on chat completions: the model asks for a picture, the agent has it drawn, and the model sums up."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from clients.common import Json, PublishError, connect, send
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    import httpx

    from pytest_aurous import Aurous

TOOL = {
    "type": "function",
    "function": {
        "name": "draw",
        "parameters": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    },
}


class Careful(Program):
    """Each turn and each tool call has its key."""

    def prepare(self, aurous: Aurous) -> None:
        """Let the model ask for a picture, and sum up when it is there."""
        aurous.chat.reply(
            tool_calls=[("draw", {"prompt": "dawn"})], when=lambda body: len(body["messages"]) == 1, times=99
        )
        aurous.chat.reply("It is drawn.", when=lambda body: len(body["messages"]) == 3, times=99)

    def run(self, state: Any) -> str:
        """Talk until the model has summed up."""
        messages: list[Json] = [{"role": "user", "content": "Draw the dawn."}]
        with connect() as api:
            asked = self.ask(api, messages, "turn 1")
            call = asked["tool_calls"][0]
            result = self.draw(api, json.loads(call["function"]["arguments"])["prompt"])
            messages += [asked, {"role": "tool", "tool_call_id": call["id"], "content": result}]
            said: str = self.ask(api, messages, "turn 2")["content"]
        return said

    def ask(self, api: httpx.Client, messages: list[Json], key: str) -> Json:
        """Return the message of the model."""
        body = {"model": "aurous-grow-2.0-pro", "messages": messages, "tools": [TOOL], "max_tokens": 200}
        message: Json = send(api, "POST", "/v1/chat/completions", key=key, body=body)["choices"][0]["message"]
        return message

    def draw(self, api: httpx.Client, prompt: str) -> str:
        """Draw a picture, and return how it ended."""
        image = send(api, "POST", "/v1/images", key=self.key_of_tool(prompt), body={"prompt": prompt})
        while image["status"] in RUNNING:
            time.sleep(10)
            image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return "drawn"

    def key_of_tool(self, prompt: str) -> str:
        """Return the key of a tool call."""
        return f"draw {prompt}"


class CallsTheToolTwice(Careful):
    """Draws a key for each tool call, so that an agent that starts over has its effect twice."""

    seen_by = "a law"
    found = {"images.create#1 crash": "recovers"}

    def key_of_tool(self, prompt: str) -> str:
        """Draw a key."""
        return str(uuid4())
