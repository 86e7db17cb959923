"""Another little application: it has pictures and films made, and downloads them.

As publisher.py, it knows nothing of its tests.
"""

import time
from collections.abc import Sequence

import httpx

from publisher import Json, Sleep, connection, growing, once, read

RUNNING = {"pending", "processing"}


class IllustrateError(Exception):
    """There is no picture; the message begins with the reason."""


def illustrate(
    prompt: str,
    *,
    character: str | None = None,
    likenesses: Sequence[bytes] = (),
    key: str | None = None,
    patience: float = 300.0,
    sleep: Sleep | None = None,
) -> list[bytes]:
    """Have a picture made, and download what came of it.

    Args:
        prompt: What it shows.
        character: The id of whom it shows.
        likenesses: Pictures to draw from instead: PNG files.
        key: Of the job. Who runs it again with the same key goes on with its picture.
        patience: How many seconds it may take. Then it is cancelled if it has no key.
        sleep: Waits between two looks; `time.sleep` if nothing else is given.
    """
    order: Json = {"prompt": prompt, "size": "2k_3_2"}
    with httpx.Client(**connection()) as api:
        if character:
            order["character_id"] = character
        if likenesses:
            files = [send(api, likeness, "reference") for likeness in likenesses]
            order["reference_image_urls"] = files
        image = read(api.post("/v1/images", json=order, headers=once(key)))
        done = wait(api, image, patience, sleep or time.sleep, cancel=key is None)
    return [download(url) for url in done["output_urls"]]


def film(
    prompt: str,
    first_frame: bytes,
    *,
    patience: float = 300.0,
    sleep: Sleep | None = None,
) -> bytes:
    """Have a film made that begins with a picture, and download it."""
    with httpx.Client(**connection()) as api:
        order = {
            "prompt": prompt,
            "video_lora_id": read_styles(api)[0]["slug"],
            "first_frame_url": send(api, first_frame, "first_frame"),
            "resolution": "720p",
            "duration": 4,
        }
        video = read(api.post("/v1/videos", json=order, headers=once()))
        done = wait(api, video, patience, sleep or time.sleep)
    return download_in_parts(done["output_video_url"])


def wait(
    api: httpx.Client,
    work: Json,
    patience: float,
    sleep: Sleep,
    *,
    cancel: bool = True,
) -> Json:
    """Poll an image or a video until it is there, or takes too long."""
    path = f"/v1/images/{work['id']}"  # of videos, too
    for pause in growing():
        if work["status"] not in RUNNING:
            break
        if pause > patience:
            if cancel:
                read(api.post(f"{path}/cancel"))
            raise IllustrateError("took_too_long")
        patience -= pause
        sleep(pause)
        work = read(api.get(path))
    if work["status"] != "succeeded":
        raise IllustrateError(work.get("error_message") or work["status"])
    return work


def send(api: httpx.Client, picture: bytes, purpose: str) -> str:
    """Upload a picture to draw from, and return its id."""
    form = {"purpose": purpose}
    files = {"file": ("picture.png", picture, "image/png")}
    # A key of its own for each: the API compares all but the bytes.
    sent = read(api.post("/v1/files", data=form, files=files, headers=once()))
    file_id: str = sent["id"]
    return file_id


def read_styles(api: httpx.Client) -> list[Json]:
    """Return the styles of films: a bare array."""
    styles: list[Json] = api.get("/v1/video_loras").raise_for_status().json()
    return styles


def download(url: str) -> bytes:
    """Return what is behind a URL, which needs no key."""
    return httpx.get(url).raise_for_status().content


def download_in_parts(url: str, size: int = 4096) -> bytes:
    """Return what is behind a URL, asked for piece by piece."""
    found, total = b"", 1
    while len(found) < total:
        wanted = f"bytes={len(found)}-{len(found) + size - 1}"
        part = httpx.get(url, headers={"Range": wanted}).raise_for_status()
        total = int(part.headers["Content-Range"].rpartition("/")[2])
        found += part.content
    return found


def spent(since: str) -> float:
    """Return how many credits images and films have cost since an instant."""
    with httpx.Client(**connection()) as api:
        usage = read(api.get("/v1/usage", params={"start_time": since}))
    groups = [group for bucket in usage["data"] for group in bucket["groups"]]
    credits_used: float = sum(group["metrics"]["credits_used"] for group in groups)
    return credits_used
