"""Makes the Idempotency-Key inside the retry loop, so that each attempt has another key."""

import time
from uuid import uuid4

import httpx

from clients.common import Json, PublishError, connect, drawing, finish, is_temporary

FOUND = {
    "characters.create#1 lost": ("tells", "pays_once", "no_pitfall"),
    "characters.create#1 crash": ("recovers",),
}


def careless(name: str) -> Json:
    """Draw a key for each attempt."""
    return _publish(name, None)


def careful(name: str) -> Json:
    """Give all attempts the key of the job."""
    return _publish(name, f"job-{name}")


def _publish(name: str, key: str | None) -> Json:
    with connect() as api:
        for attempt in range(6):
            headers = {"Idempotency-Key": key or str(uuid4())}
            try:
                response = api.post("/v1/characters", json=drawing(name), headers=headers)
                if is_temporary(response):
                    time.sleep(float(response.headers.get("Retry-After", 2**attempt)))
                    continue
                return finish(api, response.raise_for_status().json())
            except (httpx.TransportError, ValueError):
                time.sleep(2**attempt)
        raise PublishError("no order")
