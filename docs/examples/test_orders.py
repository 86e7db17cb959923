"""Orders that succeed, orders on a busy service, and orders that fail."""

import pytest

from orders import OrderError, order
from pytest_aurous import Aurous


def test_an_order_is_published(aurous: Aurous) -> None:
    """Everything works."""
    order("Aurora", 1)

    assert aurous.characters.last.status == "ready"
    assert aurous.team.credits == 996


def test_a_busy_service_is_retried(aurous: Aurous) -> None:
    """The first two creates are refused with 503."""
    aurous.faults.status("characters.create", 503, times=2)

    order("Aurora", 1)

    assert aurous.characters.last.status == "ready"


def test_a_failed_synthesis_is_reported(aurous: Aurous) -> None:
    """The order raises an error."""
    aurous.script("synthesizing -> failed(provider_timeout)")

    with pytest.raises(OrderError):
        order("Aurora", 1)
