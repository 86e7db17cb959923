"""httpx clients whose transport is another HTTP client, and the vendor's names while a fake is entered."""

import _socket
import asyncio
import inspect
import socket
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousNetworkBlocked
from pytest_aurous._core.wire.hosts import RESOLVERS

BALANCE: Final = "https://api.aurous-labs.com/v1/balance"
API: Final = "api.aurous-labs.com"
TEAPOT: Final = 418
"""What each transport of these tests responds by itself."""

ADAPTER: Final = "httpx_curl_cffi.transport"
"""A module of the table that has a sync and an async transport."""

MODULE: Final = """
import {client}
import {stack}

class CurlTransport({stack}.BaseTransport):
    def handle_request(self, request):
        return {stack}.Response(418, request=request)

class AsyncCurlTransport({stack}.AsyncBaseTransport):
    async def handle_async_request(self, request):
        return {stack}.Response(418, request=request)

class Extended(CurlTransport, AsyncCurlTransport):
    pass

class Around(Extended):
    def __init__(self, inner):
        self.inner = inner

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        response.headers["X-Around"] = "yes"
        return response

    async def handle_async_request(self, request):
        response = await self.inner.handle_async_request(request)
        response.headers["X-Around"] = "yes"
        return response

def closed_over(status):
    class Closure({stack}.BaseTransport, {stack}.AsyncBaseTransport):
        def handle_request(self, request):
            return {stack}.Response(status, request=request)

        async def handle_async_request(self, request):
            return {stack}.Response(status, request=request)

    return Closure()
"""
"""Transports whose module imports another HTTP client: an adapter of the table, or a test's own."""


