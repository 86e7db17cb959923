import httpx
import pytest
import respx

from application import connect, publish

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
AURORA = "/v1/characters/char_1"
DRAWN = {"id": "char_1", "status": "synthesizing"}
REVIEWED = {"id": "char_1", "status": "reviewing"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter) -> httpx.Client:
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    respx_mock.post(f"{AURORA}/save").respond(json={"status": "ready"})
    return connect()


def test_publishes_when_the_poses_are_ready(
    api: httpx.Client, respx_mock: respx.MockRouter
) -> None:
    """The character is polled until it is in review, and then saved."""
    respx_mock.post("/v1/characters", json=BODY).respond(201, json=DRAWN)
    polls = [httpx.Response(200, json=each) for each in (DRAWN, DRAWN, REVIEWED)]
    poll = respx_mock.get(AURORA).mock(side_effect=polls)

    assert publish(api, "Aurora", pause=0)["status"] == "ready"

    assert poll.call_count == 3


def test_a_lost_response_is_paid_once(
    api: httpx.Client, respx_mock: respx.MockRouter
) -> None:
    """The first create fails; the retry has the same key."""
    create = respx_mock.post("/v1/characters", json=BODY)
    create.side_effect = [httpx.ReadError("lost"), httpx.Response(201, json=REVIEWED)]

    publish(api, "Aurora", pause=0)

    first, second = (call.request for call in create.calls)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
