"""Ignores every exception of the save, so that nothing disturbs the nightly job."""

from clients.common import Json, Shop

FOUND = {"characters.save#1 unavailable": ("tells",), "characters.save#1 refused": ("tells",)}


def careless(name: str) -> Json:
    with Shop() as shop:
        character = shop.watch(shop.order(name, name))
        try:
            character = shop.api.post(f"/v1/characters/{character['id']}/save").raise_for_status().json()
        except Exception:  # noqa: BLE001, S110 - the mistake
            pass
        return character


def careful(name: str) -> Json:
    with Shop() as shop:
        character = shop.watch(shop.order(name, name))
        return shop.send("POST", f"/v1/characters/{character['id']}/save")
