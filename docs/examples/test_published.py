from publisher import publish
from pytest_aurous import Aurous


def test_a_character_is_published(aurous: Aurous) -> None:
    """The fake shows what publish() has done."""
    publish("Aurora", {"age": 28})

    assert aurous.characters.last.name == "Aurora"
    assert aurous.characters.last.status == "ready"


def test_a_busy_service_is_asked_again(aurous: Aurous) -> None:
    """The first two creates are refused with 503."""
    aurous.faults.status("characters.create", 503, times=2)

    publish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "ready"
