"""Runs jobs with `gather(return_exceptions=True)`, and counts the exceptions as successes."""

import asyncio
import os
from typing import Any

import httpx

from clients.common import Json, PublishError, drawing

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
        character = await _send(api, "POST", "/v1/characters", json=drawing(name), headers={"Idempotency-Key": name})
        path = f"/v1/characters/{character['id']}"
        while character["status"] == "synthesizing":
            await asyncio.sleep(10)
            character = await _send(api, "GET", path)
        if character["status"] == "failed":
            raise PublishError(character["error_message"])
        return await _send(api, "POST", f"{path}/save")


async def _send(api: httpx.AsyncClient, method: str, path: str, **sent: Any) -> Json:
    response = (await api.request(method, path, **sent)).raise_for_status()
    try:
        content: Json = response.json()
    except ValueError as error:
        raise PublishError("no JSON") from error
    return content
