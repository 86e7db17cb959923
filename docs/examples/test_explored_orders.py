"""Break each request of an order in every way."""

from orders import OrderError, order
from pytest_aurous import Aurous


def test_an_order_survives_bad_days(aurous: Aurous) -> None:
    """The character is published and paid once, or the order raises an error."""
    aurous.explore(lambda: order("Aurora", 1), may_raise=OrderError)

    assert aurous.characters.last.status == "ready"
