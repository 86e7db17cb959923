"""An application: it publishes characters, and makes images and videos of them.

Nothing here knows about the tests. The base URL and the key of the API come from the
environment. Each paid request has an idempotency key, and is sent again with that key
if its response is lost. A job with a key of its own can be run again: it continues.
"""

import os
import time
from collections.abc import Mapping, Sequence
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
                again = once(key and f"{key} again {attempts}")
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
    references: Sequence[bytes] = (),
    key: str | None = None,
    patience: float = 300.0,
) -> list[bytes]:
    """Create an image, wait until it is finished, and download its outputs.

    Args:
        prompt: What the image shows.
        character: The id of the character in it.
        references: PNG files to draw from instead of a character.
        key: Identifies the job. Another run with the same key uses the same image.
        patience: How many seconds it may take. Without a key it is then cancelled.
    """
    body: Json = {"prompt": prompt, "size": "2k_3_2"}
    with httpx.Client(**connection()) as api:
        if character:
            body["character_id"] = character
        if references:
            files = [keep(api, picture, "reference") for picture in references]
            body["reference_image_urls"] = files
        image = send(api, "POST", "/v1/images", json=body, headers=once(key))
        done = wait(api, image, patience, cancel=key is None)
    return [download(url) for url in done["output_urls"]]


def film(prompt: str, first_frame: bytes, *, patience: float = 300.0) -> bytes:
    """Create a video that starts with a picture, and download it in parts."""
    with httpx.Client(**connection()) as api:
        styles: list[Json] = api.get("/v1/video_loras").raise_for_status().json()
        body = {
            "prompt": prompt,
            "video_lora_id": styles[0]["slug"],
            "first_frame_url": keep(api, first_frame, "first_frame"),
            "resolution": "720p",
            "duration": 4,
        }
        video = send(api, "POST", "/v1/videos", json=body, headers=once())
        done = wait(api, video, patience, cancel=True)
    return download_in_parts(done["output_video_url"])


def keep(api: httpx.Client, picture: bytes, purpose: str) -> str:
    """Upload a picture to draw from, and return the id of the file."""
    form = {"purpose": purpose}
    files = {"file": ("picture.png", picture, "image/png")}
    # Each file needs its own key: the API compares everything except the bytes.
    made = send(api, "POST", "/v1/files", data=form, files=files, headers=once())
    file_id: str = made["id"]
    return file_id


def wait(api: httpx.Client, work: Json, patience: float, *, cancel: bool) -> Json:
    """Poll an image or a video until it is finished, or takes too long."""
    path = f"/v1/images/{work['id']}"  # the path for videos, too
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


def download_in_parts(url: str, size: int = 4096) -> bytes:
    """Return the content of a URL, requested in parts."""
    found, total = b"", 1
    while len(found) < total:
        wanted = f"bytes={len(found)}-{len(found) + size - 1}"
        part = httpx.get(url, headers={"Range": wanted}).raise_for_status()
        total = int(part.headers["Content-Range"].rpartition("/")[2])
        found += part.content
    return found
