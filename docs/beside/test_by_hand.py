import httpx
import pytest

from application import connect, publish


class Fake:
    """The part of the API that two tests need."""

    def __init__(self) -> None:
        self.polls = 0
        self.credits = 1000
        self.loses_responses = 0
        self.characters: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        _, _, collection, *rest = request.url.path.split("/")
        assert collection == "characters"
        if not rest:
            return self.create(request.headers["Idempotency-Key"])
        if rest[1:] == ["save"]:
            return self.save(rest[0])
        return self.retrieve(rest[0])

    def create(self, key: str) -> httpx.Response:
        if key not in self.keys:
            self.keys[key] = f"char_{len(self.keys) + 1}"
            self.characters[self.keys[key]] = "synthesizing"
            self.credits -= 4
        if self.loses_responses:
            self.loses_responses -= 1
            raise httpx.ReadError("lost")
        return self.show(self.keys[key], 201)

    def retrieve(self, character: str) -> httpx.Response:
        self.polls += 1
        if self.polls == 3:
            self.characters[character] = "reviewing"
        return self.show(character)

    def save(self, character: str) -> httpx.Response:
        if self.characters[character] not in {"reviewing", "ready"}:
            return httpx.Response(400)
        self.characters[character] = "ready"
        return self.show(character)

    def show(self, character: str, status: int = 200) -> httpx.Response:
        body = {"id": character, "status": self.characters[character]}
        return httpx.Response(status, json=body)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    return Fake()


def test_publishes_when_the_poses_are_ready(fake: Fake) -> None:
    """The character is polled until it is in review, and then saved."""
    api = connect(httpx.MockTransport(fake))

    assert publish(api, "Aurora", pause=0)["status"] == "ready"

    assert fake.polls == 3


def test_a_lost_response_is_paid_once(fake: Fake) -> None:
    """The create took effect and its response was lost: the retry costs nothing."""
    fake.loses_responses = 1

    publish(connect(httpx.MockTransport(fake)), "Aurora", pause=0)

    assert len(fake.characters) == 1
    assert fake.credits == 1000 - 4
