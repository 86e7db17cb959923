"""What the receivers of webhooks share."""

from __future__ import annotations

import time

from clients.common import Json, Shop, publish
from pytest_aurous import Aurous


def published_character(name: str) -> str:
    return str(publish(name)["id"])


def deliver_all(aurous: Aurous) -> None:
    """Deliver what is due within a minute."""
    for _ in range(6):
        aurous.webhooks.flush()
        time.sleep(10)


def portraits_of(character: str) -> list[Json]:
    with Shop() as shop:
        images = shop.send("GET", "/v1/images?limit=100")["data"]
    return [image for image in images if image["character_id"] == character]
