"""What the careful parts of the clients share: requests that are repeated until a response can be trusted."""

from __future__ import annotations

import os
import time
from typing import Any

import httpx

Json = dict[str, Any]


class PublishError(Exception):
    """The work is not done; the message says why."""


def connect() -> httpx.Client:
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx.Client(base_url=os.environ["AUROUS_BASE_URL"], headers=key, timeout=5)


def drawing(name: str) -> Json:
    """Return the order for a character."""
    return {"name": name, "generate": True, "attributes": {"age": 28}}


def send(api: httpx.Client, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
    """Send a request until there is a whole response, and raise what the API refuses."""
    headers = {"Idempotency-Key": key} if key else {}
    for attempt in range(6):
        pause = 2.0**attempt
        try:
            response = api.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            time.sleep(pause)
            continue
        if is_temporary(response):
            time.sleep(float(response.headers.get("Retry-After", pause)))
            continue
        try:
            content: Json = response.json()
        except ValueError:
            time.sleep(pause)
            continue
        if response.is_error:
            raise PublishError(content["error"]["code"])
        return content
    raise PublishError("the API cannot be reached")


def is_temporary(response: httpx.Response) -> bool:
    """Whether the same request can succeed later: too many, out of order, or the first attempt is in flight."""
    return response.status_code in {409, 429, 500, 502, 503, 504}


def watch(api: httpx.Client, character: Json) -> Json:
    """Poll a character until its synthesis has ended, and raise how it failed."""
    pause = 2.0
    while character["status"] == "synthesizing":
        time.sleep(pause)
        pause = min(2 * pause, 30.0)
        character = send(api, "GET", f"/v1/characters/{character['id']}")
    if character["status"] == "failed":
        raise PublishError(character["error_message"])
    return character


def finish(api: httpx.Client, character: Json) -> Json:
    """Wait for the poses of a character, and save it."""
    character = watch(api, character)
    return send(api, "POST", f"/v1/characters/{character['id']}/save")


def publish(name: str) -> Json:
    """Have a character drawn, wait, and save it."""
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=f"portrait of {name}", body=drawing(name)))
