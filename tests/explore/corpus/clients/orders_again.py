"""Gives up after five minutes and creates again, although the first synthesis continues and is paid."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, send

FOUND = {"characters.create#1 slow": ("tells", "pays_once")}


def careless(name: str) -> Json:
    """Place another order when the first one takes too long."""
    with connect() as api:
        for number in range(3):
            character = send(api, "POST", "/v1/characters", key=f"{name} {number}", body=drawing(name))
            try:
                return _finish(api, character, patience=300)
            except TimeoutError:
                continue
        raise PublishError("took too long")


def careful(name: str) -> Json:
    """Leave the order as it is; the next run of the job finds it by its key."""
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=f"{name} 0", body=drawing(name))
        return _finish(api, character, patience=300)


def _finish(api: httpx.Client, character: Json, patience: float) -> Json:
    path = f"/v1/characters/{character['id']}"
    deadline = time.monotonic() + patience
    while character["status"] == "synthesizing":
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(10)
        character = send(api, "GET", path)
    if character["status"] == "failed":
        raise PublishError(character["error_message"])
    return send(api, "POST", f"{path}/save")


MAY_RAISE = (PublishError, TimeoutError)
