import httpx
import pytest

from application import connect, publish


class Fake:
    """As much of the API as two tests need."""

    def __init__(self) -> None:
        self.looks = 0
        self.credits = 1000
        self.loses_answers = 0
        self.characters: dict[str, str] = {}
        self.orders: dict[str, str] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        _, _, collection, *rest = request.url.path.split("/")
        assert collection == "characters"
        if not rest:
            return self.create(request.headers["Idempotency-Key"])
        if rest[1:] == ["save"]:
            return self.save(rest[0])
        return self.look(rest[0])

    def create(self, key: str) -> httpx.Response:
        if key not in self.orders:
            self.orders[key] = f"char_{len(self.orders) + 1}"
            self.characters[self.orders[key]] = "synthesizing"
            self.credits -= 4
        if self.loses_answers:
            self.loses_answers -= 1
            raise httpx.ReadError("lost")
        return self.show(self.orders[key], 201)

    def look(self, character: str) -> httpx.Response:
        self.looks += 1
        if self.looks == 3:
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
    """It looks until the character is in review, and saves it."""
    api = connect(httpx.MockTransport(fake))

    assert publish(api, "Aurora", pause=0)["status"] == "ready"

    assert fake.looks == 3


def test_a_lost_answer_is_paid_once(fake: Fake) -> None:
    """The order took effect and its answer was lost: the second one costs nothing."""
    fake.loses_answers = 1

    publish(connect(httpx.MockTransport(fake)), "Aurora", pause=0)

    assert len(fake.characters) == 1
    assert fake.credits == 1000 - 4
