"""Does not know that a save can be repeated: if its response is lost, it deletes the character and starts over."""

import httpx

from clients.common import Json, PublishError, connect, drawing, send, watch

FOUND = {
    "characters.save#1 lost": ("pays_once",),
    "characters.save#1 refused": ("pays_once",),
    "characters.save#1 down": ("pays_once", "recovers"),
}


def careless(name: str) -> Json:
    """Delete what may not be saved, and order again."""
    with connect() as api:
        for number in range(3):
            character = _draw(api, name, number)
            path = f"/v1/characters/{character['id']}"
            try:
                response = api.post(f"{path}/save").raise_for_status()
                saved: Json = response.json()
            except (httpx.HTTPError, ValueError):
                _delete(api, path)
                continue
            return saved
        raise PublishError("not saved")


def careful(name: str) -> Json:
    """Save twice if in doubt, and once more to be sure: a character that is ready stays as it is."""
    with connect() as api:
        character = _draw(api, name, 0)
        path = f"/v1/characters/{character['id']}/save"
        send(api, "POST", path)
        return send(api, "POST", path)


def _draw(api: httpx.Client, name: str, number: int) -> Json:
    return watch(api, send(api, "POST", "/v1/characters", key=f"{name} {number}", body=drawing(name)))


def _delete(api: httpx.Client, path: str) -> None:
    try:
        send(api, "DELETE", path)
    except PublishError as refusal:
        if str(refusal) != "resource_not_found":
            raise
