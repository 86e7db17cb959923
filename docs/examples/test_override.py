import httpx
import pytest

from publisher import PublishError, Sleep, publish
from pytest_aurous import Aurous


def test_a_save_that_fails(aurous: Aurous, sleep: Sleep) -> None:
    """One operation is overridden as any respx route is; all others go on as before."""
    refusal = {"error": {"code": "provider_unavailable", "message": "Try again later."}}
    aurous.route("characters.save").respond(503, json=refusal)

    with pytest.raises(PublishError, match=r"^provider_unavailable"):
        publish("Aurora", {"age": 28}, sleep=sleep)

    assert aurous.characters.last.status == "reviewing"


def test_a_network_that_breaks(aurous: Aurous) -> None:
    """An exception as side effect is what the client meets."""
    aurous.route("characters.create").mock(side_effect=httpx.ConnectError)

    with pytest.raises(httpx.ConnectError):
        publish("Aurora", {"age": 28})


def test_spying(aurous: Aurous, sleep: Sleep) -> None:
    """A route that is not overridden answers as the fake does, and counts."""
    save = aurous.route("characters.save")

    publish("Aurora", {"age": 28}, sleep=sleep)

    assert save.call_count == 1
    assert save.calls.last.response.json()["status"] == "ready"


def test_one_answer_after_another(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A side effect that returns None leaves the call to the fake."""
    answers = iter([httpx.Response(503), httpx.Response(429)])

    def play(_: httpx.Request) -> httpx.Response | None:
        return next(answers, None)

    aurous.route("balance.retrieve").side_effect = play

    seen = [aurous_client.get("/v1/balance").status_code for _ in range(3)]

    assert seen == [503, 429, 200]
