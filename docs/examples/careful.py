"""A careful client of the API: it tries again while that may help."""

import os
import time
from typing import Any
from uuid import uuid4

import httpx

RETRIED = {429, 500, 502, 503, 504}


class CarefulClient:
    """Sends one call as often as it takes.

    Args:
        attempts: How often a call is sent before the last answer is given back.
        timeout: How many seconds an answer may take.
    """

    def __init__(self, *, attempts: int = 4, timeout: float = 5.0) -> None:
        self._attempts = attempts
        self._api = httpx.Client(
            base_url=os.environ["AUROUS_BASE_URL"], timeout=timeout
        )

    def create(self, name: str, *, key: str | None = None) -> httpx.Response:
        """Order a character; without a *key*, each attempt is an order of its own."""
        order = {"name": name, "generate": True, "attributes": {"age": 28}}
        headers = {"Idempotency-Key": key} if key else {}
        return self._send("POST", "/v1/characters", headers, json=order)

    def save(self, character: str) -> httpx.Response:
        """Publish a character: needs no key, for it may be said twice."""
        return self._send("POST", f"/v1/characters/{character}/save", {})

    def get(self, path: str) -> httpx.Response:
        """Read something."""
        return self._send("GET", path, {})

    def _send(
        self, method: str, path: str, headers: dict[str, str], **parts: Any
    ) -> httpx.Response:
        for attempt in range(1, self._attempts + 1):
            headers["X-Api-Key"] = os.environ["AUROUS_API_KEY"]  # it may be rotated
            try:
                answer = self._api.request(method, path, headers=headers, **parts)
            except httpx.TransportError:
                if attempt == self._attempts:
                    raise
                time.sleep(2**attempt)
                continue
            final = answer.status_code not in RETRIED and is_whole(answer)
            if final or attempt == self._attempts:
                return answer
            time.sleep(float(answer.headers.get("Retry-After", 2**attempt)))
        raise AssertionError("unreachable: the last attempt returns or raises")


def is_whole(answer: httpx.Response) -> bool:
    """Whether the body has arrived, and was not cut off on its way."""
    try:
        answer.json()
    except ValueError:
        return False
    return True


def new_key() -> str:
    """Return a key that stands for one order, however often it is sent."""
    return str(uuid4())
