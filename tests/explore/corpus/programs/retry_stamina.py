"""Publishes two characters at once, with stamina around each request."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import httpx
import stamina

from clients.common import Json, PublishError, drawing, is_temporary
from programs.base import Program

if TYPE_CHECKING:
    from pytest_aurous import Aurous


def is_worth_it(error: Exception) -> bool:
    """Whether another attempt can succeed."""
    if isinstance(error, httpx.HTTPStatusError):
        return is_temporary(error.response)
    return isinstance(error, (httpx.TransportError, ValueError))


class Careful(Program):
    """Tries each request six times, and takes away the drafts that it has to give up."""

    on: Any = staticmethod(is_worth_it)

    def prepare(self, aurous: Aurous) -> None:
        """Add a character of somebody else."""
        aurous.characters.add(name="of a customer", status="reviewing")

    async def run(self, state: Any) -> list[str]:
        """Publish both characters."""
        url, key = os.environ["AUROUS_BASE_URL"], os.environ["AUROUS_API_KEY"]
        async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": key}, timeout=5) as api:
            names = ("Aurora", "Boreas")
            done = await asyncio.gather(*(self.publish(api, name) for name in names), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return list(names)

    async def publish(self, api: httpx.AsyncClient, name: str) -> None:
        """Order, wait, and save."""
        character = await self.send(api, "POST", "/v1/characters", key=name, json=drawing(name))
        path = f"/v1/characters/{character['id']}"
        for _ in range(300):
            if character["status"] != "synthesizing":
                break
            await asyncio.sleep(20)
            character = await self.send(api, "GET", path)
        if character["status"] != "reviewing" and character["status"] != "ready":
            await self.clean(api, character)
            raise PublishError(character["error_message"] or character["status"])
        await self.send(api, "POST", f"{path}/save")

    async def clean(self, api: httpx.AsyncClient, character: Json) -> None:
        """Leave it: a failed character costs nothing, and its key leads to it."""

    async def send(self, api: httpx.AsyncClient, method: str, path: str, *, key: str = "", json: Any = None) -> Json:
        """Send a request until it succeeds."""
        headers = {"Idempotency-Key": key} if key else {}
        async for attempt in stamina.retry_context(
            on=self.on, attempts=6, timeout=None, wait_initial=15, wait_max=60, wait_jitter=1
        ):
            with attempt:
                response = await api.request(method, path, json=json, headers=headers)
                content: Json = response.raise_for_status().json()
        return content


class OrdersAnotherOne(Careful):
    """Polls for five minutes, and then orders the character again under another key."""

    seen_by = "a law"
    found = {"characters.create#1 slow": "pays_once"}

    async def publish(self, api: httpx.AsyncClient, name: str) -> None:
        """Order, and order again if it takes long."""
        for number in range(3):
            character = await self.send(api, "POST", "/v1/characters", key=f"{name} {number}", json=drawing(name))
            path = f"/v1/characters/{character['id']}"
            for _ in range(15):
                if character["status"] != "synthesizing":
                    break
                await asyncio.sleep(20)
                character = await self.send(api, "GET", path)
            if character["status"] == "failed":
                raise PublishError(character["error_message"])
            if character["status"] != "synthesizing":
                await self.send(api, "POST", f"{path}/save")
                return
        raise PublishError("took too long")


class CleansUpForAll(Careful):
    """Deletes all characters in review after a failure, also characters of others."""

    seen_by = "a law"
    found = {"characters.create#1 fails": "spares"}

    async def clean(self, api: httpx.AsyncClient, character: Json) -> None:
        """Delete what looks like a draft."""
        for draft in (await self.send(api, "GET", "/v1/characters?status=reviewing"))["data"]:
            await self.send(api, "DELETE", f"/v1/characters/{draft['id']}")


class RetriesRefusals(Careful):
    """Repeats what can never succeed, such as an order without credits."""

    in_fact = "a law"  # the pitfall of polling what is deleted
    found = {"characters.retrieve#1 gone": "no_pitfall"}

    on = httpx.HTTPError, ValueError
