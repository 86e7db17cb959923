import httpx
import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_poll_that_meets_a_503(aurous: Aurous) -> None:
    """The second poll is refused, with the documented error body."""
    fault = aurous.faults.status("characters.retrieve", 503, after=1)
    aurous.script("synthesizing*5 -> reviewing")

    with pytest.raises(PublishError, match=r"^provider_unavailable"):
        publish("Aurora", {"age": 28})

    assert fault.fired == 1


def test_the_response_is_lost(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """With `commit` the save takes effect, and only its response is lost."""
    character = aurous.characters.add("Aurora", status="reviewing")
    aurous.faults.timeout("characters.save", commit=True)

    with pytest.raises(httpx.ReadTimeout):
        aurous_client.post(f"/v1/characters/{character.id}/save")

    assert character.status == "ready"


def test_a_retry_with_its_key_is_paid_once(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """A retry with the same key gets the response that was lost."""
    aurous.faults.disconnect("characters.create", commit=True)
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
    key = {"Idempotency-Key": "job-1"}

    with pytest.raises(httpx.RemoteProtocolError):
        aurous_client.post("/v1/characters", json=body, headers=key)
    response = aurous_client.post("/v1/characters", json=body, headers=key)

    assert response.headers["Aurous-Idempotent-Replayed"] == "true"
    assert len(aurous.characters) == 1


def test_a_slow_response(aurous: Aurous) -> None:
    """A delay takes no real time: the client gets its timeout at once."""
    aurous.faults.delay("balance.retrieve", seconds=20)

    with aurous.client(timeout=5.0) as api, pytest.raises(httpx.ReadTimeout):
        api.get("/v1/balance")


def test_one_create_of_many_is_lost(aurous: Aurous) -> None:
    """`when` chooses the request that the fault affects."""
    aurous.faults.timeout(
        "characters.create",
        commit=True,
        when=lambda call: call.request.json["name"] == "Borealis",
    )

    publish("Aurora", {"age": 28})
    with pytest.raises(httpx.ReadTimeout):
        publish("Borealis", {"age": 31})

    assert [one.name for one in aurous.characters] == ["Aurora", "Borealis"]
