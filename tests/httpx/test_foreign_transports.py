"""httpx clients whose transport is another HTTP client, and the vendor's names while a fake is entered."""

from __future__ import annotations

import _socket
import asyncio
import socket
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import Aurous, AurousNetworkBlocked
from pytest_aurous._core.wire.hosts import RESOLVERS
from pytest_aurous._httpx.interception import _has_client

if TYPE_CHECKING:
    from collections.abc import Callable

BALANCE: Final = "https://api.aurous-labs.com/v1/balance"
API: Final = "api.aurous-labs.com"
TEAPOT: Final = 418
"""What each transport of these tests responds by itself."""

MODULE: Final = """
class Foreign({stack}.BaseTransport, {stack}.AsyncBaseTransport):
    def handle_request(self, request):
        return {stack}.Response(418, request=request)

    async def handle_async_request(self, request):
        return {stack}.Response(418, request=request)

class Around(Foreign):
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

class Mocked({stack}.MockTransport):
    pass
"""


def library(stack: Any, **imported: object) -> Any:
    """Return a module with transports that has *imported* something."""
    module = ModuleType("their_transports")
    vars(module).update({stack.__name__: stack, **imported})
    exec(MODULE.format(stack=stack.__name__), vars(module))  # noqa: S102 - a module of this test
    return module


@pytest.fixture(params=["httpx", "httpx2"])
def stack(request: pytest.FixtureRequest) -> Any:
    """Each of the two packages."""
    return pytest.importorskip(request.param, reason="one of the two packages")


@pytest.fixture
def theirs(stack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A library whose transports send requests with aiohttp."""
    made = library(stack, aiohttp=ModuleType("aiohttp"), a_number=5)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


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

    def test_the_fake_responds(self, stack: Any, theirs: Any, way: str) -> None:
        """As it does in place of httpx's own transports, and only for its own hosts, and while it is entered."""
        foreign = theirs.Foreign()
        with Aurous() as aurous:
            response = get(stack, way, foreign, **{"X-Api-Key": aurous.api_key})
            assert response.json()["credits"] == 1000
            assert type(response) is stack.Response
            assert aurous.calls.count("balance.retrieve") == 1

            assert get(stack, way, foreign, "https://other.example").status_code == TEAPOT
        assert get(stack, way, foreign).status_code == TEAPOT

    def test_a_route_can_pass_a_call_on(self, stack: Any, theirs: Any, way: str) -> None:
        """To the transport that the client has."""
        with Aurous() as aurous:
            aurous.route("balance.retrieve").pass_through()
            assert get(stack, way, theirs.Foreign()).status_code == TEAPOT

    def test_one_around_another_transport_is_not_passed_over(self, stack: Any, theirs: Any, way: str) -> None:
        """It hands the request on, and the fake responds below it."""
        own = stack.HTTPTransport() if way == "sync" else stack.AsyncHTTPTransport()
        with Aurous() as aurous:
            response = get(stack, way, theirs.Around(own), **{"X-Api-Key": aurous.api_key})

        assert response.headers["X-Around"] == "yes"
        assert response.json()["credits"] == 1000

    def test_a_transport_of_the_test_is_left_alone(
        self, stack: Any, theirs: Any, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It responds itself: one of httpx, one that extends it, and one that has no HTTP client."""
        mock = stack.MockTransport(lambda _: stack.Response(TEAPOT))
        with Aurous():
            assert get(stack, way, mock).status_code == TEAPOT
            assert get(stack, way, theirs.Mocked(mock.handler)).status_code == TEAPOT
        plain = library(stack, json=ModuleType("json"))
        monkeypatch.setitem(sys.modules, plain.__name__, plain)
        with Aurous():
            assert get(stack, way, plain.Foreign()).status_code == TEAPOT


def test_a_class_of_the_client_shows_it_too(theirs: Any) -> None:
    """A module that imports a class of aiohttp, and not aiohttp itself, sends requests with it, too."""
    session = type("ClientSession", (), {"__module__": "aiohttp.client"})
    vars(theirs).update(aiohttp=None, ClientSession=session)

    assert _has_client(theirs.Foreign)


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
