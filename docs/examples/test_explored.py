"""Tests whose bad days are explored in each run of the suite."""

import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.aurous_explore(laws="pays_once")
def test_a_character_is_charged_once(aurous: Aurous) -> None:
    """Whatever happens to the requests, a create with a key is charged once."""
    publish("Aurora", {"age": 28}, key="job-1")

    assert len(aurous.characters) == 1
