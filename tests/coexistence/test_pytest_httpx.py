"""pytest-httpx hooks in where we do; in the body of a test the fake is asked first, whichever was started last."""

import pytest

pytest.importorskip("pytest_httpx")


def test_each_responds_to_its_own_hosts(pytester: pytest.Pytester) -> None:
    """In either order, with `should_mock` or without; its strictness stays, and the transports are put back."""
    pytester.makepyfile(
        """
        import asyncio, httpx, pytest

        leave_aurous_alone = pytest.mark.httpx_mock(
            should_mock=lambda request: request.url.host != "api.aurous-labs.com"
        )

        def standing():
            return httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

        REAL = standing()

        @pytest.fixture(autouse=True)
        def before():
            assert standing() == REAL

        async def ask(url, headers):
            async with httpx.AsyncClient() as client:
                return await client.get(url, headers=headers)

        def check(aurous, httpx_mock, client):
            assert standing() != REAL
            httpx_mock.add_response(url="https://other.example/", status_code=201, is_reusable=True)
            url, headers = aurous.base_url + "/v1/balance", {"X-Api-Key": aurous.api_key}
            for get in (httpx.get, lambda url, headers=None: asyncio.run(ask(url, headers))):
                assert get("https://other.example/").status_code == 201
                assert get(url, headers=headers).json()["credits"] == 1000
            assert client.get("/v1/balance").status_code == 200
            assert aurous.calls.count("balance.retrieve") == aurous.calls.count() == 3
            assert [request.url.host for request in httpx_mock.get_requests()] == ["other.example"] * 2

        def test_mock_first(httpx_mock, aurous, aurous_client): check(aurous, httpx_mock, aurous_client)

        def test_fake_first(aurous, aurous_client, httpx_mock): check(aurous, httpx_mock, aurous_client)

        @leave_aurous_alone
        class TestMarked:
            def test_mock_first(self, httpx_mock, aurous, aurous_client): check(aurous, httpx_mock, aurous_client)

            def test_fake_first(self, aurous, aurous_client, httpx_mock): check(aurous, httpx_mock, aurous_client)

        def test_unexpected(httpx_mock, aurous):
            with pytest.raises(httpx.TimeoutException, match="No response can be found for GET request on https://oth"):
                httpx.get("https://other.example/")

        def test_unused(httpx_mock, aurous):
            httpx_mock.add_response(url="https://other.example/")

        def test_ours(httpx_mock, aurous):
            httpx.get(aurous.base_url + "/v1/charcters")

        def test_after(): ...
        """
    )

    result = pytester.runpytest("-p", "pytest_httpx")

    result.assert_outcomes(passed=7, errors=2, failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "ERROR *::test_unexpected - AssertionError: *not expected:*",
            "ERROR *::test_unused - AssertionError: *not requested:*",
            "FAILED *::test_ours - *AurousUnmatchedRequest: *",
        ]
    )
