"""Plugins that hook in where we do: each works beside us, or says how to make it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("order", ["httpx_mock, aurous", "aurous, httpx_mock"])
def test_pytest_httpx_can_be_told_to_leave_us_alone(pytester: pytest.Pytester, order: str) -> None:
    """With ``should_mock`` both work in either order."""
    pytest.importorskip("pytest_httpx", reason="needs pytest-httpx")
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.httpx_mock(should_mock=lambda request: request.url.host != "api.aurous-labs.com")
        def test_both({order}):
            httpx_mock.add_response(url="https://other.example/", status_code=201)
            assert httpx.get("https://other.example/").status_code == 201
            assert httpx.get(aurous.base_url + "/v1/balance").status_code == 401
            assert aurous.calls.count() == 1
        """
    )

    pytester.runpytest("-p", "pytest_httpx").assert_outcomes(passed=1)
