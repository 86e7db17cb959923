"""An order on a good day, on a busy one, and on one that goes wrong."""

import pytest

from orders import OrderError, order
from pytest_aurous import Aurous

pytestmark = pytest.mark.aurous(sleep="skip")


def test_an_order_is_published(aurous: Aurous) -> None:
    """The day on which everything works."""
    order("Aurora", 1)

    assert aurous.characters.last.status == "ready"
    assert aurous.team.credits == 996


def test_a_busy_service_is_tried_again(aurous: Aurous) -> None:
    """Two requests get a 503."""
    aurous.faults.status("characters.create", 503, times=2)

    order("Aurora", 1)

    assert aurous.characters.last.status == "ready"


def test_a_failed_synthesis_is_reported(aurous: Aurous) -> None:
    """The customer learns of it."""
    aurous.script("synthesizing -> failed(provider_timeout)")

    with pytest.raises(OrderError):
        order("Aurora", 1)
