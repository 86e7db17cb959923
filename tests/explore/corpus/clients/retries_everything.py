"""Retries every error, without a timeout and without a limit."""

import os
import time

import httpx

from clients.common import Json, PublishError, drawing, is_temporary

_MOST = 10
FOUND = {"characters.retrieve#1 gone": ("ends", "no_pitfall")}


def careless(name: str) -> Json:
    """Repeat until it is a success."""
    return _publish(name, stubborn=True)


def careful(name: str) -> Json:
    """Repeat what can succeed later."""
    return _publish(name, stubborn=False)


def _publish(name: str, *, stubborn: bool) -> Json:
    headers = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    timeout = None if stubborn else 10
    with httpx.Client(base_url=os.environ["AUROUS_BASE_URL"], headers=headers, timeout=timeout) as api:

        def send(method: str, path: str, body: Json | None = None) -> Json:
            attempt = 0
            while True:
                attempt += 1
                try:
                    response = api.request(method, path, json=body, headers={"Idempotency-Key": name})
                    content: Json = response.json()
                except (httpx.TransportError, ValueError):
                    if not stubborn and attempt > _MOST:
                        raise PublishError("the API cannot be reached") from None
                    time.sleep(60)
                    continue
                if response.is_success:
                    return content
                if not stubborn and (attempt > _MOST or not is_temporary(response)):
                    raise PublishError(content["error"]["code"])
                time.sleep(float(response.headers.get("Retry-After", 60)))

        character = send("POST", "/v1/characters", drawing(name))
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            time.sleep(5)
            character = send("GET", path)
        if character["status"] == "failed":
            raise PublishError(character["error_message"])
        return send("POST", f"{path}/save")
