from application import connect, publish
from pytest_aurous import Aurous


def test_publishes_when_the_poses_are_ready(aurous: Aurous) -> None:
    """The character is polled until it is in review, and then saved."""
    aurous.script("synthesizing*2 -> reviewing")

    assert publish(connect(), "Aurora", pause=0)["status"] == "ready"

    aurous.assert_polled(aurous.characters.last, at_least=3, at_most=3)


def test_a_lost_response_is_paid_once(aurous: Aurous) -> None:
    """The create took effect and its response was lost: the retry costs nothing."""
    aurous.faults.disconnect("characters.create", commit=True)

    publish(connect(), "Aurora", pause=0)

    aurous.assert_called("characters.create", times=2)
    assert len(aurous.characters) == 1
    assert aurous.team.available_credits == 1000 - 4
