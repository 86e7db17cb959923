"""A saga: an album needs a webhook endpoint and two pictures; if a step is refused, the others are compensated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from clients.common import PublishError, connect, is_temporary, send
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
        with connect() as api:
            if state["compensate"]:
                self.compensate(api, state)
            try:
                self.steps(api, state)
            except PublishError as error:
                state["compensate"] = True
                self.compensate(api, state)
                return self.end(error)
        return "made"

    def end(self, error: PublishError) -> str:
        """Report that the album was not made."""
        raise error

    def steps(self, api: httpx.Client, state: dict[str, Any]) -> None:
        """Register the endpoint, order both pictures, and wait."""
        self.register(api)
        for prompt in ("cover", "back"):
            if prompt not in state["pictures"]:
                key = f"album 1 {prompt} {state['attempt']}"
                state["pictures"][prompt] = send(api, "POST", "/v1/images", key=key, body={"prompt": prompt})["id"]
        for image in state["pictures"].values():
            while (seen := send(api, "GET", f"/v1/images/{image}"))["status"] in RUNNING:
                time.sleep(10)
            if seen["status"] != "succeeded":
                raise PublishError(seen["error_message"] or seen["status"])

    def register(self, api: httpx.Client) -> None:
        """Register the endpoint, and look before each attempt: no key protects this request."""
        for _ in range(6):
            if self.hooks(api):
                return
            try:
                response = api.post("/v1/webhook_endpoints", json={"url": HOOK, "events": ["image.completed"]})
            except httpx.TransportError:
                time.sleep(25)
                continue
            if response.is_client_error and not is_temporary(response):
                raise PublishError(f"{response.status_code}")
            time.sleep(float(response.headers.get("Retry-After", 5 if response.is_error else 0)))
        raise PublishError("the endpoint cannot be registered")

    def hooks(self, api: httpx.Client) -> list[str]:
        """Return the ids of the endpoints of this album."""
        rows = send(api, "GET", "/v1/webhook_endpoints")["data"]
        return [row["id"] for row in rows if row["url"] == HOOK]

    def compensate(self, api: httpx.Client, state: dict[str, Any]) -> None:
        """Take back what can be taken back; keep pictures that are finished, because they are paid."""
        self.cancel(api, state)
        self.unregister(api)
        state["attempt"] += 1
        state["compensate"] = False

    def cancel(self, api: httpx.Client, state: dict[str, Any]) -> None:
        for prompt, image in list(state["pictures"].items()):
            if send(api, "GET", f"/v1/images/{image}")["status"] in RUNNING:
                send(api, "POST", f"/v1/images/{image}/cancel")
                del state["pictures"][prompt]
            elif send(api, "GET", f"/v1/images/{image}")["status"] != "succeeded":
                del state["pictures"][prompt]

    def unregister(self, api: httpx.Client) -> None:
        """Delete the endpoint."""
        for hook in self.hooks(api):
            send(api, "DELETE", f"/v1/webhook_endpoints/{hook}")

    def check(self, state: dict[str, Any], *, returned: bool) -> None:
        """An album that was not made has left nothing, or knows what it has left."""
        if not returned and not state["compensate"]:
            with connect() as api:
                assert not self.hooks(api)


class ReportsSuccess(Careful):
    """Returns after compensating, as if it were a result like any other."""

    seen_by = "a law"
    found = {"images.create#2 down": "tells", "images.create#1 fails": "tells"}

    def end(self, error: PublishError) -> str:
        """Return what happened."""
        return f"compensated: {error}"


class LeavesTheEndpoint(Careful):
    """Takes back the pictures, and forgets the endpoint."""

    seen_by = "an assertion"
    found = {"images.create#1 down": "tells"}

    def unregister(self, api: httpx.Client) -> None:
        """Leave it."""


class ForgetsAfterAFailedCompensation(Careful):
    """Does not remember that it has to compensate, so that a compensation that fails is never repeated."""

    seen_by = "two faults"
    in_fact = "a law"  # a fault that goes on meets the compensation, too
    found = {"images.retrieve#1 down": "recovers"}

    def compensate(self, api: httpx.Client, state: dict[str, Any]) -> None:
        """Forget, and take back."""
        pictures = dict(state["pictures"])
        state.update(self.fresh(), attempt=state["attempt"] + 1)
        self.cancel(api, {"pictures": pictures})
        state["pictures"] = pictures
        self.unregister(api)
