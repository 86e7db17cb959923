"""Downloads finished pictures to a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from clients.common import Json, PublishError, connect, send
from programs.base import RUNNING, Program

END = b"IEND\xaeB`\x82"


class Careful(Program):
    """Writes beside the file, checks, and renames."""

    def fresh(self) -> Path:
        """Make an empty folder."""
        folder = self.new_path()
        folder.mkdir()
        return folder

    def run(self, state: Path) -> list[str]:
        """Have two pictures in the folder."""
        with connect() as api:
            for prompt in ("dawn", "dusk"):
                target = state / f"{prompt}.png"
                if not target.exists():
                    self.download(self.draw(api, prompt)["output_urls"][0], target)
        return sorted(file.name for file in state.glob("*.png"))

    def draw(self, api: httpx.Client, prompt: str) -> Json:
        """Order a picture, and wait for it."""
        image = send(api, "POST", "/v1/images", key=prompt, body={"prompt": prompt})
        while image["status"] in RUNNING:
            time.sleep(10)
            image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return image

    def download(self, url: str, target: Path) -> None:
        """Download a picture."""
        part = target.with_suffix(".part")
        for attempt in range(5):
            try:
                part.write_bytes(self.read(url))
            except httpx.HTTPError:
                time.sleep(2.0**attempt)
                continue
            if self.is_whole(part):
                part.rename(target)
                return
        raise PublishError(f"cannot download {target.name}")

    def read(self, url: str) -> bytes:
        """Return the bytes of a URL."""
        return httpx.get(url, timeout=5).raise_for_status().content

    def is_whole(self, part: Path) -> bool:
        """Whether a picture has its end."""
        return part.read_bytes().endswith(END)

    def check(self, state: Any, *, returned: bool) -> None:
        """Each file is a whole picture."""
        for file in state.glob("*.png"):
            assert file.read_bytes().endswith(END)


class TakesWhatComes(Careful):
    """Does not check whether a picture is whole."""

    seen_by = "an assertion"
    found = {"images.output#1 garbled": "tells"}

    def is_whole(self, part: Path) -> bool:
        """It was 200."""
        return True


class WritesInPlace(Careful):
    """Writes to the file itself, and the next run takes half a picture for a whole one."""

    seen_by = "an assertion"
    found = {"images.output#1 garbled": "tells"}

    def download(self, url: str, target: Path) -> None:
        """Download a picture."""
        try:
            target.write_bytes(self.read(url))
        except httpx.HTTPError as error:
            raise PublishError(f"cannot download {target.name}") from error
        if not self.is_whole(target):
            raise PublishError(f"cannot download {target.name}")


class GoesOnWithoutIt(Careful):
    """Takes a picture that cannot be downloaded for a small matter: its order is paid, and its file is missing."""

    seen_by = "a law"
    found = {"images.output#1 down": "returns"}
    terms = {"returns": True}

    def download(self, url: str, target: Path) -> None:
        """Download a picture if possible."""
        try:
            super().download(url, target)
        except PublishError:
            pass
