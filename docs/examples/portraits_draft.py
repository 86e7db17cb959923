"""The first draft of portraits.py: it does not look at what it is about to publish."""

import os
import time
from typing import Any

import httpx


def draw(name: str, age: int) -> dict[str, Any]:
    """Have a character drawn, wait for its poses, and publish it."""
    with httpx.Client(
        base_url=os.environ["AUROUS_BASE_URL"],
        headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    ) as api:
        order = {"name": name, "generate": True, "attributes": {"age": age}}
        character = read(api.post("/v1/characters", json=order))
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = read(api.get(path))
        return read(api.post(f"{path}/save"))


def read(answer: httpx.Response) -> dict[str, Any]:
    """Return what was answered; raise what was refused."""
    body: dict[str, Any] = answer.raise_for_status().json()
    return body
