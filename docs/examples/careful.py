"""A careful client of the API: it retries while a retry may help."""

import os
import time
from typing import Any
from uuid import uuid4

import httpx

RETRIED = {429, 500, 502, 503, 504}


class CarefulClient:
    """Sends each request until it succeeds or no attempt is left.

    Args:
        attempts: How often a request is sent; the last response is returned.
        timeout: How many seconds a response may take.
    """

    def __init__(self, *, attempts: int = 4, timeout: float = 5.0) -> None:
        self._attempts = attempts
        self._api = httpx.Client(
            base_url=os.environ["AUROUS_BASE_URL"], timeout=timeout
        )

    def create(self, name: str, *, key: str | None = None) -> httpx.Response:
        """Create a character; without a *key*, each attempt may create another."""
        body = {"name": name, "generate": True, "attributes": {"age": 28}}
        headers = {"Idempotency-Key": key} if key else {}
        return self._send("POST", "/v1/characters", headers, json=body)

    def save(self, character: str) -> httpx.Response:
        """Publish a character; needs no key, because a save can be repeated."""
        return self._send("POST", f"/v1/characters/{character}/save", {})

    def get(self, path: str) -> httpx.Response:
        """Read a record, a list or a URL."""
        return self._send("GET", path, {})

    def _send(
        self, method: str, path: str, headers: dict[str, str], **parts: Any
    ) -> httpx.Response:
        for attempt in range(1, self._attempts + 1):
            headers["X-Api-Key"] = os.environ["AUROUS_API_KEY"]  # may be rotated
            try:
                response = self._api.request(method, path, headers=headers, **parts)
            except httpx.TransportError:
                if attempt == self._attempts:
                    raise
                time.sleep(2**attempt)
                continue
            final = response.status_code not in RETRIED and is_whole(response)
            if final or attempt == self._attempts:
                return response
            time.sleep(float(response.headers.get("Retry-After", 2**attempt)))
        raise AssertionError("unreachable: the last attempt returns or raises")


def is_whole(response: httpx.Response) -> bool:
    """Return whether the whole body has arrived."""
    try:
        response.json()
    except ValueError:
        return False
    return True


def new_key() -> str:
    """Return an idempotency key: one for all attempts to create one character."""
    return str(uuid4())
