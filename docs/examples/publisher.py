"""A small application: it creates a character, polls it, and publishes it.

Nothing here knows about the tests. The base URL and the key of the API come from the
environment.
"""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import anyio
import httpx

Json = dict[str, Any]

TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


class PublishError(Exception):
    """The character was not published; the message starts with the error code."""


def publish(
    name: str,
    attributes: Json,
    *,
    key: str | None = None,
    attempts: int = 2,
) -> Json:
    """Create a character, wait until its poses are drawn, and publish it.

    Args:
        name: Its display name.
        attributes: Its appearance.
        key: Identifies the job. Another run with the same key uses the same character.
        attempts: How many syntheses may fail before this raises an error.
    """
    with httpx.Client(**connection()) as api:
        body = {"name": name, "generate": True, "attributes": attributes}
        character = read(api.post("/v1/characters", json=body, headers=once(key)))
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
                time.sleep(next(waits))
                character = read(api.get(path))
        return read(api.post(f"{path}/save"))


async def apublish(
    name: str,
    attributes: Json,
    *,
    key: str | None = None,
    attempts: int = 2,
) -> Json:
    """Do what `publish` does, in async code."""
    async with httpx.AsyncClient(**connection()) as api:
        body = {"name": name, "generate": True, "attributes": attributes}
        character = read(await api.post("/v1/characters", json=body, headers=once(key)))
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
                await anyio.sleep(next(waits))
                character = read(await api.get(path))
        return read(await api.post(f"{path}/save"))


def publish_pictures(
    name: str, pictures: Mapping[str, bytes], *, key: str | None = None
) -> Json:
    """Create a character from uploaded pictures; it is ready at once.

    Args:
        name: Its display name.
        pictures: The content of each file, by file name.
        key: Identifies the job. Another run with the same key finds its character.
    """
    with httpx.Client(**connection()) as api:
        if key and (made := find(api, key)):
            return made
        tickets = [upload(api, *picture) for picture in pictures.items()]
        body: Json = {"name": name, "upload_ids": tickets}
        if key:
            body["client_reference_id"] = key
        return read(api.post("/v1/characters", json=body))


def find(api: httpx.Client, reference: str) -> Json | None:
    """Find a character by its reference, since its pictures cannot be used twice."""
    newest = read(api.get("/v1/characters", params={"limit": 100}))["data"]
    found = [one for one in newest if one.get("client_reference_id") == reference]
    return found[0] if found else None


def upload(api: httpx.Client, filename: str, content: bytes) -> str:
    """Upload one picture and return its ticket."""
    extension = filename.rpartition(".")[2]
    picture = {
        "filename": filename,
        "extension": extension,
        "content_type": TYPES[extension],
    }
    ticket = read(api.post("/v1/characters/uploads/init", json=picture))
    url, headers = ticket["upload_url"], ticket["upload_headers"]
    # Not with `api`: the URL is signed, and the API key must not be sent there.
    httpx.put(url, content=content, headers=headers).raise_for_status()
    upload_id: str = ticket["upload_id"]
    wanted = {"upload_id": upload_id}
    found = read(api.post("/v1/characters/uploads/classify", json=wanted))
    if found["pose"] == "other":
        raise PublishError(f"no_pose_found: {filename}")
    return upload_id


def connection() -> dict[str, Any]:
    """Return the base URL and the headers of the client."""
    return {
        "base_url": os.environ["AUROUS_BASE_URL"],
        "headers": {"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    }


def once(key: str | None = None) -> dict[str, str]:
    """Return the header that keeps a retry from being charged twice."""
    return {"Idempotency-Key": key or str(uuid4())}


def growing() -> Iterator[float]:
    """Yield the pause before each poll: 2, 4, 8, 16, and then 30 seconds."""
    wait = 2.0
    while True:
        yield min(wait, 30.0)
        wait *= 2


def check(attempts: int, character: Json) -> None:
    """Raise an error if no attempt is left."""
    if attempts <= 0:
        raise PublishError(f"{character['error_message']}: {character['name']}")


def read(response: httpx.Response) -> Json:
    """Return the body of a response; raise an error if it is a refusal."""
    try:
        body: Json = response.json()
    except ValueError:  # it was cut off
        raise PublishError(f"no_json: {response.status_code}") from None
    if response.is_error:
        raise PublishError(f"{body['error']['code']}: {body['error']['message']}")
    return body
