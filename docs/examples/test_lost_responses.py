import httpx
import pytest

from publisher import publish
from pytest_aurous import Aurous

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def test_the_response_to_a_save_is_lost(aurous: Aurous) -> None:
    """A save can be repeated: the second one succeeds, too."""
    aurous.faults.timeout("characters.save", commit=True)

    publish("Aurora", {"age": 28})

    aurous.assert_called("characters.save", times=2)


def test_a_lost_create_with_a_key_is_paid_once(aurous: Aurous) -> None:
    """The retry gets the response to the first attempt: there is one character."""
    aurous.faults.disconnect("characters.create", commit=True)

    publish("Aurora", {"age": 28})

    retry = aurous.calls.where("characters.create").last.response
    assert retry is not None
    assert retry.headers["Aurous-Idempotent-Replayed"] == "true"
    assert len(aurous.characters) == 1
    assert aurous.team.credits == 996


@pytest.mark.aurous(pitfalls="off")
def test_a_lost_create_without_a_key_is_paid_twice(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """Without a key, the retry creates a second character: eight credits."""
    aurous.faults.disconnect("characters.create", commit=True)

    with pytest.raises(httpx.RemoteProtocolError):
        aurous_client.post("/v1/characters", json=BODY)
    aurous_client.post("/v1/characters", json=BODY)

    assert len(aurous.characters) == 2
    assert aurous.team.available_credits == 992
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]
