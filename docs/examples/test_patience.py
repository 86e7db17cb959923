from publisher import publish
from pytest_aurous import Aurous


def test_a_synthesis_of_45_seconds(aurous: Aurous) -> None:
    """With a poll every five seconds, the ninth is the first after 45."""
    aurous.clock.freeze()  # only sleeps count
    aurous.script("synthesizing:45s -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=9, at_most=9)
