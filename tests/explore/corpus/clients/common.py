"""What the careful parts of the clients share: requests that are repeated until a response can be trusted."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from typing_extensions import Self

Json = dict[str, Any]


class PublishError(Exception):
    """The work is not done; the message says why."""


class Shop:
    """A client of the API, of httpx or a package that is like it."""

    def __init__(self, stack: Any = httpx) -> None:
        key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
        self.lost: type[Exception] = stack.TransportError
        self.api: httpx.Client = stack.Client(base_url=os.environ["AUROUS_BASE_URL"], headers=key, timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()

    def send(self, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
        """Send a request until there is a whole response, and raise what the API refuses."""
        headers = {"Idempotency-Key": key} if key else {}
        for attempt in range(6):
            pause = 2.0**attempt
            try:
                response = self.api.request(method, path, json=body, headers=headers)
            except self.lost:
                time.sleep(pause)
                continue
            if is_temporary(response):
                time.sleep(float(response.headers.get("Retry-After", pause)))
                continue
            try:
                content: Json = response.json()
            except ValueError:
                time.sleep(pause)
                continue
            if response.is_error:
                raise PublishError(content["error"]["code"])
            return content
        raise PublishError("the API cannot be reached")

    def order(self, name: str, key: str = "") -> Json:
        """Have a character drawn."""
        return self.send("POST", "/v1/characters", key=key, body=drawing(name))

    def watch(self, character: Json) -> Json:
        """Poll a character until its synthesis has ended, and raise how it failed."""
        pause = 2.0
        while character["status"] == "synthesizing":
            time.sleep(pause)
            pause = min(2 * pause, 30.0)
            character = self.send("GET", f"/v1/characters/{character['id']}")
        if character["status"] == "failed":
            raise PublishError(character["error_message"])
        return character

    def finish(self, character: Json) -> Json:
        """Wait for the poses of a character, and save it."""
        character = self.watch(character)
        return self.send("POST", f"/v1/characters/{character['id']}/save")


def drawing(name: str) -> Json:
    return {"name": name, "generate": True, "attributes": {"age": 28}}


def is_temporary(response: httpx.Response) -> bool:
    """Whether the same request can succeed later: too many, out of order, or the first attempt is in flight."""
    return response.status_code in {409, 429, 500, 502, 503, 504}


def publish(name: str) -> Json:
    with Shop() as shop:
        return shop.finish(shop.order(name, f"portrait of {name}"))
