import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_character_costs_four_credits(aurous: Aurous) -> None:
    """A team has 1000 credits by default; a save is free."""
    publish("Aurora", {"age": 28})

    assert aurous.team.credits == 996


def test_a_synthesis_that_fails_costs_nothing(aurous: Aurous) -> None:
    """The credits are held during the synthesis, and released when it fails."""
    aurous.script("synthesizing -> failed(provider_timeout)")

    with pytest.raises(PublishError):
        publish("Aurora", {"age": 28})

    assert aurous.team.available_credits == 1000


@pytest.mark.aurous(credits=3)
def test_three_credits_are_not_enough(aurous: Aurous) -> None:
    """The create is refused with 402, and no character is created."""
    with pytest.raises(PublishError, match="insufficient_credits"):
        publish("Aurora", {"age": 28})

    assert aurous.calls.last.status == 402
    assert len(aurous.characters) == 0
