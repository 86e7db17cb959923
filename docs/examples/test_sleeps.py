import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.aurous(script="synthesizing:45s -> reviewing")
def test_code_that_sleeps(aurous: Aurous) -> None:
    """Sleeps return at once, and the clock jumps: five polls, no waiting."""
    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=5, at_most=5)


@pytest.mark.aurous(sleep="real")
def test_skip_sleeps_in_part_of_a_test(aurous: Aurous) -> None:
    """Sleeps are skipped only inside the block."""
    before = aurous.clock.now()

    with aurous.clock.skip_sleeps():
        publish("Aurora", {"age": 28})

    assert (aurous.clock.now() - before).total_seconds() == pytest.approx(6, abs=2)
