"""pytest-httpx hooks in where we do; in the body of a test the fake is asked first, whichever was started last."""

from __future__ import annotations

from typing import Final

import pytest

pytest.importorskip("pytest_httpx")

SUITE: Final = """
    import asyncio, httpx, pytest

    leave_aurous_alone = pytest.mark.httpx_mock(
        should_mock=lambda request: request.url.host != "api.aurous-labs.com"
    )

    async def ask(url, headers):
        async with httpx.AsyncClient() as client:
            return await client.get(url, headers=headers)

    def check(aurous, httpx_mock):
        httpx_mock.add_response(url="https://other.example/", status_code=201, is_reusable=True)
        url, headers = aurous.base_url + "/v1/balance", {"X-Api-Key": aurous.api_key}
        for get in (httpx.get, lambda url, headers=None: asyncio.run(ask(url, headers))):
            assert get("https://other.example/").status_code == 201
            assert get(url, headers=headers).json()["credits"] == 1000
        assert aurous.calls.count("balance.retrieve") == aurous.calls.count() == 2
        assert [request.url.host for request in httpx_mock.get_requests()] == ["other.example"] * 2
"""


@pytest.mark.parametrize("order", ["httpx_mock, aurous", "aurous, httpx_mock"])
def test_each_answers_its_own_hosts(pytester: pytest.Pytester, order: str) -> None:
    """In either order, and nothing has to be said."""
    pytester.makepyfile(f"{SUITE}\n    def test_it({order}):\n        check(aurous, httpx_mock)\n")

    pytester.runpytest("-p", "pytest_httpx").assert_outcomes(passed=1)


@pytest.mark.parametrize("order", ["httpx_mock, aurous", "aurous, httpx_mock"])
def test_it_can_be_told_to_leave_us_alone(pytester: pytest.Pytester, order: str) -> None:
    """With ``should_mock`` on a test, or on a module, each answers its own hosts in either order."""
    test = f"def test_it({order}): check(aurous, httpx_mock)"
    pytester.makepyfile(
        test_marked=f"{SUITE}\n    @leave_aurous_alone\n    {test}\n",
        test_module=f"{SUITE}\n    pytestmark = leave_aurous_alone\n    {test}\n",
    )

    pytester.runpytest("-p", "pytest_httpx").assert_outcomes(passed=2)


@pytest.mark.parametrize("order", ["httpx_mock, aurous", "aurous, httpx_mock"])
def test_the_ready_clients_are_always_ours(pytester: pytest.Pytester, order: str) -> None:
    """`aurous_client` has a transport of its own, which `httpx_mock` does not touch."""
    pytester.makepyfile(
        f"{SUITE}\n    def test_it({order}, aurous_client):\n"
        "        assert aurous_client.get('/v1/balance').status_code == 200\n"
    )

    pytester.runpytest("-p", "pytest_httpx").assert_outcomes(passed=1)


def test_its_strictness_stays(pytester: pytest.Pytester) -> None:
    """A foreign request without a response, and a response without a request, are still errors of pytest-httpx."""
    pytester.makepyfile(
        f"""{SUITE}
    def test_unexpected(httpx_mock, aurous):
        with pytest.raises(httpx.TimeoutException, match="No response can be found for GET request on https://other"):
            httpx.get("https://other.example/")

    def test_unused(httpx_mock, aurous):
        httpx_mock.add_response(url="https://other.example/")

    def test_ours(httpx_mock, aurous):
        httpx.get(aurous.base_url + "/v1/charcters")
    """
    )

    result = pytester.runpytest("-p", "pytest_httpx")

    result.assert_outcomes(passed=2, errors=2, failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "ERROR *::test_unexpected - AssertionError: *not expected:*",
            "ERROR *::test_unused - AssertionError: *not requested:*",
            "FAILED *::test_ours - *AurousUnmatchedRequest: *",
        ]
    )


def test_the_transports_are_left_as_they_were(pytester: pytest.Pytester) -> None:
    """Whichever order they were started in, the real transports stand again afterwards."""
    pytester.makepyfile(
        f"""{SUITE}
    real = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def now():
        return httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def test_one(httpx_mock, aurous): assert now() != real
    def test_two(): assert now() == real
    def test_three(aurous, httpx_mock): assert now() != real
    def test_four(): assert now() == real
    """
    )

    pytester.runpytest("-p", "pytest_httpx").assert_outcomes(passed=4)
