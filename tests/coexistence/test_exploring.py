"""Exploring a suite with plugins that run coroutines, stop tests or run them again."""

from typing import Final

import pytest

CLIENT: Final = """
import httpx

async def order(client):
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
    try:
        made = await client.post("/v1/characters", json=body)
    except httpx.TransportError:
        made = await client.post("/v1/characters", json=body)
    return f"/v1/characters/{made.raise_for_status().json()['id']}"
"""


def test_pytest_asyncio(pytester: pytest.Pytester) -> None:
    """Coroutines are explored in a loop of their own, and in one that all tests share."""
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(client=CLIENT)
    text = """
        import asyncio
        import pytest
        import pytest_asyncio
        from client import order

        pytestmark = pytest.mark.asyncio(loop_scope="SCOPE")

        @pytest_asyncio.fixture(loop_scope="SCOPE")
        async def path(aurous_async_client):
            return await order(aurous_async_client)

        async def test_polls(aurous_async_client, path):
            while (await aurous_async_client.get(path)).raise_for_status().json()["status"] == "synthesizing":
                await asyncio.sleep(1)

        class TestMethods:
            async def test_leaves_a_task(self, aurous_async_client):
                assert not hasattr(self, "used")
                self.used = True
                asyncio.get_running_loop().create_task(asyncio.sleep(0))
                await order(aurous_async_client)
    """
    pytester.makepyfile(test_own=text.replace("SCOPE", "function"), test_shared=text.replace("SCOPE", "session"))

    result = pytester.runpytest(
        *("-p", "asyncio", "-o", "asyncio_default_fixture_loop_scope=function", "--aurous-explore=report")
    )

    result.assert_outcomes(passed=4)
    result.stdout.re_match_lines_random(
        [
            rf" +\d+ +\d+ +\d+ +0 +0 +{broken} .*{file}\.py.*::test_{name}$"
            for file in ("own", "shared")
            for name, broken in (("polls", 5), ("leaves_a_task", 3))
        ]
    )


def test_pytest_trio(pytester: pytest.Pytester) -> None:
    """A trio test is explored with trio's own fixtures."""
    pytest.importorskip("pytest_trio")
    pytester.makepyfile(client=CLIENT)
    pytester.makepyfile(
        """
        import pytest
        import pytest_trio
        import trio
        from client import order

        @pytest_trio.trio_fixture
        async def path(aurous_async_client):
            return await order(aurous_async_client)

        @pytest.mark.trio
        async def test_polls(aurous_async_client, path):
            while (await aurous_async_client.get(path)).raise_for_status().json()["status"] == "synthesizing":
                await trio.sleep(1)
        """
    )

    result = pytester.runpytest("-p", "trio", "--aurous-explore=report")

    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines([r" +\d+ +\d+ +\d+ +0 +0 +5 .*::test_polls$"])


def test_pytest_timeout(pytester: pytest.Pytester) -> None:
    """It bounds each run, not their sum; when time is up, the exploration ends, and the test fails as without it."""
    pytest.importorskip("pytest_timeout")
    pytester.makepyfile(
        """
        import threading
        import pytest

        @pytest.mark.timeout(2)
        def test_hangs(aurous_client):
            if aurous_client.get("/v1/balance").status_code != 200:
                threading.Event().wait(60)

        @pytest.mark.timeout(60)
        @pytest.mark.aurous_explore(faults="unavailable, greased", patience=0.5, laws="pays_once")
        def test_is_stopped_before(aurous_client):
            if aurous_client.get("/v1/balance").status_code != 200:
                threading.Event().wait(60)

        @pytest.mark.timeout(4, func_only=True)
        def test_takes_long(aurous_client):
            aurous_client.get("/v1/balance").raise_for_status()
            threading.Event().wait(1)
        """
    )

    result = pytester.runpytest("-p", "pytest_timeout", "--aurous-explore=report")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.re_match_lines_random(
        [
            r" +\d+ +2 +\d+ +0 +0 +0 .*::test_takes_long$",
            r" +2 +1 +0 +1 +0 +0 .*::test_is_stopped_before$",
            r"E +Failed: Timeout .*",
            r"E +while exploring balance.retrieve-1-unavailable:",
            r"E +2 of 2 cases hold",
        ]
    )
