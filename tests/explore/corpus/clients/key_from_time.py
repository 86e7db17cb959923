"""Derives the Idempotency-Key from the time of the attempt: a retry in another second has another key."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, finish, is_temporary

FOUND = {
    "characters.create#1 lost": ("tells", "pays_once", "no_pitfall"),
    "characters.create#1 late": ("tells", "pays_once", "no_pitfall"),
    "characters.save#1 crash": ("recovers",),
}


def careless(name: str) -> Json:
    """Take the second of the attempt."""
    return _publish(name, dated=True)


def careful(name: str) -> Json:
    """Take the name alone."""
    return _publish(name, dated=False)


def _publish(name: str, *, dated: bool) -> Json:
    with connect() as api:
        for attempt in range(6):
            key = f"{name}-{int(time.time())}" if dated else name
            try:
                response = api.post("/v1/characters", json=drawing(name), headers={"Idempotency-Key": key})
                character: Json = response.json()
            except (httpx.TransportError, ValueError):
                time.sleep(2**attempt)
                continue
            if is_temporary(response):
                time.sleep(float(response.headers.get("Retry-After", 2**attempt)))
                continue
            response.raise_for_status()
            return finish(api, character)
        raise PublishError("no order")
