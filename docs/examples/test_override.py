import httpx
import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_save_that_fails(aurous: Aurous) -> None:
    """One operation has its own response; the fake serves all others."""
    refusal = {"error": {"code": "provider_unavailable", "message": "Try again later."}}
    aurous.route("characters.save").respond(503, json=refusal)

    with pytest.raises(PublishError, match=r"^provider_unavailable"):
        publish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "reviewing"


def test_a_network_that_breaks(aurous: Aurous) -> None:
    """The client gets the exception of the side effect."""
    aurous.route("characters.create").mock(side_effect=httpx.ConnectError)

    with pytest.raises(httpx.ConnectError):
        publish("Aurora", {"age": 28})


def test_spying(aurous: Aurous) -> None:
    """A route without a response counts requests, and the fake responds."""
    save = aurous.route("characters.save")

    publish("Aurora", {"age": 28})

    assert save.call_count == 1
    assert save.calls.last.response.json()["status"] == "ready"


def test_one_response_after_another(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """When the side effect returns None, the fake responds."""
    responses = iter([httpx.Response(503), httpx.Response(429)])

    def play(_: httpx.Request) -> httpx.Response | None:
        return next(responses, None)

    aurous.route("balance.retrieve").side_effect = play

    seen = [aurous_client.get("/v1/balance").status_code for _ in range(3)]

    assert seen == [503, 429, 200]
