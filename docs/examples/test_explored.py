"""A test whose bad days are explored with each run of the suite."""

import pytest

from careful import CarefulClient
from pytest_aurous import Aurous


@pytest.mark.aurous_explore(laws="pays_once")
def test_one_order_is_one_charge(aurous: Aurous) -> None:
    """Whatever happens to its request, an order with a key is paid once."""
    client = CarefulClient(attempts=2)

    assert client.create("Aurora", key="order-1").status_code == 201
    assert len(aurous.characters) == 1
