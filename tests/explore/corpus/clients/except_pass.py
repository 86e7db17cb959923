"""Ignores every exception of the save, so that nothing disturbs the nightly job."""

from clients.common import Json, connect, drawing, send, watch

FOUND = {"characters.save#1 unavailable": ("tells",), "characters.save#1 refused": ("tells",)}


def careless(name: str) -> Json:
    """Ignore each error of the save."""
    with connect() as api:
        character = watch(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name)))
        try:
            character = api.post(f"/v1/characters/{character['id']}/save").raise_for_status().json()
        except Exception:  # noqa: BLE001, S110 - the mistake
            pass
        return character


def careful(name: str) -> Json:
    """Let errors pass."""
    with connect() as api:
        character = watch(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name)))
        return send(api, "POST", f"/v1/characters/{character['id']}/save")
