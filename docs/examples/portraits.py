"""The code under test of the tutorial: it creates a character and publishes it."""

import os
import time
from typing import Any

import httpx


class NotDrawnError(Exception):
    """The synthesis has failed; the message is the reason."""


def draw(name: str, age: int) -> dict[str, Any]:
    """Create a character, wait until its poses are drawn, and publish it."""
    with httpx.Client(
        base_url=os.environ["AUROUS_BASE_URL"],
        headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    ) as api:
        body = {"name": name, "generate": True, "attributes": {"age": age}}
        character = read(api.post("/v1/characters", json=body))
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = read(api.get(path))
        if character["status"] == "failed":
            raise NotDrawnError(character["error_message"])
        return read(api.post(f"{path}/save"))


def read(response: httpx.Response) -> dict[str, Any]:
    """Return the body of a response; raise an error if it is a refusal."""
    content: dict[str, Any] = response.raise_for_status().json()
    return content
