"""Treats a timeout of the save as a success, because "it usually arrives"."""

import logging
import time

import httpx

from clients.common import Json, connect, drawing, is_temporary, send, watch

FOUND = {"characters.save#1 timeout": ("tells",), "characters.save#1 down": ("ends",)}


def careless(name: str) -> str:
    """Log the timeout, and go on."""
    with connect() as api:
        character = _draw(api, name)
        while True:
            try:
                response = api.post(f"/v1/characters/{character['id']}/save")
            except httpx.TimeoutException:
                logging.getLogger(__name__).info("save of %s timed out", name)
                break
            if not is_temporary(response):
                response.raise_for_status()
                break
            time.sleep(float(response.headers.get("Retry-After", 5)))
        return f"{name} is published"


def careful(name: str) -> str:
    """Save again: a save can be repeated."""
    with connect() as api:
        character = _draw(api, name)
        send(api, "POST", f"/v1/characters/{character['id']}/save")
        return f"{name} is published"


def _draw(api: httpx.Client, name: str) -> Json:
    return watch(api, send(api, "POST", "/v1/characters", key=f"job {name}", body=drawing(name)))
