"""The first draft of publisher.py: it has two mistakes."""

import os
import time
from typing import Any

import httpx

Json = dict[str, Any]

RETRIED = {409, 429, 500, 502, 503, 504}


class PublishError(Exception):
    """The character was not published; the message starts with the reason."""


def publish(name: str, attributes: Json) -> Json:
    """Create a character, wait until its poses are drawn, and publish it."""
    with httpx.Client(**connection()) as api:
        body = {"name": name, "generate": True, "attributes": attributes}
        character = send(api, "POST", "/v1/characters", json=body)
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = send(api, "GET", path)
        return send(api, "POST", f"{path}/save")


def send(api: httpx.Client, method: str, path: str, **parts: Any) -> Json:
    """Send a request, up to five times, and return the body of its response."""
    for attempt in range(5):
        pause = 2.0**attempt
        try:
            response = api.request(method, path, **parts)
            body: Json = response.json()
        except (httpx.TransportError, ValueError):
            pass  # no response, or half of one
        else:
            if response.is_success:
                return body
            if response.status_code not in RETRIED:
                refusal = body["error"]
                raise PublishError(f"{refusal['code']}: {refusal['message']}")
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        time.sleep(pause)
    raise PublishError(f"no_success: {method} {path}")


def connection() -> dict[str, Any]:
    """Return the base URL and the headers of the client."""
    return {
        "base_url": os.environ["AUROUS_BASE_URL"],
        "headers": {"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    }
