"""Polls until the status is a success, and so polls forever if the synthesis fails."""

import time

from clients.common import Json, PublishError, Shop

FOUND = {"characters.create#1 fails": ("ends", "no_pitfall")}


def careless(name: str) -> Json:
    with Shop() as shop:
        character = shop.order(name, name)
        path = f"/v1/characters/{character['id']}"
        while shop.send("GET", path)["status"] not in {"reviewing", "ready"}:
            time.sleep(5)
        return shop.send("POST", f"{path}/save")


def careful(name: str) -> Json:
    """Wait while it is `synthesizing`, for an hour at most."""
    with Shop() as shop:
        character = shop.order(name, name)
        path = f"/v1/characters/{character['id']}"
        deadline = time.monotonic() + 3600
        while (status := shop.send("GET", path)["status"]) == "synthesizing":
            if time.monotonic() > deadline:
                raise PublishError("took too long")
            time.sleep(5)
        if status not in {"reviewing", "ready"}:
            raise PublishError(status)
        return shop.send("POST", f"{path}/save")
