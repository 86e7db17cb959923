from publisher import publish
from pytest_aurous import Aurous


def test_45_seconds_of_polling_take_no_time(aurous: Aurous) -> None:
    """It polls every five seconds, on the clock of the fake."""
    aurous.clock.freeze("2026-05-08T10:00:00Z")
    aurous.script("synthesizing:45s -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=9, at_most=9)
    assert aurous.clock.now().isoformat() == "2026-05-08T10:00:45+00:00"
