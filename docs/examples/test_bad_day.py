import pytest

from publisher import publish
from pytest_aurous import Aurous


def test_a_client_waits_out_several_429s(aurous: Aurous) -> None:
    """A client that respects Retry-After succeeds in the end."""
    aurous.script("synthesizing*0 -> reviewing")
    aurous.faults.rate_limited("characters.save", retry_after=12, times=3)
    before = aurous.clock.now()

    publish("Aurora", {"age": 28})

    assert (aurous.clock.now() - before).total_seconds() == pytest.approx(36, abs=1)
