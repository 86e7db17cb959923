"""Treats the 409 for a create in flight as a used key, and creates again with another key."""

import time
from uuid import uuid4

import httpx

from clients.common import Json, PublishError, Shop, drawing

FOUND = {"characters.create#1 late": ("tells", "pays_once", "no_pitfall")}


def careless(name: str) -> Json:
    """Draw another key after a 409."""
    return _publish(name, patient=False)


def careful(name: str) -> Json:
    """Wait until the first attempt has ended."""
    return _publish(name, patient=True)


def _publish(name: str, *, patient: bool) -> Json:
    key = f"job {name}"
    with Shop() as shop:
        for attempt in range(6):
            try:
                response = shop.api.post("/v1/characters", json=drawing(name), headers={"Idempotency-Key": key})
                character: Json = response.json()
            except (httpx.TransportError, ValueError):
                time.sleep(2)
                continue
            if response.status_code == 409 and not patient:
                key = str(uuid4())
            elif response.status_code in {409, 429, 503}:
                time.sleep(float(response.headers.get("Retry-After", 2**attempt)))
            else:
                response.raise_for_status()
                return shop.finish(character)
        raise PublishError("no order")
