"""Publishes a character through a transport of its own, which repeats requests."""

from __future__ import annotations

import os
import time
from typing import Any
from uuid import uuid4

import httpx

from clients.common import Json, PublishError, drawing, is_temporary
from programs.base import Program


class Retries(httpx.BaseTransport):
    """Repeats a request until its response is whole, and says something final."""

    def __init__(self) -> None:
        self.inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the last response, or raise the last error."""
        for attempt in range(5):
            try:
                response = self.inner.handle_request(request)
                response.read()
            except httpx.TransportError:
                time.sleep(2.0**attempt)
                request = self.again(request)
                continue
            if not is_temporary(response) and is_whole(response):
                return response
            time.sleep(self.pause(response, attempt))
            request = self.refused(request)
        return self.inner.handle_request(request)

    def again(self, request: httpx.Request) -> httpx.Request:
        """Return the request to send after an error."""
        return request

    def refused(self, request: httpx.Request) -> httpx.Request:
        """Return the request to send after a temporary refusal."""
        return request

    def pause(self, response: httpx.Response, attempt: int) -> float:
        """Return the seconds to wait after a response."""
        return float(response.headers.get("Retry-After", 2.0**attempt))

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()


def is_whole(response: httpx.Response) -> bool:
    """Whether a body is JSON."""
    try:
        response.json()
    except ValueError:
        return False
    return True


class Careful(Program):
    """Sends the request of the first attempt each time."""

    transport: type[Retries] = Retries
    timeout: float | None = 5

    def run(self, state: Any) -> str:
        """Order, wait, and save."""
        url, key = os.environ["AUROUS_BASE_URL"], os.environ["AUROUS_API_KEY"]
        with httpx.Client(
            base_url=url, headers={"X-Api-Key": key}, timeout=self.timeout, transport=self.transport()
        ) as api:
            headers = {"Idempotency-Key": "portrait of Aurora"}
            character = self.read(api.post("/v1/characters", json=drawing("Aurora"), headers=headers))
            path = f"/v1/characters/{character['id']}"
            while character["status"] == "synthesizing":
                time.sleep(10)
                character = self.read(api.get(path))
            if character["status"] == "failed":
                raise PublishError(character["error_message"])
            status: str = self.read(api.post(f"{path}/save"))["status"]
            return status

    def read(self, response: httpx.Response) -> Json:
        """Return the content of a response without an error."""
        response.raise_for_status()
        if not is_whole(response):
            raise PublishError("half a response")
        content: Json = response.json()
        return content


class LosesTheKey(Careful):
    """Builds the request again for each attempt, without its headers."""

    seen_by = "a law"
    found = {"characters.create#1 lost": "pays_once"}

    class transport(Retries):  # noqa: D106, N801 - as the attribute
        def again(self, request: httpx.Request) -> httpx.Request:
            """Build the request again."""
            headers = {name: request.headers[name] for name in ("X-Api-Key", "Content-Type") if name in request.headers}
            extensions = request.extensions
            return httpx.Request(
                request.method, request.url, headers=headers, content=request.content, extensions=extensions
            )


class TrustsTheTransport(Careful):
    """Does not check for 5xx, because "the transport repeats these"."""

    seen_by = "a law"
    found = {"characters.create#1 down": "tells"}

    def read(self, response: httpx.Response) -> Json:
        """Check for a refusal only."""
        if response.is_client_error:
            response.raise_for_status()
        content: Json = response.json()
        return content


class KnowsBetterThanTheApi(Careful):
    """Waits as long as it likes, whatever Retry-After says."""

    seen_by = "a law"
    found = {"characters.create#1 rate_limited": "no_pitfall"}

    class transport(Retries):  # noqa: D106, N801 - as the attribute
        def pause(self, response: httpx.Response, attempt: int) -> float:
            """Double the pause, from half a second."""
            return 0.5 * 2.0**attempt


class SignsAgainAfterARefusal(Careful):
    """Draws a new key after a refusal, because "a refused request had no effect"; an earlier attempt may have."""

    seen_by = "two faults"
    in_fact = "a law"  # a late request meets its own first attempt: 409
    found = {"characters.create#1 late": "pays_once"}

    class transport(Retries):  # noqa: D106, N801 - as the attribute
        def refused(self, request: httpx.Request) -> httpx.Request:
            """Draw a key."""
            if "Idempotency-Key" in request.headers:
                request.headers["Idempotency-Key"] = str(uuid4())
            return request


class WaitsForever(Careful):
    """Has no timeout: a connection that says nothing stops the program."""

    timeout = None
