import httpx
import pytest
from pytest_httpx import HTTPXMock

from application import connect, publish

CHARACTERS = "https://api.aurous-labs.com/v1/characters"
BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
AURORA = f"{CHARACTERS}/char_1"
DRAWN = {"id": "char_1", "status": "synthesizing"}
REVIEWED = {"id": "char_1", "status": "reviewing"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, httpx_mock: HTTPXMock) -> httpx.Client:
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    httpx_mock.add_response(url=f"{AURORA}/save", json={"status": "ready"})
    return connect()


def test_publishes_when_the_poses_are_ready(
    api: httpx.Client, httpx_mock: HTTPXMock
) -> None:
    """The character is polled until it is in review, and then saved."""
    httpx_mock.add_response(
        url=CHARACTERS, match_json=BODY, status_code=201, json=DRAWN
    )
    for poll in (DRAWN, DRAWN, REVIEWED):
        httpx_mock.add_response(url=AURORA, json=poll)

    assert publish(api, "Aurora", pause=0)["status"] == "ready"


def test_a_lost_response_is_paid_once(api: httpx.Client, httpx_mock: HTTPXMock) -> None:
    """The first create fails; the retry has the same key."""
    httpx_mock.add_exception(httpx.ReadError("lost"), url=CHARACTERS, match_json=BODY)
    httpx_mock.add_response(
        url=CHARACTERS, match_json=BODY, status_code=201, json=REVIEWED
    )

    publish(api, "Aurora", pause=0)

    first, second = httpx_mock.get_requests(url=CHARACTERS)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
