"""Waits inside `trio.move_on_after`, and does not check whether the wait was cancelled."""

import os

import httpx
import trio

from clients.common import Json, PublishError, drawing, is_temporary

BACKEND = "trio"
FOUND = {"characters.create#1 slow": ("tells",)}
MAY_RAISE = (PublishError, trio.TooSlowError)


async def careless(name: str) -> str:
    """Move on after five minutes."""
    with trio.move_on_after(300):
        await _publish(name)
    return f"{name} is published"


async def careful(name: str) -> str:
    """Fail after five minutes."""
    with trio.fail_after(300):
        await _publish(name)
    return f"{name} is published"


async def _publish(name: str) -> None:
    headers = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    async with httpx.AsyncClient(base_url=os.environ["AUROUS_BASE_URL"], headers=headers, timeout=5) as api:
        character = await _send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            await trio.sleep(10)
            character = await _send(api, "GET", path)
        if character["status"] == "failed":
            raise PublishError(character["error_message"])
        await _send(api, "POST", f"{path}/save")


async def _send(api: httpx.AsyncClient, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
    for attempt in range(6):
        pause = 2.0**attempt
        try:
            response = await api.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
            content: Json = response.json()
        except (httpx.TransportError, ValueError):
            await trio.sleep(pause)
            continue
        if response.is_success:
            return content
        if not is_temporary(response):
            raise PublishError(content["error"]["code"])
        await trio.sleep(float(response.headers.get("Retry-After", pause)))
    raise PublishError("the API cannot be reached")
