from publisher import publish
from pytest_aurous import Aurous


def test_polls_until_the_poses_are_ready(aurous: Aurous) -> None:
    """The fourth poll finds the poses; the character is saved once."""
    aurous.script("synthesizing*3 -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=4, at_most=4)
    aurous.assert_called("characters.save", times=1)


def test_a_synthesis_of_45_seconds(aurous: Aurous) -> None:
    """With a poll every five seconds, the ninth is the first after 45."""
    aurous.script("synthesizing:45s -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=9, at_most=9)
