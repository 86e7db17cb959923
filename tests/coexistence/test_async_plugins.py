"""pytest-asyncio and pytest-trio: the verdict on a coroutine is that on a function."""

from typing import Final

import pytest

pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

SUITE: Final = """
    import httpx, pytest

    pytestmark = pytest.mark.{mark}
    {more}

    async def ask(aurous, path):
        async with httpx.AsyncClient(headers={{"X-Api-Key": aurous.api_key}}) as client:
            return await client.get(aurous.base_url + path)

    async def test_life(aurous, aurous_async_client):
        body = {{"name": "Aurora", "generate": True, "attributes": {{"age": 20}}}}
        made = (await aurous_async_client.post("/v1/characters", json=body)).json()
        path = f"/v1/characters/{{made['id']}}"
        assert [(await ask(aurous, path)).json()["status"] for _ in range(2)] == ["synthesizing", "reviewing"]
        assert (await aurous_async_client.post(path + "/save")).json()["status"] == "ready"

    async def test_unmatched(aurous):
        assert (await ask(aurous, "/v1/charcters")).status_code == 404

    async def test_own_error(aurous):
        await ask(aurous, "/v1/charcters")
        assert False, "my own"

    @{fixture}
    async def prepared(aurous, aurous_async_client):
        body = {{"name": "Aurora", "generate": True, "attributes": {{"age": 20}}}}
        await aurous_async_client.post("/v1/characters", json=body)
        yield aurous.characters.last
        assert (await ask(aurous, f"/v1/characters/{{aurous.characters.last.id}}")).status_code == 200

    async def test_prepared(aurous, prepared):
        assert (await ask(aurous, f"/v1/characters/{{prepared.id}}")).json()["status"] == "synthesizing"
"""

PYTEST_ASYNCIO: Final = ("-p", "asyncio", "-o", "asyncio_default_fixture_loop_scope=function")  # unset, it warns
ASYNCIO: Final = {"mark": "asyncio", "more": "import pytest_asyncio", "fixture": "pytest_asyncio.fixture"}
TRIO: Final = {"mark": "trio", "more": "import pytest_trio", "fixture": "pytest_trio.trio_fixture"}


def check(pytester: pytest.Pytester, *args: str) -> None:
    """Run a suite made of `SUITE`: each bad test is one FAILED in its call phase, and nothing else is reported."""
    result = pytester.runpytest(*args, "-rA")

    result.assert_outcomes(passed=2, failed=2, errors=0)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_unmatched* - *AurousUnmatchedRequest: *charcters",
            "FAILED *::test_own_error* - AssertionError*my own*",
            "*Aurous timeline*",
        ]
    )
    result.stdout.no_fnmatch_line("*AurousWarning*")


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_pytest_asyncio(pytester: pytest.Pytester, mode: str) -> None:
    """In both modes, with async fixtures that use the fake before and after the body."""
    marked = SUITE.format(**ASYNCIO)
    pytester.makepyfile(marked if mode == "strict" else marked.replace("pytestmark = pytest.mark.asyncio", ""))

    check(pytester, *PYTEST_ASYNCIO, "--asyncio-mode", mode)


@pytest.mark.parametrize("scope", ["module", "session"])
def test_pytest_asyncio_with_a_shared_loop(pytester: pytest.Pytester, scope: str) -> None:
    """Neither a loop nor a client that outlives its test carries anything from one fake to the next."""
    pytester.makepyfile(
        f"""
        import httpx, pytest, pytest_asyncio

        pytestmark = pytest.mark.asyncio(loop_scope="{scope}")

        @pytest_asyncio.fixture(scope="{scope}", loop_scope="{scope}")
        async def client():
            async with httpx.AsyncClient() as client:
                yield client

        @pytest.mark.parametrize("number", range(3))
        async def test_it(aurous, client, number):
            response = await client.get(aurous.base_url + "/v1/balance", headers={{"X-Api-Key": aurous.api_key}})
            assert response.json()["credits"] == 1000
            assert aurous.calls.count() == 1
        """
    )

    pytester.runpytest(*PYTEST_ASYNCIO).assert_outcomes(passed=3)


def test_pytest_trio(pytester: pytest.Pytester) -> None:
    """With trio's own fixtures."""
    pytester.makepyfile(SUITE.format(**TRIO))

    check(pytester, "-p", "trio")
