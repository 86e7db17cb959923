"""Orders three pictures from a small balance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from clients.common import Json, PublishError, Shop
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous

BROKE = {"insufficient_credits", "balance_too_low"}  # the pages contradict each other


class Careful(Program):
    """Stops when the credits are gone, and says so."""

    def prepare(self, aurous: Aurous) -> None:
        """Add a picture of somebody else that takes all day."""
        aurous.images.add("of a customer", status="pending", script="pending:9h -> processing -> succeeded")

    def run(self, state: Any) -> int:
        done = 0
        with Shop() as shop:
            for prompt in ("dawn", "noon", "dusk"):
                try:
                    image = self.order(shop, prompt)
                except PublishError as refusal:
                    if str(refusal) not in BROKE or not self.is_solved(shop):
                        raise
                    break
                self.wait(shop, image)
                done += 1
        return done

    def order(self, shop: Shop, prompt: str) -> Json:
        return shop.send("POST", "/v1/images", key=prompt, body={"prompt": prompt})

    def wait(self, shop: Shop, image: Json) -> None:
        while image["status"] in RUNNING:
            time.sleep(10)
            image = shop.send("GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])

    def is_solved(self, shop: Shop) -> bool:
        """Whether a lack of credits is nothing to report."""
        return False


class TakesAPartForAll(Careful):
    """Reports the pictures that it could pay for, as if there were no others."""

    seen_by = "a law"
    found = {"images.create#2 broke": "tells"}

    def is_solved(self, shop: Shop) -> bool:
        """It was the end of the month."""
        return True


class TakesCreditsFromOthers(Careful):
    """Cancels what is in progress, to have its credits back; it belongs to others."""

    seen_by = "a law"
    found = {"images.create#1 broke": "spares"}

    def is_solved(self, shop: Shop) -> bool:
        for image in shop.send("GET", "/v1/images")["data"]:
            if image["status"] in RUNNING:
                shop.send("POST", f"/v1/images/{image['id']}/cancel")
        return False


class WaitsForCredits(Careful):
    """Waits until somebody pays, however long it takes."""

    seen_by = "a law"
    found = {"images.create#1 broke": "ends"}

    def order(self, shop: Shop, prompt: str) -> Json:
        while True:
            try:
                return super().order(shop, prompt)
            except PublishError as refusal:
                if str(refusal) not in BROKE:
                    raise
                time.sleep(3600)
