"""Orders three pictures from a small balance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from clients.common import Json, PublishError, connect, send
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    import httpx

    from pytest_aurous import Aurous

BROKE = {"insufficient_credits", "balance_too_low"}  # the pages contradict each other


class Careful(Program):
    """Stops when the credits are gone, and says so."""

    def prepare(self, aurous: Aurous) -> None:
        """Add a picture of somebody else that takes all day."""
        aurous.images.add("of a customer", status="pending", script="pending:9h -> processing -> succeeded")

    def run(self, state: Any) -> int:
        """Order all pictures, and wait for them."""
        done = 0
        with connect() as api:
            for prompt in ("dawn", "noon", "dusk"):
                try:
                    image = self.order(api, prompt)
                except PublishError as refusal:
                    if str(refusal) not in BROKE or not self.is_solved(api):
                        raise
                    break
                self.wait(api, image)
                done += 1
        return done

    def order(self, api: httpx.Client, prompt: str) -> Json:
        return send(api, "POST", "/v1/images", key=prompt, body={"prompt": prompt})

    def wait(self, api: httpx.Client, image: Json) -> None:
        while image["status"] in RUNNING:
            time.sleep(10)
            image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])

    def is_solved(self, api: httpx.Client) -> bool:
        """Whether a lack of credits is nothing to report."""
        return False


class TakesAPartForAll(Careful):
    """Reports the pictures that it could pay for, as if there were no others."""

    seen_by = "a law"
    found = {"images.create#2 broke": "tells"}

    def is_solved(self, api: httpx.Client) -> bool:
        """It was the end of the month."""
        return True


class TakesCreditsFromOthers(Careful):
    """Cancels what is in progress, to have its credits back; it belongs to others."""

    seen_by = "a law"
    found = {"images.create#1 broke": "spares"}

    def is_solved(self, api: httpx.Client) -> bool:
        """Cancel all."""
        for image in send(api, "GET", "/v1/images")["data"]:
            if image["status"] in RUNNING:
                send(api, "POST", f"/v1/images/{image['id']}/cancel")
        return False


class WaitsForCredits(Careful):
    """Waits until somebody pays, however long it takes."""

    seen_by = "a law"
    found = {"images.create#1 broke": "ends"}

    def order(self, api: httpx.Client, prompt: str) -> Json:
        """Order a picture, sooner or later."""
        while True:
            try:
                return super().order(api, prompt)
            except PublishError as refusal:
                if str(refusal) not in BROKE:
                    raise
                time.sleep(3600)
