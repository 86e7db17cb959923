"""Treats the 404 of a poll as "not ready yet", and polls a deleted character forever."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, is_temporary, send

_MOST = 100
FOUND = {"characters.retrieve#1 gone": ("ends", "no_pitfall")}


def careless(name: str) -> Json:
    """Poll on after a 404."""
    return _publish(name, {404})


def careful(name: str) -> Json:
    """Stop at a 404."""
    return _publish(name, set())


def _publish(name: str, not_ready: set[int]) -> Json:
    with connect() as api:
        path = f"/v1/characters/{send(api, 'POST', '/v1/characters', key=name, body=drawing(name))['id']}"
        temporary = 0
        while temporary < _MOST:
            try:
                response = api.get(path)
                status = response.json().get("status")
            except (httpx.TransportError, ValueError):
                temporary += 1
                status = "synthesizing"
            else:
                if is_temporary(response):
                    temporary += 1
                    time.sleep(float(response.headers.get("Retry-After", 5)))
                    continue
                if response.status_code in not_ready:
                    status = "synthesizing"
                elif response.is_error:
                    raise PublishError(f"status {response.status_code}")
            if status != "synthesizing":
                break
            time.sleep(5)
        if status not in {"reviewing", "ready"}:
            raise PublishError(f"status {status}")
        return send(api, "POST", f"{path}/save")
