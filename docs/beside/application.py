"""Creates a character, waits until its poses are drawn, and publishes it."""

import os
import time
from typing import Any
from uuid import uuid4

import httpx


def connect(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client of the API."""
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx.Client(
        base_url=os.environ["AUROUS_BASE_URL"], headers=key, transport=transport
    )


def publish(api: httpx.Client, name: str, *, pause: float = 2.0) -> Any:
    """Publish a new character; retry the create once if its response is lost."""
    body = {"name": name, "generate": True, "attributes": {"age": 28}}
    once = {"Idempotency-Key": str(uuid4())}
    try:
        response = api.post("/v1/characters", json=body, headers=once)
    except httpx.TransportError:
        response = api.post("/v1/characters", json=body, headers=once)
    character = response.raise_for_status().json()
    path = f"/v1/characters/{character['id']}"
    while character["status"] == "synthesizing":
        time.sleep(pause)
        character = api.get(path).raise_for_status().json()
    return api.post(f"{path}/save").raise_for_status().json()