@pytest.fixture
def library(stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Import a module of transports under a name, which imports another HTTP client."""
    made: list[str] = []

    def load(name: str = ADAPTER, client: str = "aiohttp") -> Any:
        monkeypatch.setitem(sys.modules, client, ModuleType(client))
        file = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(MODULE.format(stack=stack.__name__, client=client), "utf-8")
        made.extend([name, name.partition(".")[0]])
        return import_module(name)

    monkeypatch.syspath_prepend(tmp_path)
    yield load
    for name in made:
        sys.modules.pop(name, None)


def get(stack: Any, way: str, transport: Any, url: str = BALANCE, **headers: str) -> Any:
    """Send a GET through a transport, with a sync or an async client."""
    if way == "sync":
        with stack.Client(transport=transport) as client:
            return client.get(url, headers=headers)

    async def main() -> Any:
        async with stack.AsyncClient(transport=transport) as client:
            return await client.get(url, headers=headers)

    return asyncio.run(main())


@pytest.mark.parametrize("way", ["sync", "async"])
class TestForeignTransports:
    """A transport that sends requests with another HTTP client."""

    def test_the_fake_responds_to_a_known_one(self, stack: Any, library: Any, way: str) -> None:
        """As it does in place of httpx's own transports, and only for its own hosts, and while it is entered."""
        foreign = library().Extended()
        with Aurous() as aurous:
            response = get(stack, way, foreign, **{"X-Api-Key": aurous.api_key})
            assert response.json()["credits"] == 1000
            assert type(response) is stack.Response
            assert aurous.calls.count("balance.retrieve") == 1

            assert get(stack, way, foreign, "https://other.example").status_code == TEAPOT
        assert get(stack, way, foreign).status_code == TEAPOT

    def test_one_that_is_imported_later_is_known_too(self, stack: Any, library: Any, way: str) -> None:
        """A fake that is entered notices the import."""
        with Aurous() as aurous:
            response = get(stack, way, library().Extended(), **{"X-Api-Key": aurous.api_key})

        assert response.json()["credits"] == 1000

    def test_a_route_can_pass_a_call_on(self, stack: Any, library: Any, way: str) -> None:
        """To the transport that the client has."""
        with Aurous() as aurous:
            aurous.route("balance.retrieve").pass_through()
            assert get(stack, way, library().Extended()).status_code == TEAPOT

    @pytest.mark.parametrize("inner", ["own", "known"])
    def test_one_around_another_transport_is_not_passed_over(
        self, stack: Any, library: Any, way: str, inner: str
    ) -> None:
        """It hands the request on, and the fake responds below it."""
        own = stack.HTTPTransport() if way == "sync" else stack.AsyncHTTPTransport()
        with Aurous() as aurous:
            theirs = library()
            around = theirs.Around(own if inner == "own" else theirs.Extended())
            response = get(stack, way, around, **{"X-Api-Key": aurous.api_key})

        assert response.headers["X-Around"] == "yes"
        assert response.json()["credits"] == 1000

    @pytest.mark.parametrize("client", ["requests", "urllib3", "aiohttp"])
    def test_a_transport_of_the_test_is_left_alone(self, stack: Any, library: Any, way: str, client: str) -> None:
        """It responds itself, whatever its module imports."""
        mock = stack.MockTransport(lambda _: stack.Response(TEAPOT))
        theirs = library("their_transports", client)
        with Aurous() as aurous:
            for transport in (mock, theirs.Extended(), theirs.Around(mock), theirs.closed_over(TEAPOT)):
                assert get(stack, way, transport).status_code == TEAPOT
            assert not aurous.calls


def test_a_connection_of_a_transport_of_the_test_is_stopped(stack: Any) -> None:
    """What leaves the process does not reach the vendor, and the message says what to do."""

    class Own(stack.BaseTransport):  # type: ignore[misc]  # one of two stacks
        def handle_request(self, _request: Any) -> Any:
            return socket.create_connection((API, 443))

    with Aurous(), pytest.raises(AurousNetworkBlocked) as caught:
        get(stack, "sync", Own())

    text = str(caught.value)
    assert "whose transport is one of theirs, or a known adapter" in text
    assert "Pass aurous.transport to an httpx client. For any other client, use the fixture aurous_server" in text


class TestNamesOfTheVendor:
    """While a fake is entered outside of pytest, no client finds the vendor's hosts."""

    @pytest.fixture(autouse=True)
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What reached the resolvers, which are as in a process without the plugin, and resolve nothing."""
        asked: list[str] = []
        for owner, name in RESOLVERS:

            def resolve(host: str, *_: object, **__: object) -> list[object]:
                asked.append(host)
                return []

            monkeypatch.setattr(owner, name, resolve)
        return asked

    @pytest.mark.parametrize(
        "look_up",
        [
            lambda: socket.getaddrinfo(API, 443),
            lambda: socket.gethostbyname(API),
            lambda: socket.gethostbyname_ex(API),
            lambda: socket.gethostbyaddr(API),
            lambda: socket.getfqdn(API),
            lambda: socket.create_connection(("cdn.aurous.storage", 443)),
            lambda: _socket.getaddrinfo(API, 443),
            lambda: asyncio.run(asyncio.open_connection(API, 443)),
        ],
    )
    def test_they_are_not_resolved(self, asked: list[str], look_up: Callable[[], object]) -> None:
        """All others are, and afterwards everything is as it was."""
        before = [getattr(*one) for one in RESOLVERS]
        with Aurous(), Aurous():
            with pytest.raises(AurousNetworkBlocked) as caught:
                look_up()
            socket.getaddrinfo("localhost", 80)
            assert [inspect.unwrap(getattr(*one)) for one in RESOLVERS] == before, "whoever looks finds the original"

        assert asked == ["localhost"]
        assert [getattr(*one) for one in RESOLVERS] == before
        text = str(caught.value)
        assert text.startswith("inside `with Aurous()`: a connection to ")
        assert "The fake is active, but it intercepts only httpx" in text
        assert 'Aurous(network="allow")' in text

    def test_they_are_if_the_fake_allows_it(self, asked: list[str]) -> None:
        """With its setting; and for who has kept the function of a fake that has ended."""
        with Aurous(network="allow"):
            socket.getaddrinfo(API, 443)
        with Aurous():
            kept = socket.getaddrinfo
        kept(API, 443)

        assert asked == [API, API]
