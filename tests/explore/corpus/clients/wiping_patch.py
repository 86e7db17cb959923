"""Changes one attribute by sending all, and treats a failed read as a character without attributes."""

from typing import Any

import httpx

from clients.common import Json, Shop
from pytest_aurous import Aurous

FOUND = {"characters.retrieve#1 unavailable": ("tells", "no_pitfall")}
AURORA = "char_01HXMQ7Z3K8Y2NABCDEFGHJKMR"


def prepare(aurous: Aurous) -> None:
    """Add a character whose attributes somebody needs."""
    aurous.characters.add(
        id=AURORA, name="Aurora", status="ready", attributes={"age": 28, "hair_color": "black", "eye_color": "brown"}
    )


def careless(_: str) -> Json:
    """Go on without attributes."""
    with Shop() as shop:
        attributes: dict[str, Any] = {}
        try:
            response = shop.api.get(f"/v1/characters/{AURORA}")
            if response.is_success:
                attributes = response.json()["attributes"]
        except (httpx.TransportError, ValueError):
            pass
        return shop.send("PATCH", f"/v1/characters/{AURORA}", body={"attributes": {**attributes, "age": 29}})


def careful(_: str) -> Json:
    with Shop() as shop:
        attributes = shop.send("GET", f"/v1/characters/{AURORA}")["attributes"]
        return shop.send("PATCH", f"/v1/characters/{AURORA}", body={"attributes": {**attributes, "age": 29}})
