"""A chat that is streamed, and stored when its end has come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from clients.common import PublishError, connect
from programs.base import Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous


class Careful(Program):
    """Stores a text only if the stream has said that it is complete."""

    terms = {"returns": True}

    def prepare(self, aurous: Aurous) -> None:
        """Let the model say some words."""
        aurous.chat.reply("The dawn is red, and the dusk is blue, and the night has stars.", times=99)

    def run(self, state: Any) -> str:
        """Return what the model says."""
        body = {
            "model": "aurous-grow-2.0-pro",
            "messages": [{"role": "user", "content": "Describe the day."}],
            "stream": True,
            "max_tokens": 200,
        }
        text, ended = "", False
        with connect() as api, api.stream("POST", "/v1/chat/completions", json=body) as response:
            response.raise_for_status()
            try:
                for line in response.iter_lines():
                    if line == "data: [DONE]":
                        ended = True
                    elif line.startswith("data: "):
                        for choice in json.loads(line[6:])["choices"]:
                            text += choice["delta"].get("content") or ""
            except (httpx.TransportError, ValueError) as error:
                self.broke_off(error)
        if not ended:
            self.broke_off(PublishError("the stream ended early"))
        return text

    def broke_off(self, error: Exception) -> None:
        """Raise that a text is not complete."""
        raise PublishError("the stream ended early") from error


class TakesAPartForAll(Careful):
    """Takes a stream that ends early for complete."""

    seen_by = "a law"
    found = {"chat.create#1 disconnect": "returns"}

    def broke_off(self, error: Exception) -> None:
        """Take what has come."""
