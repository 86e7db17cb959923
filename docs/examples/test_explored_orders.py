"""Break each request of an order, in each way."""

from orders import OrderError, order
from pytest_aurous import Aurous


def test_an_order_survives_bad_days(aurous: Aurous) -> None:
    """It is published and paid once, or the customer learns that it failed."""
    aurous.explore(lambda: order("Aurora", 1), may_raise=OrderError)

    assert aurous.characters.last.status == "ready"
