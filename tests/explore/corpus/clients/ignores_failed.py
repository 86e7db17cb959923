"""Stops polling when the synthesis has ended, and does not check whether it failed."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, send, watch

FOUND = {"characters.create#1 fails": ("tells",)}


def careless(name: str) -> Json:
    """Save what is in review, and return everything else."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = send(api, "GET", f"/v1/characters/{character['id']}")
        return _save(api, character) if character["status"] == "reviewing" else character


def careful(name: str) -> Json:
    """Return what is ready, and raise otherwise."""
    with connect() as api:
        character = _save(api, watch(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name))))
        if character["status"] != "ready":
            raise PublishError(character["status"])
        return character


def _save(api: httpx.Client, character: Json) -> Json:
    return send(api, "POST", f"/v1/characters/{character['id']}/save")
