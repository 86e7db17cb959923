from typing import Any

import httpx
import pytest

from application import connect, publish

pytestmark = pytest.mark.vcr


class LosesTheFirstResponse(httpx.BaseTransport):
    """Sends each request, and drops the first response."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        response = self._inner.handle_request(request)
        if len(self.sent) == 1:
            raise httpx.ReadError("lost")
        return response

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    matched = ["method", "scheme", "host", "port", "path", "query", "body"]
    return {"filter_headers": ["X-Api-Key"], "match_on": matched}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")


def test_publishes_when_the_poses_are_ready(vcr: Any) -> None:
    """The character is polled until it is in review, and then saved."""
    assert publish(connect(), "Aurora", pause=0)["status"] == "ready"

    assert vcr.all_played


def test_a_lost_response_is_paid_once(vcr: Any) -> None:
    """The first response is lost; the retry has the same key."""
    transport = LosesTheFirstResponse()

    publish(connect(transport), "Aurora", pause=0)

    assert vcr.all_played
    first, second, *_ = transport.sent
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
