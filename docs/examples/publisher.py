"""A little application: it has a character drawn, waits, and publishes it.

Nothing here knows that it is tested. The address of the API, and the key for it, come
from the environment.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]
Sleep = Callable[[float], object]
AsyncSleep = Callable[[float], Awaitable[object]]

TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


class PublishError(Exception):
    """It was not published; the message begins with the reason, as a code."""


def publish(
    name: str,
    attributes: Json,
    *,
    key: str | None = None,
    attempts: int = 2,
    sleep: Sleep | None = None,
) -> Json:
    """Have a character drawn, wait for its poses, and publish it.

    Args:
        name: Its display name.
        attributes: What it looks like.
        key: Of the job. Who runs it again with the same key goes on with its character.
        attempts: How often it may be drawn before we give up.
        sleep: Waits between two looks; `time.sleep` if nothing else is given.
    """
    sleep = sleep or time.sleep
    with httpx.Client(**connection()) as api:
        order = {"name": name, "generate": True, "attributes": attributes}
        character = read(api.post("/v1/characters", json=order, headers=once(key)))
        path = f"/v1/characters/{character['id']}"
        waits = growing()
        while character["status"] in {"synthesizing", "failed"}:
            if character["status"] == "failed":
                attempts -= 1
                check(attempts, character)
                again = once(key and f"{key} again {attempts}")
                character = read(api.post(f"{path}/resynthesize", headers=again))
                waits = growing()
            else:
                sleep(next(waits))
                character = read(api.get(path))
        return read(api.post(f"{path}/save"))


async def apublish(
    name: str,
    attributes: Json,
    *,
    key: str | None = None,
    attempts: int = 2,
    sleep: AsyncSleep | None = None,
) -> Json:
    """Do what `publish` does, beside other work."""
    sleep = sleep or asyncio.sleep
    async with httpx.AsyncClient(**connection()) as api:
        order = {"name": name, "generate": True, "attributes": attributes}
        character = read(
            await api.post("/v1/characters", json=order, headers=once(key))
        )
        path = f"/v1/characters/{character['id']}"
        waits = growing()
        while character["status"] in {"synthesizing", "failed"}:
            if character["status"] == "failed":
                attempts -= 1
                check(attempts, character)
                again = once(key and f"{key} again {attempts}")
                character = read(await api.post(f"{path}/resynthesize", headers=again))
                waits = growing()
            else:
                await sleep(next(waits))
                character = read(await api.get(path))
        return read(await api.post(f"{path}/save"))


def publish_pictures(
    name: str, pictures: Mapping[str, bytes], *, key: str | None = None
) -> Json:
    """Make a character from pictures of our own: it is ready at once.

    Args:
        name: Its display name.
        pictures: File names and what is in the files.
        key: Of the job. Who runs it again with the same key finds its character.
    """
    with httpx.Client(**connection()) as api:
        if key and (made := find(api, key)):
            return made
        tickets = [upload(api, *picture) for picture in pictures.items()]
        order: Json = {"name": name, "upload_ids": tickets}
        if key:
            order["client_reference_id"] = key
        return read(api.post("/v1/characters", json=order))


def find(api: httpx.Client, reference: str) -> Json | None:
    """Find a character by our reference, as its pictures cannot be used twice."""
    newest = read(api.get("/v1/characters", params={"limit": 100}))["data"]
    found = [one for one in newest if one.get("client_reference_id") == reference]
    return found[0] if found else None


def upload(api: httpx.Client, filename: str, content: bytes) -> str:
    """Send one picture and return its ticket."""
    extension = filename.rpartition(".")[2]
    picture = {
        "filename": filename,
        "extension": extension,
        "content_type": TYPES[extension],
    }
    ticket = read(api.post("/v1/characters/uploads/init", json=picture))
    url, headers = ticket["upload_url"], ticket["upload_headers"]
    # Not with `api`: the URL is signed, and our key must not go there.
    httpx.put(url, content=content, headers=headers).raise_for_status()
    upload_id: str = ticket["upload_id"]
    asked = {"upload_id": upload_id}
    found = read(api.post("/v1/characters/uploads/classify", json=asked))
    if found["pose"] == "other":
        raise PublishError(f"no_pose_found: {filename}")
    return upload_id


def connection() -> dict[str, Any]:
    """Return how to reach the API."""
    return {
        "base_url": os.environ["AUROUS_BASE_URL"],
        "headers": {"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    }


def once(key: str | None = None) -> dict[str, str]:
    """Return the header that keeps a repeated order from being paid twice."""
    return {"Idempotency-Key": key or str(uuid4())}


def growing() -> Iterator[float]:
    """Yield how long to wait before each look: 2, 4, 8, 16, and then 30 seconds."""
    wait = 2.0
    while True:
        yield min(wait, 30.0)
        wait *= 2


def check(attempts: int, character: Json) -> None:
    """Give up when no attempt is left."""
    if attempts <= 0:
        raise PublishError(f"{character['error_message']}: {character['name']}")


def read(response: httpx.Response) -> Json:
    """Return what was answered; raise what was refused, by its code."""
    try:
        body: Json = response.json()
    except ValueError:  # it was cut off on its way
        raise PublishError(f"no_json: {response.status_code}") from None
    if response.is_error:
        raise PublishError(f"{body['error']['code']}: {body['error']['message']}")
    return body
