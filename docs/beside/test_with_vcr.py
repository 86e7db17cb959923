from pathlib import Path

import pytest
import vcr

from announce import publish_and_announce
from pytest_aurous import Aurous

CASSETTES = Path(__file__).parent / "cassettes" / "test_with_vcr"


@pytest.mark.vcr
def test_each_serves_its_own_hosts(aurous: Aurous) -> None:
    """The fake plays the Aurous Labs API, the cassette plays the chat."""
    publish_and_announce("Aurora")

    assert aurous.characters.last.status == "ready"


def test_a_cassette_in_the_body(aurous: Aurous) -> None:
    """A cassette that is opened later comes first: enter the fake again."""
    cassette = f"{CASSETTES}/test_each_serves_its_own_hosts.yaml"
    with vcr.use_cassette(cassette, record_mode="none"), aurous:
        publish_and_announce("Aurora")

    assert aurous.characters.last.status == "ready"
