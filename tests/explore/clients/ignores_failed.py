"""Stops polling when the synthesis is over, and does not look how it ended."""

import time

from clients.common import Json, PublishError, connect, drawing, send, watch

FOUND = {"characters.create#1 fails": ("tells",)}
SCRIPT = "synthesizing*2 -> ready"


def careless(name: str) -> Json:
    """Return whatever is no longer synthesizing."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = send(api, "GET", f"/v1/characters/{character['id']}")
        return character


def careful(name: str) -> Json:
    """Return what is ready, and raise otherwise."""
    with connect() as api:
        character = watch(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name)))
        if character["status"] != "ready":
            raise PublishError(character["status"])
        return character
