"""A circuit breaker: after three failures in a row, requests are refused for five minutes, and then one is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from clients.common import Json, PublishError, connect, is_temporary
from programs.base import RUNNING, Program


class OpenCircuit(PublishError):
    """The API was not there lately."""


class Breaker:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self.failures = 0
        self.opened = 0.0

    def call(self, send: Callable[[], httpx.Response]) -> Json:
        """Return the content of a response, or raise."""
        if self.failures >= 3 and time.time() < self.opened + 300:
            raise OpenCircuit("not there")
        try:
            response = send()
            if is_temporary(response):
                time.sleep(float(response.headers.get("Retry-After", 5)))
                raise PublishError(f"{response.status_code}")
            content: Json = response.json()
        except (httpx.TransportError, ValueError, PublishError) as error:
            self.failures += 1
            self.opened = time.time()
            raise PublishError("later") from error
        self.succeeded()
        if response.is_error:
            self.refused()
            raise ValueError(content["error"]["code"])
        return content

    def succeeded(self) -> None:
        """Close the circuit."""
        self.failures = 0

    def refused(self) -> None:
        """Leave it closed: the API is there."""


class Careful(Program):
    """Waits while the circuit is open, for two hours at most."""

    breaker: type[Breaker] = Breaker

    def fresh(self) -> Breaker:
        """Make a breaker for all runs of the process."""
        return self.breaker()

    def run(self, state: Breaker) -> list[str]:
        """Draw two pictures."""
        with connect() as api:
            return [done for prompt in ("dawn", "dusk") if (done := self.draw(api, state, prompt))]

    def draw(self, api: httpx.Client, breaker: Breaker, prompt: str) -> str:
        """Order a picture, and wait for it."""
        order = {"json": {"prompt": prompt}, "headers": {"Idempotency-Key": prompt}}
        image = self.send(api, breaker, "POST", "/v1/images", **order)
        while image["status"] in RUNNING:
            time.sleep(10)
            image = self.send(api, breaker, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return prompt

    def send(self, api: httpx.Client, breaker: Breaker, method: str, path: str, **sent: Any) -> Json:
        """Send a request until it succeeds."""
        deadline = time.time() + 7200
        while True:
            try:
                return breaker.call(lambda: api.request(method, path, **sent))
            except ValueError as refusal:
                raise PublishError(str(refusal)) from None
            except OpenCircuit:
                if time.time() > deadline:
                    raise
                time.sleep(310)
                sent = self.probe(sent)
            except PublishError:
                time.sleep(2)

    def probe(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return what to send when the circuit is half open."""
        return sent


class NeverCloses(Careful):
    """Does not count from zero after a success, so that each failure of a later day opens the circuit for good."""

    seen_by = "a law"
    found = {"images.create#1 down": "recovers"}

    class breaker(Breaker):  # noqa: D106, N801 - as the attribute
        def call(self, send: Callable[[], httpx.Response]) -> Json:
            """Refuse, once there were three failures."""
            if self.failures >= 3:
                raise OpenCircuit("not there")
            return super().call(send)


class SkipsWhileOpen(Careful):
    """Leaves out the pictures of an open circuit."""

    seen_by = "a law"
    found = {"images.create#1 down": "tells"}

    def draw(self, api: httpx.Client, breaker: Breaker, prompt: str) -> str:
        """Draw a picture, or nothing."""
        try:
            return super().draw(api, breaker, prompt)
        except OpenCircuit:
            return ""

    def send(self, api: httpx.Client, breaker: Breaker, method: str, path: str, **sent: Any) -> Json:
        """Send a request while the circuit is closed."""
        for _ in range(4):
            try:
                return breaker.call(lambda: api.request(method, path, **sent))
            except ValueError as refusal:
                raise PublishError(str(refusal)) from None
            except OpenCircuit:
                raise
            except PublishError:
                time.sleep(2)
        raise OpenCircuit("not there")


class ProbesWithAnotherKey(Careful):
    """Sends a half-open circuit's first request with a key of its own."""

    seen_by = "two faults"
    in_fact = "a law"  # a late request meets its own first attempt: 409, three times
    found = {"images.create#1 late": "pays_once"}

    def probe(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Draw a key."""
        return {**sent, "headers": {"Idempotency-Key": str(uuid4())}} if sent else sent


class CountsRefusals(Careful):
    """Counts refusals as failures, so that one customer without credits opens the circuit for all."""

    class breaker(Breaker):  # noqa: D106, N801 - as the attribute
        def refused(self) -> None:
            """Count it."""
            self.failures += 1
            self.opened = time.time()
