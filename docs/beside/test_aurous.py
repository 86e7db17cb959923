from application import connect, publish
from pytest_aurous import Aurous


def test_publishes_when_the_poses_are_ready(aurous: Aurous) -> None:
    """It looks until the character is in review, and saves it."""
    aurous.script("synthesizing*2 -> reviewing")

    assert publish(connect(), "Aurora", pause=0)["status"] == "ready"

    aurous.assert_polled(aurous.characters.last, at_least=3, at_most=3)


def test_a_lost_answer_is_paid_once(aurous: Aurous) -> None:
    """The order took effect and its answer was lost: the second one costs nothing."""
    aurous.faults.disconnect("characters.create", commit=True)

    publish(connect(), "Aurora", pause=0)

    aurous.assert_called("characters.create", times=2)
    assert len(aurous.characters) == 1
    assert aurous.team.available_credits == 1000 - 4
