"""A worker: it takes jobs from a queue, and makes a portrait for each.

Run it again whenever it exits, whether it succeeded, gave up or was killed: the
database has the progress of each job, and all attempts of a paid request have the same
idempotency key, so that nothing is paid twice.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from jobs import Job, Jobs

Json = dict[str, Any]

POSES = {"portrait", "front", "side", "back"}
RUNNING = {"synthesizing", "pending", "processing"}
WORTH_A_RETRY = {409, 429, 500, 502, 503, 504}
PNG_END = b"IEND\xaeB`\x82"

ATTEMPTS = 6  # of one request: the pauses add up to half a minute
TRIES = 3  # of one drawing or picture that fails or is rejected
PAUSE = 5.0  # between two polls
PATIENCE = 3600.0  # how long one drawing or picture may take


class JobError(Exception):
    """This job cannot succeed; the next one may."""


class TryLaterError(Exception):
    """No job can succeed now; open jobs stay in the queue."""


class Worker:
    """Takes jobs through their steps: draw, review, save, picture, download.

    Args:
        jobs: The queue.
        folder: Where the pictures go.
        review: Whether a drawn character may be published.
    """

    def __init__(
        self, jobs: Jobs, folder: Path, review: Callable[[Json], bool] | None = None
    ) -> None:
        self._jobs = jobs
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._review = review or has_all_poses
        self._api = httpx.Client(
            base_url=os.environ.get("AUROUS_BASE_URL", "https://api.aurous-labs.com"),
            headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]},
            timeout=10,
        )
        self._web = httpx.Client(timeout=10)  # without the key: pictures need none

    def work(self) -> None:
        """Process all open jobs.

        Raises:
            TryLaterError: If the API cannot be reached, or the credits have run out.
        """
        for job in self._jobs.all():
            if job.state == "open":
                try:
                    self._finish(job)
                except JobError as error:
                    self._jobs.update(job, state="failed", error=str(error))

    def _finish(self, job: Job) -> None:
        job = self._publish(job)
        job, image = self._picture(job)
        content = send(self._web, "GET", image["output_urls"][0], read=whole_picture)
        part = self._folder / f"{job.number}.part"
        part.write_bytes(content)
        part.replace(self._folder / f"{job.number}.png")  # never half a picture
        self._jobs.update(job, state="done")

    def _publish(self, job: Job) -> Job:
        """Create the character, draw it until it passes the review, and save it."""
        if job.character_id is None:
            content = {
                "name": job.name,
                "generate": True,
                "attributes": {"age": job.age},
            }
            key = f"job-{job.number}-character"
            character = send(self._api, "POST", "/v1/characters", key=key, body=content)
            job = self._jobs.update(job, character_id=character["id"])
        path = f"/v1/characters/{job.character_id}"
        character = self._wait(path)
        while character["status"] == "failed" or not self._review(character):
            job = self._again(job, "drawings", character)
            key = f"job-{job.number}-drawing-{job.drawings}"
            send(self._api, "POST", f"{path}/resynthesize", key=key)
            character = self._wait(path)
        send(self._api, "POST", f"{path}/save")  # needs no key: it may be repeated
        return job

    def _picture(self, job: Job) -> tuple[Job, Json]:
        """Create the picture, and create it again if it fails."""
        while True:
            if job.image_id is None:
                content = {"prompt": job.prompt, "character_id": job.character_id}
                key = f"job-{job.number}-picture-{job.pictures}"
                image = send(self._api, "POST", "/v1/images", key=key, body=content)
                job = self._jobs.update(job, image_id=image["id"])
            image = self._wait(f"/v1/images/{job.image_id}")
            if image["status"] == "succeeded":
                return job, image
            job = self._again(job, "pictures", image, image_id=None)

    def _again(self, job: Job, column: str, record: Json, **changes: Any) -> Job:
        """Count another try, before its request is sent."""
        tries = getattr(job, column)
        if tries == TRIES:
            reason = record["error_message"] or record["status"]
            raise JobError(f"no success in {TRIES} {column}: {reason}")
        return self._jobs.update(job, **{column: tries + 1}, **changes)

    def _wait(self, path: str) -> Json:
        """Poll until the work on a record has ended."""
        deadline = time.monotonic() + PATIENCE
        record: Json = send(self._api, "GET", path)
        while record["status"] in RUNNING:
            if time.monotonic() > deadline:
                raise TryLaterError(f"{path} is {record['status']} for too long")
            time.sleep(PAUSE)
            record = send(self._api, "GET", path)
        return record


def send(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    key: str | None = None,
    body: Json | None = None,
    read: Callable[[httpx.Response], Any] = httpx.Response.json,
) -> Any:
    """Send a request until it succeeds, and return the content of its response."""
    headers = {"Idempotency-Key": key} if key else {}
    for attempt in range(ATTEMPTS):
        pause = 2.0**attempt
        try:
            response = client.request(method, url, json=body, headers=headers)
            if response.is_success:
                return read(response)
        except (httpx.TransportError, ValueError):
            pass  # it may have taken effect: only the key makes a retry safe
        else:
            if response.status_code == 402:
                raise TryLaterError(f"out of credits: {response.text}")
            if response.status_code not in WORTH_A_RETRY:
                raise JobError(f"{response.status_code}: {response.text}")
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        time.sleep(pause)
    raise TryLaterError(f"{method} {url}: no success in {ATTEMPTS} attempts")


def has_all_poses(character: Json) -> bool:
    """Return whether each pose was drawn; a person could review them instead."""
    return {ref["pose"] for ref in character["refs"]} >= POSES


def whole_picture(response: httpx.Response) -> bytes:
    """Return the picture; raise an error if it was cut off."""
    if not response.content.endswith(PNG_END):
        raise ValueError("the picture was cut off")
    return response.content


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python worker.py DATABASE PICTURES")
    database, pictures = map(Path, sys.argv[1:])
    try:
        Worker(Jobs(database), pictures).work()
    except TryLaterError as error:
        sys.exit(f"Run it again later: {error}")
