"""A command-line program on httpx2 that prints a success without checking the status of the save."""

import os
import time

import httpx2

from clients.common import Json, PublishError, drawing

FOUND = {"characters.save#1 unavailable": ("tells",), "characters.save#1 rate_limited": ("tells",)}
MAY_RAISE = (PublishError, httpx2.HTTPError)


def careless(name: str) -> int:
    """Return the exit status 0."""
    with _connect() as api:
        character = _draw(api, name)
        for attempt in range(6):
            try:
                api.post(f"/v1/characters/{character['id']}/save")
            except httpx2.TransportError:
                time.sleep(2**attempt)
            else:
                return 0
    return 1


def careful(name: str) -> int:
    """Return the exit status 0 when the save has succeeded."""
    with _connect() as api:
        character = _draw(api, name)
        _send(api, "POST", f"/v1/characters/{character['id']}/save")
    return 0


def _connect() -> httpx2.Client:
    headers = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx2.Client(base_url=os.environ["AUROUS_BASE_URL"], headers=headers, timeout=5)


def _draw(api: httpx2.Client, name: str) -> Json:
    character = _send(api, "POST", "/v1/characters", key=name, body=drawing(name))
    while character["status"] == "synthesizing":
        time.sleep(10)
        character = _send(api, "GET", f"/v1/characters/{character['id']}")
    if character["status"] == "failed":
        raise PublishError(character["error_message"])
    return character


def _send(api: httpx2.Client, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
    for attempt in range(6):
        pause = 2.0**attempt
        try:
            response = api.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
            content: Json = response.json()
        except (httpx2.TransportError, ValueError):
            time.sleep(pause)
            continue
        if response.is_success:
            return content
        if response.status_code not in {409, 429, 503}:
            raise PublishError(content["error"]["code"])
        time.sleep(float(response.headers.get("Retry-After", pause)))
    raise PublishError("the API cannot be reached")
