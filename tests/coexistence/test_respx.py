"""respx stands one level below: each router answers its own hosts, as strictly as it was told to be."""

from __future__ import annotations

from typing import Final

import pytest

pytest.importorskip("respx")

SUITE: Final = """
    import httpx, pytest, respx

    def ours(aurous):
        return httpx.get(aurous.base_url + "/v1/balance", headers={"X-Api-Key": aurous.api_key})

    async def ours_async(aurous):
        async with httpx.AsyncClient(headers={"X-Api-Key": aurous.api_key}) as client:
            return await client.get(aurous.base_url + "/v1/balance")

    @pytest.fixture(params=[True, False], ids=["strict", "lenient"])
    def router(request):
        with respx.mock(assert_all_mocked=request.param) as router:
            router.get("https://other.example/").respond(201)
            router.strict = request.param
            yield router

    def check(aurous, router):
        assert ours(aurous).json()["credits"] == 1000
        assert httpx.get("https://other.example/").status_code == 201
        if router.strict:
            with pytest.raises(respx.models.AllMockedAssertionError, match="not mocked"):
                httpx.get("https://other.example/else")
        else:
            assert (httpx.get("https://other.example/else").status_code, router.calls.call_count) == (200, 2)
        assert ours(aurous).status_code == 200
        assert aurous.calls.count() == 2
        assert "aurous-labs" not in str([call.request.url for call in router.calls])
"""


@pytest.mark.parametrize("order", ["router, aurous", "aurous, router"])
def test_a_router_beside_the_fake(pytester: pytest.Pytester, order: str) -> None:
    """A user's router, strict or lenient, started before or after, keeps its hosts and never sees the fake's hosts."""
    pytester.makepyfile(f"{SUITE}\n    def test_it({order}):\n        check(aurous, router)\n")

    pytester.runpytest("-p", "respx").assert_outcomes(passed=2)


@pytest.mark.parametrize("order", ["respx_mock, aurous", "aurous, respx_mock"])
def test_the_fixture_of_respx(pytester: pytest.Pytester, order: str) -> None:
    """`respx_mock` in either order answers other hosts, and still demands what its marker says."""
    pytester.makepyfile(
        f"""{SUITE}
    def test_good({order}):
        route = respx_mock.get("https://other.example/").respond(201)
        respx_mock.strict = True
        check(aurous, respx_mock)
        assert route.call_count == 1

    @pytest.mark.respx(assert_all_mocked=False)
    def test_lenient({order}):
        respx_mock.get("https://other.example/").respond(201)
        respx_mock.strict = False
        check(aurous, respx_mock)

    @pytest.mark.respx(assert_all_called=True)
    def test_uncalled({order}):
        respx_mock.get("https://other.example/").respond(201)
        assert ours(aurous).status_code == 200
    """
    )

    result = pytester.runpytest("-p", "respx")

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["ERROR *::test_uncalled - AssertionError: RESPX: some routes were not called!"])


def test_both_verdicts_stand_side_by_side(pytester: pytest.Pytester) -> None:
    """What one knows nothing of is not put down to the other: a foreign request is respx's, a wrong path is ours."""
    pytester.makepyfile(
        f"""{SUITE}
    def test_foreign(aurous, respx_mock):
        httpx.get("https://other.example/")

    def test_ours(aurous, respx_mock):
        httpx.get(aurous.base_url + "/v1/charcters")
    """
    )

    result = pytester.runpytest("-p", "respx")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_foreign - respx.models.AllMockedAssertionError: RESPX: *other.example*not mocked!",
            "FAILED *::test_ours - *AurousUnmatchedRequest: *no such operation: GET *charcters",
        ]
    )


def test_a_router_at_the_level_of_clients_lets_us_answer(pytester: pytest.Pytester) -> None:
    """``using="httpx"`` stands above the fake, and passes on what is ours; afterwards it is as it was."""
    pytester.makepyfile(
        f"""{SUITE}
    import asyncio

    @pytest.fixture(params=[True, False], ids=["strict", "lenient"])
    def high(request):
        with respx.mock(using="httpx", assert_all_mocked=request.param) as router:
            router.get("https://other.example/").respond(201)
            yield router

    def check_high(aurous, high, client):
        assert ours(aurous).status_code == 200
        assert asyncio.run(ours_async(aurous)).status_code == 200
        assert client.get("/v1/balance").status_code == 200
        assert httpx.get("https://other.example/").status_code == 201
        assert aurous.calls.count() == 3

    def test_before(high, aurous, aurous_client):
        check_high(aurous, high, aurous_client)

    def test_after(aurous, aurous_client, high):
        check_high(aurous, high, aurous_client)

    def test_without_us(high):
        assert httpx.get("https://other.example/").status_code == 201
        if high._assert_all_mocked:
            with pytest.raises(AssertionError, match="not mocked"):
                httpx.get("https://api.aurous-labs.com/v1/balance")
        else:
            assert httpx.get("https://api.aurous-labs.com/v1/balance").content == b""
    """
    )

    pytester.runpytest("-p", "respx").assert_outcomes(passed=6)
