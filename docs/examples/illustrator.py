"""Another small application: it creates images and videos, and downloads them.

Like publisher.py, it knows nothing about the tests.
"""

import time
from collections.abc import Sequence

import httpx

from publisher import Json, connection, growing, once, read

RUNNING = {"pending", "processing"}


class IllustrateError(Exception):
    """The image or video was not made; the message starts with the reason."""


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
            files = [send(api, picture, "reference") for picture in references]
            body["reference_image_urls"] = files
        image = read(api.post("/v1/images", json=body, headers=once(key)))
        done = wait(api, image, patience, cancel=key is None)
    return [download(url) for url in done["output_urls"]]


def film(
    prompt: str,
    first_frame: bytes,
    *,
    patience: float = 300.0,
) -> bytes:
    """Create a video that starts with a picture, and download it."""
    with httpx.Client(**connection()) as api:
        body = {
            "prompt": prompt,
            "video_lora_id": read_styles(api)[0]["slug"],
            "first_frame_url": send(api, first_frame, "first_frame"),
            "resolution": "720p",
            "duration": 4,
        }
        video = read(api.post("/v1/videos", json=body, headers=once()))
        done = wait(api, video, patience)
    return download_in_parts(done["output_video_url"])


def wait(
    api: httpx.Client,
    work: Json,
    patience: float,
    *,
    cancel: bool = True,
) -> Json:
    """Poll an image or a video until it is finished, or takes too long."""
    path = f"/v1/images/{work['id']}"  # the path for videos, too
    for pause in growing():
        if work["status"] not in RUNNING:
            break
        if pause > patience:
            if cancel:
                read(api.post(f"{path}/cancel"))
            raise IllustrateError("took_too_long")
        patience -= pause
        time.sleep(pause)
        work = read(api.get(path))
    if work["status"] != "succeeded":
        raise IllustrateError(work.get("error_message") or work["status"])
    return work


def send(api: httpx.Client, picture: bytes, purpose: str) -> str:
    """Upload a picture to draw from, and return the id of the file."""
    form = {"purpose": purpose}
    files = {"file": ("picture.png", picture, "image/png")}
    # Each file needs its own key: the API compares everything except the bytes.
    sent = read(api.post("/v1/files", data=form, files=files, headers=once()))
    file_id: str = sent["id"]
    return file_id


def read_styles(api: httpx.Client) -> list[Json]:
    """Return the styles of videos: a bare array."""
    styles: list[Json] = api.get("/v1/video_loras").raise_for_status().json()
    return styles


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


def spent(since: str) -> float:
    """Return how many credits images and videos have cost since an instant."""
    with httpx.Client(**connection()) as api:
        usage = read(api.get("/v1/usage", params={"start_time": since}))
    groups = [group for bucket in usage["data"] for group in bucket["groups"]]
    credits_used: float = sum(group["metrics"]["credits_used"] for group in groups)
    return credits_used
