"""Relies on an Idempotency-Key where the API ignores it, and creates a character from pictures twice."""

import time

import httpx

from clients.common import Json, PublishError, Shop, is_temporary

FOUND = {"characters.create#1 lost": ("tells",), "characters.create#1 crash": ("recovers",)}


def careless(name: str) -> Json:
    """Upload and create again with the same key."""
    with Shop() as shop:
        for attempt in range(6):
            character = _create(shop, name)
            if character is not None:
                return character
            time.sleep(2**attempt)
    raise PublishError("not created")


def careful(name: str) -> Json:
    """Look for the character by its name before it is made again."""
    with Shop() as shop:
        for attempt in range(6):
            for character in shop.send("GET", "/v1/characters?limit=100")["data"]:
                if character["name"] == name:
                    return dict(character)
            created = _create(shop, name)
            if created is not None:
                return created
            time.sleep(2**attempt)
    raise PublishError("not created")


def _create(shop: Shop, name: str) -> Json | None:
    """Upload a picture and make a character of it; None if that may have been in vain."""
    picture = {"filename": "front.png", "extension": "png", "content_type": "image/png"}
    ticket = shop.send("POST", "/v1/characters/uploads/init", body=picture)
    try:
        httpx.put(
            ticket["upload_url"], content=b"\x89PNG\r\n\x1a\n", headers=ticket["upload_headers"]
        ).raise_for_status()
        response = shop.api.post(
            "/v1/characters",
            json={"name": name, "upload_ids": [ticket["upload_id"]]},
            headers={"Idempotency-Key": name},
        )
        content: Json = response.json()
    except (httpx.HTTPError, ValueError):
        return None
    if is_temporary(response):
        time.sleep(float(response.headers.get("Retry-After", 5)))
        return None
    response.raise_for_status()
    return content
