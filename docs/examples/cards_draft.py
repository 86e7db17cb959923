"""Cards of characters: a name, and the time of the last change."""

import time

import httpx


def publish(api: httpx.Client, path: str) -> str:
    """Wait until a character is in review, publish it, and return its status."""
    for _ in range(30):
        if api.get(path).json()["status"] == "reviewing":
            return str(api.post(f"{path}/save").json()["status"])
        time.sleep(10)
    raise TimeoutError("It is still not in review")


def card(api: httpx.Client, path: str) -> str:
    """Return the text on the card of a character."""
    character = api.get(path).json()
    hour, minute, _ = map(int, character["updated_at"][11:-1].split(":"))
    return f"{character['name']}, changed at {hour:02}:{minute:02}"
