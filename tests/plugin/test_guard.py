"""No test of a suite with this plugin reaches the vendor, with the fixture or without it, unless it says so."""

from importlib.util import find_spec
from typing import Final

import pytest

VENDOR: Final = ("api.aurous-labs.com", "aurous.storage")
CLIENTS: Final = {
    "httpx": "httpx.get(f'https://{host}/')",
    "httpx, async": "asyncio.run(httpx.AsyncClient().get(f'https://{host}/'))",
    "httpx2": "httpx2.get(f'https://{host}/')",
    "urllib": "urllib.request.urlopen(f'https://{host}/', timeout=5)",
    "asyncio": "asyncio.run(asyncio.open_connection(host, 443))",
    "trio": "trio.run(trio.open_tcp_stream, host, 443)",
    "requests": "requests.get(f'https://{host}/', timeout=5)",
    "aiohttp": "asyncio.run(get_by_aiohttp(f'https://{host}/'))",
}
"""How code under test may come to open a connection."""

pytestmark = pytest.mark.usefixtures("no_resolver")


def test_no_client_reaches_the_vendor(pytester: pytest.Pytester) -> None:
    """Raised or swallowed, it is one FAILED of that type; a test that expects it has it as an exception."""
    there = {name: call for name, call in CLIENTS.items() if find_spec(name.partition(",")[0])}
    calls = ", ".join(f"{name!r}: lambda host: {call}" for name, call in there.items())
    pytester.makepyfile(
        f"""
        import {", ".join({name.partition(",")[0] for name in there})}
        import asyncio, urllib.request
        import pytest
        from pytest_aurous import AurousNetworkBlocked

        async def get_by_aiohttp(url):
            async with aiohttp.ClientSession() as session:
                await session.get(url)

        CLIENTS = {{{calls}}}
        pytestmark = [pytest.mark.parametrize("host", {VENDOR}), pytest.mark.parametrize("client", CLIENTS)]

        def test_raised(client, host):
            CLIENTS[client](host)

        def test_swallowed(client, host):
            try:
                CLIENTS[client](host)
            except Exception:
                pass

        def test_expected(client, host):
            with pytest.raises(AurousNetworkBlocked, match=f"test_expected.*{{host}}"):
                CLIENTS[client](host)
        """
    )

    result = pytester.runpytest("-W", "ignore::ResourceWarning")

    result.assert_outcomes(failed=4 * len(there), passed=2 * len(there), warnings=0)
    failures = [line for line in result.outlines if line.startswith("FAILED ")]
    assert len(there) >= 4
    assert len([line for line in failures if "AurousNetworkBlocked: test_no_client_" in line]) == len(failures)
    result.stdout.no_fnmatch_line("*/guard.py*")


def test_a_client_that_the_fake_does_not_intercept_is_named(pytester: pytest.Pytester) -> None:
    """It is pointed to the fixture that serves the fake; a connection of no client to a transport, too."""
    pytester.makepyfile(
        urllib3="import socket\ndef send(): socket.getaddrinfo('api.aurous-labs.com', 443)\ndef get(url): send()",
        requests="import urllib3\ndef get(url): urllib3.send()",
        test_it="""
        import socket
        import pytest, requests, urllib.request, urllib3

        @pytest.fixture(params=[requests.get, urllib3.get, urllib.request.urlopen])
        def get(request): return request.param

        def test_without(get): get('https://api.aurous-labs.com/v1/balance')
        def test_with(get, aurous): get('https://api.aurous-labs.com/v1/balance')
        def test_none(aurous): socket.create_connection(('api.aurous-labs.com', 443))
        """,
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=7)
    result.stdout.fnmatch_lines(
        [f"E *{stands}*made by {client}.*aurous_server*" for stands in ("no fake", "fake is active")
         for client in ("requests", "urllib3", "urllib")]
    )  # fmt: skip
    result.stdout.fnmatch_lines(["*aurous.transport*aurous_server*"])


def test_who_stands_before_the_fake_is_named(pytester: pytest.Pytester) -> None:
    """A tool that took the transport away from us in the middle of a test, until the fake is entered once more."""
    pytester.makepyfile(
        recorder="""
        import httpx
        real = httpx.HTTPTransport.handle_request
        def recorded(transport, request): return real(transport, request)
        """,
        test_front="""
        import httpx, pytest, recorder
        from pytest_aurous import AurousNetworkBlocked

        def test_it(aurous, monkeypatch):
            monkeypatch.setattr(httpx.HTTPTransport, "handle_request", recorder.recorded)
            with pytest.raises(AurousNetworkBlocked, match="recorder"):
                httpx.get(aurous.base_url)
            with aurous:
                assert httpx.get(f"{aurous.base_url}/v1/balance").status_code == 401
        """,
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_client_used_at_import(pytester: pytest.Pytester) -> None:
    """An error at collection; one that is swallowed is a warning: it is not the fault of the test that comes next."""
    call = "httpx.get('https://api.aurous-labs.com/v1/balance')"
    pytester.makepyfile(
        app=f"import httpx\nBALANCE = {call}",
        test_raised="import app",
        test_swallowed=f"import httpx\ntry:\n    {call}\nexcept Exception: pass\ndef test_it(): ...",
    )

    result = pytester.runpytest("--continue-on-collection-errors")

    result.assert_outcomes(passed=1, errors=1, warnings=1)
    result.stdout.fnmatch_lines(["E*AurousNetworkBlocked: *"])
    result.stdout.fnmatch_lines(["*AurousWarning: *api.aurous-labs.com*", "*(2 times)*"])


def test_the_network_can_be_allowed(pytester: pytest.Pytester) -> None:
    """By marker, on a function or a class; where a fake stands, it responds all the same."""
    pytester.makepyfile(
        """
        import httpx, pytest
        from pytest_aurous import AurousNetworkBlocked

        URL = "https://api.aurous-labs.com/v1/balance"
        allow = pytest.mark.aurous(network="allow")

        def reaches(error):
            with pytest.raises(error):
                httpx.get(URL)

        @allow
        def test_function(): reaches(httpx.ConnectError)

        def test_other(): reaches(AurousNetworkBlocked)

        @allow
        class TestClass:
            def test_method(self): reaches(httpx.ConnectError)

            @pytest.mark.aurous(network="block")
            def test_back(self): reaches(AurousNetworkBlocked)

            def test_fake(self, aurous): assert httpx.get(URL).status_code == 401
        """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=5)
