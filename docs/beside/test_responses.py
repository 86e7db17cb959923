import pytest
import requests
from responses import RequestsMock
from responses.matchers import json_params_matcher
from responses.registries import OrderedRegistry

from application_requests import connect, publish

CHARACTERS = "https://api.aurous-labs.com/v1/characters"
CREATE = [
    json_params_matcher({"name": "Aurora", "generate": True, "attributes": {"age": 28}})
]
AURORA = f"{CHARACTERS}/char_1"
DRAWN = {"id": "char_1", "status": "synthesizing"}
REVIEWED = {"id": "char_1", "status": "reviewing"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")


def test_publishes_when_the_poses_are_ready() -> None:
    """The character is polled until it is in review, and then saved."""
    with RequestsMock(registry=OrderedRegistry) as mock:
        mock.post(CHARACTERS, match=CREATE, status=201, json=DRAWN)
        for poll in (DRAWN, DRAWN, REVIEWED):
            mock.get(AURORA, json=poll)
        mock.post(f"{AURORA}/save", json={"status": "ready"})

        assert publish(connect(), "Aurora", pause=0)["status"] == "ready"


def test_a_lost_response_is_paid_once() -> None:
    """The first create fails; the retry has the same key."""
    with RequestsMock(registry=OrderedRegistry) as mock:
        mock.post(CHARACTERS, match=CREATE, body=requests.ConnectionError("lost"))
        mock.post(CHARACTERS, match=CREATE, status=201, json=REVIEWED)
        mock.post(f"{AURORA}/save", json={"status": "ready"})

        publish(connect(), "Aurora", pause=0)

        first, second = (call.request for call in list(mock.calls)[:2])
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
