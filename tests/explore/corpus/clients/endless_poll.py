"""Polls until the status is a success, and so polls forever if the synthesis fails."""

import time

from clients.common import Json, PublishError, connect, drawing, send

FOUND = {"characters.create#1 fails": ("ends", "no_pitfall")}


def careless(name: str) -> Json:
    """Wait for `reviewing`."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        path = f"/v1/characters/{character['id']}"
        while send(api, "GET", path)["status"] not in {"reviewing", "ready"}:
            time.sleep(5)
        return send(api, "POST", f"{path}/save")


def careful(name: str) -> Json:
    """Wait while it is `synthesizing`, for an hour at most."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        path = f"/v1/characters/{character['id']}"
        deadline = time.monotonic() + 3600
        while (status := send(api, "GET", path)["status"]) == "synthesizing":
            if time.monotonic() > deadline:
                raise PublishError("took too long")
            time.sleep(5)
        if status not in {"reviewing", "ready"}:
            raise PublishError(status)
        return send(api, "POST", f"{path}/save")
