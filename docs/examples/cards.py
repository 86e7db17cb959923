"""Cards of characters: a name, and the time of the last change."""

import time

import httpx


def publish(api: httpx.Client, path: str) -> str:
    """Wait until a character is drawn, publish it, and return its status."""
    for _ in range(30):
        if api.get(path).json()["status"] in {"reviewing", "ready"}:
            return str(api.post(f"{path}/save").json()["status"])
        time.sleep(10)
    raise TimeoutError("It is still not drawn")


def card(api: httpx.Client, path: str) -> str:
    """Return the text on the card of a character."""
    character = api.get(path).json()
    hour, minute, *_ = character["updated_at"][11:].split(":")
    return f"{character['name']}, changed at {hour}:{minute}"
