"""Real transports that send the requests of httpx with another client, and resolvers of another library."""

import asyncio
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousNetworkBlocked

URL = "https://api.aurous-labs.com/v1/balance"


async def by_aiohttp(key: str) -> int:
    from httpx_aiohttp import HttpxAiohttpClient

    async with HttpxAiohttpClient() as client:
        response: httpx.Response = await client.get(URL, headers={"X-Api-Key": key})
        return response.status_code


async def by_aiohttp_for_httpx2(key: str) -> int:
    """Send a request of httpx2 through aiohttp, and return its status."""
    from httpx_aiohttp.httpx2 import Httpx2AiohttpClient

    async with Httpx2AiohttpClient() as client:
        status: int = (await client.get(URL, headers={"X-Api-Key": key})).status_code
        return status


async def by_pyreqwest(key: str) -> int:
    from pyreqwest.client import ClientBuilder
    from pyreqwest.compatibility.httpx import HttpxTransport

    async with httpx.AsyncClient(transport=HttpxTransport(ClientBuilder().build())) as client:
        return (await client.get(URL, headers={"X-Api-Key": key})).status_code


async def by_openai(key: str) -> int:
    """Let the SDK of OpenAI send a request through aiohttp, and return how many models it found."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    async with AsyncOpenAI(
        base_url="https://api.aurous-labs.com/v1", api_key=key, http_client=DefaultAioHttpClient()
    ) as client:
        return 200 if (await client.models.list()).data else 404


@pytest.mark.parametrize("send", [by_aiohttp, by_aiohttp_for_httpx2, by_pyreqwest, by_openai])
def test_the_fake_responds_to_transports_of_other_clients(aurous: Aurous, send: Any) -> None:
    assert asyncio.run(send(aurous.api_key)) == 200
    assert len(aurous.calls) == 1


def test_the_fake_responds_to_a_sync_transport_of_another_client(aurous: Aurous) -> None:
    """As to an async one."""
    from pyreqwest.client import SyncClientBuilder
    from pyreqwest.compatibility.httpx import SyncHttpxTransport

    with httpx.Client(transport=SyncHttpxTransport(SyncClientBuilder().build())) as client:
        assert client.get(URL, headers={"X-Api-Key": aurous.api_key}).status_code == 200
    assert len(aurous.calls) == 1


def test_the_resolver_of_gevent_finds_no_vendor() -> None:
    """It asks Python's functions in a thread, which the guard has wrapped."""
    from gevent.resolver.thread import Resolver

    with pytest.raises(AurousNetworkBlocked):
        Resolver().gethostbyname("api.aurous-labs.com")
