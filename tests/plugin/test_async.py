"""Asynchronous suites: anyio's plugin on asyncio and trio, closed sockets, and no plugin of anybody else."""

from typing import Final

import pytest

pytest.importorskip("trio", reason="one of the two backends")

LIFE: Final = """
    import httpx
    import pytest

    pytestmark = pytest.mark.anyio

    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param

    BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}

    async def test_client(aurous, aurous_async_client):
        character = (await aurous_async_client.post("/v1/characters", json=BODY)).json()
        assert character["status"] == "synthesizing"
        url = f"/v1/characters/{character['id']}"
        seen = [(await aurous_async_client.get(url)).json()["status"] for _ in range(3)]
        assert seen == ["synthesizing", "reviewing", "reviewing"]
        assert (await aurous_async_client.post(f"{url}/save")).json()["status"] == "ready"

    async def test_own_client(aurous):
        async with httpx.AsyncClient() as client:
            response = await client.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key})
        assert response.json()["credits"] == 1000
"""


def test_both_backends_meet_the_fake(pytester: pytest.Pytester) -> None:
    """With anyio's plugin a test lives through a whole lifecycle, on asyncio and on trio."""
    pytester.makepyfile(LIFE)

    pytester.runpytest("-p", "anyio", "-W", "error").assert_outcomes(passed=4)


def test_an_unmatched_request_fails_an_async_test_once(pytester: pytest.Pytester) -> None:
    """The verdict on a coroutine is the same: one FAILED in the call phase, no ERROR, also out of a task group."""
    pytester.makepyfile(
        LIFE
        + """
    async def test_bad(aurous):
        async with httpx.AsyncClient() as client:
            try:
                await client.get(f"{aurous.base_url}/v1/charcters")
            except Exception:
                raise AssertionError("answered in band")

    async def test_bad_in_a_task(aurous):
        import anyio
        async with httpx.AsyncClient() as client, anyio.create_task_group() as group:
            group.start_soon(client.get, f"{aurous.base_url}/v1/charcters")
    """
    )

    result = pytester.runpytest("-p", "anyio", "-k", "bad")

    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*AurousUnmatchedRequest: *charcters"] * 4)
    result.stdout.no_fnmatch_line("*ERROR*")


def test_no_internet_socket_is_needed(pytester: pytest.Pytester) -> None:
    """Under pytest-socket's ``--disable-socket`` everything works; asyncio and trio themselves need a Unix socket."""
    pytest.importorskip("pytest_socket", reason="needs pytest-socket")
    pytester.makepyfile(LIFE)

    result = pytester.runpytest("-p", "anyio", "-p", "socket", "--disable-socket", "--allow-unix-socket")

    result.assert_outcomes(passed=4)
