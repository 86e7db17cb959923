import httpx
import pytest

from careful import CarefulClient, new_key
from pytest_aurous import Aurous


def test_the_response_to_a_save_is_lost(aurous: Aurous) -> None:
    """A save can be repeated: the second one succeeds, too."""
    character = aurous.characters.add(status="reviewing")
    aurous.faults.timeout("characters.save", commit=True)

    response = CarefulClient().save(character.id)

    assert response.json()["status"] == "ready"
    aurous.assert_called("characters.save", times=2)


def test_a_lost_create_with_a_key_is_paid_once(aurous: Aurous) -> None:
    """The retry gets the response to the first attempt: there is one character."""
    aurous.faults.disconnect("characters.create", commit=True)

    response = CarefulClient().create("Aurora", key=new_key())

    assert response.headers["Aurous-Idempotent-Replayed"] == "true"
    assert len(aurous.characters) == 1
    assert aurous.team.available_credits == 996


@pytest.mark.aurous(pitfalls="off")
def test_a_lost_create_without_a_key_is_paid_twice(aurous: Aurous) -> None:
    """Without a key the retry creates a second character: eight credits."""
    aurous.faults.disconnect("characters.create", commit=True)

    CarefulClient().create("Aurora")

    assert len(aurous.characters) == 2
    assert aurous.team.available_credits == 992
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["double-charge"]


def test_a_slow_create_is_still_in_flight(aurous: Aurous) -> None:
    """The client gives up after 5 s, the server works for 20: the key is in use."""
    key = new_key()
    aurous.faults.delay("characters.create", seconds=20, commit=True)
    with pytest.raises(httpx.ReadTimeout):
        CarefulClient(attempts=1).create("Aurora", key=key)

    refused = CarefulClient().create("Aurora", key=key)
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    aurous.clock.advance(seconds=15)

    assert CarefulClient().create("Aurora", key=key).status_code == 201
    assert len(aurous.characters) == 1
