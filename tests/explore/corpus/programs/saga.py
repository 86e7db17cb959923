"""A saga: an album needs a webhook endpoint and two pictures; if a step is refused, the others are compensated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from clients.common import PublishError, Shop, is_temporary
from programs.base import RUNNING, Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous

HOOK = "https://shop.example/albums/1"


class Careful(Program):
    """Remembers what it has to compensate, until that is done."""

    def prepare(self, aurous: Aurous) -> None:
        """Add a picture of somebody else, which takes all day."""
        aurous.images.add("of a customer", status="pending", script="pending:9h -> processing -> succeeded")

    def fresh(self) -> dict[str, Any]:
        """Make the record of an album: its pictures, the attempts, and what has to be compensated."""
        return {"pictures": {}, "attempt": 0, "compensate": False}

    def run(self, state: dict[str, Any]) -> str:
        """Make the album, or nothing."""
        with Shop() as shop:
            if state["compensate"]:
                self.compensate(shop, state)
            try:
                self.steps(shop, state)
            except PublishError as error:
                state["compensate"] = True
                self.compensate(shop, state)
                return self.end(error)
        return "made"

    def end(self, error: PublishError) -> str:
        raise error

    def steps(self, shop: Shop, state: dict[str, Any]) -> None:
        self.register(shop)
        for prompt in ("cover", "back"):
            if prompt not in state["pictures"]:
                key = f"album 1 {prompt} {state['attempt']}"
                state["pictures"][prompt] = shop.send("POST", "/v1/images", key=key, body={"prompt": prompt})["id"]
        for image in state["pictures"].values():
            while (seen := shop.send("GET", f"/v1/images/{image}"))["status"] in RUNNING:
                time.sleep(10)
            if seen["status"] != "succeeded":
                raise PublishError(seen["error_message"] or seen["status"])

    def register(self, shop: Shop) -> None:
        """Register the endpoint, and look before each attempt: no key protects this request."""
        for _ in range(6):
            if self.hooks(shop):
                return
            try:
                response = shop.api.post("/v1/webhook_endpoints", json={"url": HOOK, "events": ["image.completed"]})
            except httpx.TransportError:
                time.sleep(25)
                continue
            if response.is_client_error and not is_temporary(response):
                raise PublishError(f"{response.status_code}")
            time.sleep(float(response.headers.get("Retry-After", 5 if response.is_error else 0)))
        raise PublishError("the endpoint cannot be registered")

    def hooks(self, shop: Shop) -> list[str]:
        rows = shop.send("GET", "/v1/webhook_endpoints")["data"]
        return [row["id"] for row in rows if row["url"] == HOOK]

    def compensate(self, shop: Shop, state: dict[str, Any]) -> None:
        """Take back what can be taken back; keep pictures that are finished, because they are paid."""
        self.cancel(shop, state)
        self.unregister(shop)
        state["attempt"] += 1
        state["compensate"] = False

    def cancel(self, shop: Shop, state: dict[str, Any]) -> None:
        for prompt, image in list(state["pictures"].items()):
            if shop.send("GET", f"/v1/images/{image}")["status"] in RUNNING:
                shop.send("POST", f"/v1/images/{image}/cancel")
                del state["pictures"][prompt]
            elif shop.send("GET", f"/v1/images/{image}")["status"] != "succeeded":
                del state["pictures"][prompt]

    def unregister(self, shop: Shop) -> None:
        for hook in self.hooks(shop):
            shop.send("DELETE", f"/v1/webhook_endpoints/{hook}")

    def check(self, state: dict[str, Any], *, returned: bool) -> None:
        """An album that was not made has left nothing, or knows what it has left."""
        if not returned and not state["compensate"]:
            with Shop() as shop:
                assert not self.hooks(shop)


class ReportsSuccess(Careful):
    """Returns after compensating, as if it were a result like any other."""

    seen_by = "a law"
    found = {"images.create#2 down": "tells", "images.create#1 fails": "tells"}

    def end(self, error: PublishError) -> str:
        return f"compensated: {error}"


class LeavesTheEndpoint(Careful):
    """Takes back the pictures, and forgets the endpoint."""

    seen_by = "an assertion"
    found = {"images.create#1 down": "tells"}

    def unregister(self, shop: Shop) -> None:
        """Leave it."""


class ForgetsAfterAFailedCompensation(Careful):
    """Does not remember that it has to compensate, so that a compensation that fails is never repeated."""

    seen_by = "two faults"
    in_fact = "a law"  # a fault that goes on meets the compensation, too
    found = {"images.retrieve#1 down": "recovers"}

    def compensate(self, shop: Shop, state: dict[str, Any]) -> None:
        pictures = dict(state["pictures"])
        state.update(self.fresh(), attempt=state["attempt"] + 1)
        self.cancel(shop, {"pictures": pictures})
        state["pictures"] = pictures
        self.unregister(shop)
