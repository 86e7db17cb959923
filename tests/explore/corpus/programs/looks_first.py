"""Orders a picture without a key: it looks for its prompt before each attempt."""

from __future__ import annotations

import time
from typing import Any

import httpx

from clients.common import Json, PublishError, connect, is_temporary, send
from programs.base import RUNNING, Program


class Careful(Program):
    """Looks half a minute after a doubtful attempt, and until it has seen the list."""

    pause = 30.0

    def run(self, state: Any) -> str:
        """Order the picture once, and wait for it."""
        with connect() as api:
            image = self.order(api, "dawn")
            while image["status"] in RUNNING:
                time.sleep(10)
                image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return "drawn"

    def order(self, api: httpx.Client, prompt: str) -> Json:
        """Return the order of a picture, which may be an older one."""
        for _ in range(4):
            for row in self.look(api):
                if row["prompt"] == prompt:
                    return row
            try:
                response = api.post("/v1/images", json={"prompt": prompt})
                content: Json = response.json()
            except (httpx.TransportError, ValueError):
                time.sleep(self.pause)
                continue
            if response.is_success:
                return content
            if not is_temporary(response):
                raise PublishError(content["error"]["code"])
            time.sleep(float(response.headers.get("Retry-After", self.pause)))
        raise PublishError("no order")

    def look(self, api: httpx.Client) -> list[Json]:
        """Return the pictures of the history."""
        rows: list[Json] = send(api, "GET", "/v1/images")["data"]
        return rows


class TakesAnUnreadableListForEmpty(Careful):
    """Orders again if it cannot see whether its first attempt had an effect."""

    seen_by = "two faults"
    in_fact = "nothing"  # it needs a response that is lost, and then a read that fails

    def look(self, api: httpx.Client) -> list[Json]:
        """Return the pictures of the history, as far as they can be read."""
        try:
            rows: list[Json] = api.get("/v1/images").raise_for_status().json()["data"]
        except (httpx.HTTPError, ValueError):
            return []
        return rows


class NeverLooksAgain(Careful):
    """Looks before its first attempt only."""

    seen_by = "a law"
    found = {"images.create#1 lost": "pays_once"}
    rows: list[Json] | None = None

    def run(self, state: Any) -> str:
        """Order the picture once, and wait for it."""
        self.rows = None
        return super().run(state)

    def look(self, api: httpx.Client) -> list[Json]:
        """Return what it has seen before its first attempt."""
        if self.rows is None:
            self.rows = super().look(api)
        return self.rows
