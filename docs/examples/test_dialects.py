import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(
            "reviewing", marks=pytest.mark.aurous(readings={"create-4": "reviewing"})
        ),
        pytest.param("ready", marks=pytest.mark.aurous(readings={"create-4": "ready"})),
    ],
)
def test_publishes_under_both_readings(aurous: Aurous, end: str) -> None:
    """Under both readings the character is ready after the save."""
    publish("Aurora", {"age": 28})

    last_poll = aurous.calls.where("characters.retrieve").last.response
    assert last_poll is not None
    assert last_poll.json["status"] == end
    assert aurous.characters.last.status == "ready"
