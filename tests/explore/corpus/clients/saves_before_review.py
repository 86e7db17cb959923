"""Saves until it succeeds instead of polling, and so forever if the synthesis fails."""

import time

from clients.common import Json, PublishError, connect, drawing, finish, send

FOUND = {"characters.create#1 fails": ("ends",)}
SCRIPT = "synthesizing:60s -> reviewing"


def careless(name: str) -> Json:
    """Save again and again."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=f"job {name}", body=drawing(name))
        while True:
            try:
                return send(api, "POST", f"/v1/characters/{character['id']}/save")
            except PublishError as refusal:
                if str(refusal) != "invalid_request_error":
                    raise
                time.sleep(30)


def careful(name: str) -> Json:
    """Poll, and save once."""
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=f"job {name}", body=drawing(name)))
