"""Orders two pictures, with tenacity around each request."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import httpx
import tenacity

from clients.common import Json, PublishError, Shop, is_temporary
from programs.base import RUNNING, Program


class Careful(Program):
    """Tries each request six times, with the key of its job."""

    def run(self, state: Any) -> list[str]:
        with Shop() as shop:
            orders = [self.order(shop, prompt) for prompt in ("dawn", "dusk")]
            return [self.wait(shop, order)["status"] for order in orders if order]

    def order(self, shop: Shop, prompt: str) -> Json | None:
        return self.retrying(self.send, shop, "POST", "/v1/images", prompt, json={"prompt": prompt})

    def wait(self, shop: Shop, image: Json) -> Json:
        while image["status"] in RUNNING:
            time.sleep(10)
            image = self.retrying(self.send, shop, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return image

    def send(self, shop: Shop, method: str, path: str, job: str = "", **sent: Any) -> Json:
        headers = {"Idempotency-Key": self.key(job)} if job else {}
        content: Json = shop.api.request(method, path, headers=headers, **sent).raise_for_status().json()
        return content

    def key(self, job: str) -> str:
        return f"picture {job}"

    @property
    def retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(6),
            wait=self.pause,
            retry=tenacity.retry_if_exception(self.is_worth_it),
            reraise=True,
        )

    @staticmethod
    def is_worth_it(error: BaseException) -> bool:
        if isinstance(error, httpx.HTTPStatusError):
            return is_temporary(error.response)
        return isinstance(error, (httpx.TransportError, ValueError))

    @staticmethod
    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome and state.outcome.exception()
        headers = error.response.headers if isinstance(error, httpx.HTTPStatusError) else {}
        return float(headers.get("Retry-After", 2**state.attempt_number))


class DrawsAKeyInEachAttempt(Careful):
    """Draws the key inside of what tenacity repeats."""

    seen_by = "a law"
    found = {"images.create#1 lost": "pays_once"}

    def key(self, job: str) -> str:
        return str(uuid4())


class RaisesRetryError(Careful):
    """Leaves out `reraise`, so that its callers see an exception that they do not know."""

    seen_by = "a law"
    found = {"images.create#1 down": "tells", "images.retrieve#1 down": "tells"}

    @property
    def retrying(self) -> tenacity.Retrying:
        return super().retrying.copy(reraise=False)
