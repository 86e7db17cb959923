"""Tests whose bad days are explored in each run of the suite."""

import httpx
import pytest

from careful import CarefulClient
from pytest_aurous import Aurous


@pytest.mark.aurous_explore(laws="pays_once")
def test_a_character_is_charged_once(aurous: Aurous) -> None:
    """Whatever happens to the requests, a create with a key is charged once."""
    client = CarefulClient(attempts=2)

    assert client.create("Aurora", key="job-1").status_code == 201
    assert len(aurous.characters) == 1


@pytest.mark.aurous(credits=0)
def test_a_refusal_is_safe(aurous: Aurous) -> None:
    """Without credits, the good day is a refusal."""

    def order() -> None:
        with pytest.raises(httpx.HTTPStatusError):
            CarefulClient().create("Aurora", key="job-1").raise_for_status()

    aurous.explore(order, may_raise=httpx.HTTPError)
