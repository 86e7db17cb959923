"""An application: it publishes characters, and makes images of them.

Nothing here knows about the tests. The base URL and the key of the API come from the
environment. Each paid request has an idempotency key, and is sent again with that key
if its response is lost. A job with a key of its own can be run again: it continues.
"""

import os
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

RETRIED = {409, 429, 500, 502, 503, 504}
RUNNING = {"pending", "processing"}
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


class PublishError(Exception):
    """It was not published or not made; the message starts with the reason."""


def publish(
    name: str, attributes: Json, *, key: str | None = None, attempts: int = 2
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
        character = send(api, "POST", "/v1/characters", json=body, headers=once(key))
        path = f"/v1/characters/{character['id']}"
        while character["status"] in {"synthesizing", "failed"}:
            if character["status"] == "failed":
                attempts -= 1
                if attempts <= 0:
                    raise PublishError(f"{character['error_message']}: {name}")
                again = once(key and f"{key} {character['updated_at']}")
                character = send(api, "POST", f"{path}/resynthesize", headers=again)
            else:
                time.sleep(5)
                character = send(api, "GET", path)
        return send(api, "POST", f"{path}/save")


def send(api: httpx.Client, method: str, path: str, **parts: Any) -> Json:
    """Send a request, up to five times, and return the body of its response."""
    for attempt in range(5):
        pause = 2.0**attempt
        try:
            response = api.request(method, path, **parts)
            body: Json = response.json()
        except (httpx.TransportError, ValueError):
            pass  # no response, or half of one
        else:
            if response.is_success:
                return body
            if response.status_code not in RETRIED:
                refusal = body["error"]
                raise PublishError(f"{refusal['code']}: {refusal['message']}")
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        time.sleep(pause)
    raise PublishError(f"no_success: {method} {path}")


def connection() -> dict[str, Any]:
    """Return the base URL and the headers of the client."""
    return {
        "base_url": os.environ["AUROUS_BASE_URL"],
        "headers": {"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    }


def once(key: str | None = None) -> dict[str, str]:
    """Return the header that keeps a retry from being charged twice."""
    return {"Idempotency-Key": key or str(uuid4())}


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
        return send(api, "POST", "/v1/characters", json=body, headers=once())


def find(api: httpx.Client, reference: str) -> Json | None:
    """Find a character by its reference, since its pictures cannot be used twice."""
    newest = send(api, "GET", "/v1/characters", params={"limit": 100})["data"]
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
    ticket = send(api, "POST", "/v1/characters/uploads/init", json=picture)
    url, headers = ticket["upload_url"], ticket["upload_headers"]
    # Not with `api`: the URL is signed, and the API key must not be sent there.
    httpx.put(url, content=content, headers=headers).raise_for_status()
    upload_id: str = ticket["upload_id"]
    wanted = {"upload_id": upload_id}
    found = send(api, "POST", "/v1/characters/uploads/classify", json=wanted)
    if found["pose"] == "other":
        raise PublishError(f"no_pose_found: {filename}")
    return upload_id


def illustrate(
    prompt: str,
    *,
    character: str | None = None,
    key: str | None = None,
    patience: float = 300.0,
) -> list[bytes]:
    """Create an image, wait until it is finished, and download its outputs.

    Args:
        prompt: What the image shows.
        character: The id of the character in it.
        key: Identifies the job. Another run with the same key uses the same image.
        patience: How many seconds it may take. Without a key it is then cancelled.
    """
    body: Json = {"prompt": prompt, "size": "2k_3_2"}
    with httpx.Client(**connection()) as api:
        if character:
            body["character_id"] = character
        image = send(api, "POST", "/v1/images", json=body, headers=once(key))
        done = wait(api, image, patience, cancel=key is None)
    return [download(url) for url in done["output_urls"]]


def wait(api: httpx.Client, work: Json, patience: float, *, cancel: bool) -> Json:
    """Poll an image until it is finished, or takes too long."""
    path = f"/v1/images/{work['id']}"
    while work["status"] in RUNNING:
        if patience < 5:
            if cancel:
                send(api, "POST", f"{path}/cancel")
            raise PublishError(f"took_too_long: {work['id']}")
        patience -= 5
        time.sleep(5)
        work = send(api, "GET", path)
    if work["status"] != "succeeded":
        raise PublishError(work.get("error_message") or work["status"])
    return work


def download(url: str) -> bytes:
    """Return the content of a URL, which needs no key."""
    return httpx.get(url).raise_for_status().content
