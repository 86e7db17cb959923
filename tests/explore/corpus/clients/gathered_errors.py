"""Runs jobs with `gather(return_exceptions=True)`, and counts the exceptions as successes."""

import asyncio
import os

import httpx

from clients.common import Json, PublishError, drawing, is_temporary

FOUND = {"characters.create#1 fails": ("tells",), "characters.retrieve#1 gone": ("tells",)}


async def careless(name: str) -> str:
    """Count what came back."""
    orders = [_publish(f"{name} {number}") for number in (1, 2)]
    published = await asyncio.gather(*orders, return_exceptions=True)
    return f"{len(published)} published"


async def careful(name: str) -> str:
    """Wait for all, then raise what went wrong."""
    orders = [_publish(f"{name} {number}") for number in (1, 2)]
    published = await asyncio.gather(*orders, return_exceptions=True)
    for one in published:
        if isinstance(one, BaseException):
            raise one
    return f"{len(published)} published"


async def _publish(name: str) -> Json:
    headers = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    async with httpx.AsyncClient(base_url=os.environ["AUROUS_BASE_URL"], headers=headers, timeout=5) as api:
        character = await _send(api, "POST", "/v1/characters", key=name, body=drawing(name))
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            await asyncio.sleep(10)
            character = await _send(api, "GET", path)
        if character["status"] == "failed":
            raise PublishError(character["error_message"])
        return await _send(api, "POST", f"{path}/save")


async def _send(api: httpx.AsyncClient, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
    for attempt in range(6):
        pause = 2.0**attempt
        try:
            response = await api.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
            content: Json = response.json()
        except (httpx.TransportError, ValueError):
            await asyncio.sleep(pause)
            continue
        if response.is_success:
            return content
        if not is_temporary(response):
            raise PublishError(content["error"]["code"])
        await asyncio.sleep(float(response.headers.get("Retry-After", pause)))
    raise PublishError("the API cannot be reached")
