import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_the_credits_run_out_between_two_characters(aurous: Aurous) -> None:
    """Another program has spent them between two creates."""
    publish("Aurora", {"age": 28})
    aurous.team.credits = 0

    with pytest.raises(PublishError, match=r"^insufficient_credits"):
        publish("Borealis", {"age": 31})

    assert [one.name for one in aurous.characters] == ["Aurora"]
