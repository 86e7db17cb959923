"""Treats a body that is not JSON as an empty object, and an empty object as the end of the synthesis."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, send, watch

FOUND = {"characters.retrieve#1 garbled": ("tells",)}


def careless(name: str) -> str:
    """Take the body for empty."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        content: Json = character
        while content.get("status") == "synthesizing":
            time.sleep(5)
            content = _read(api, character["id"])
        if content.get("status") == "failed":
            raise PublishError(content["error_message"])
        if content.get("status") == "reviewing":  # else it is published already
            send(api, "POST", f"/v1/characters/{character['id']}/save")
        return f"{name} is published"


def careful(name: str) -> str:
    """Ask again."""
    with connect() as api:
        order = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        if watch(api, order)["status"] == "reviewing":
            send(api, "POST", f"/v1/characters/{order['id']}/save")
        return f"{name} is published"


def _read(api: httpx.Client, character: str) -> Json:
    for attempt in range(6):
        try:
            response = api.get(f"/v1/characters/{character}")
        except httpx.TransportError:
            time.sleep(2**attempt)
            continue
        if response.status_code in {429, 503}:
            time.sleep(float(response.headers.get("Retry-After", 2**attempt)))
            continue
        if response.is_error:
            raise PublishError(f"status {response.status_code}")
        try:
            content: Json = response.json()
        except ValueError:
            content = {}
        return content
    raise PublishError("the API cannot be reached")
