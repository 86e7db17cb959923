"""Order a character: create it, wait until it is drawn, publish it."""

import os
import time
from typing import Any

import httpx

AGAIN = {409, 429, 503}
"""Statuses after which a retry with the same key may succeed."""


class OrderError(Exception):
    """The character was not created; the customer has to know."""


def order(name: str, number: int) -> str:
    """Carry out an order, and return the id of the published character."""
    with httpx.Client(base_url=os.environ["AUROUS_BASE_URL"], timeout=10) as client:
        client.headers["X-Api-Key"] = os.environ["AUROUS_API_KEY"]
        body = {"name": name, "generate": True, "attributes": {"age": 28}}
        character = send(client, "POST", "/v1/characters", json=body)
        path = f"/v1/characters/{character['id']}"
        deadline = time.monotonic() + 3600
        while character["status"] == "synthesizing" and time.monotonic() < deadline:
            time.sleep(10)
            character = send(client, "GET", path)
        if character["status"] not in {"reviewing", "ready"}:
            raise OrderError(f"order {number} is {character['status']}")
        send(client, "POST", f"{path}/save")
        return str(character["id"])


def send(client: httpx.Client, method: str, path: str, **options: Any) -> Any:
    """Send a request, up to five times, and return the body of its response."""
    for attempt in range(5):
        wait = 5 * 2**attempt
        try:
            response = client.request(method, path, **options)
            if response.is_success:
                return response.json()
            if response.status_code not in AGAIN:
                raise OrderError(f"{method} {path}: {response.status_code}")
            wait = max(wait, int(response.headers.get("Retry-After", 0)))
        except (httpx.TransportError, ValueError):
            pass  # no response, or an incomplete one
        time.sleep(wait)
    raise OrderError(f"{method} {path}: no success in five attempts")
