import socket

import httpx
import pytest

from pytest_aurous import Aurous, AurousNetworkBlocked


def test_a_test_without_the_fixture_reaches_nobody() -> None:
    """Who forgets the fixture meets neither the vendor nor a bill."""
    with pytest.raises(AurousNetworkBlocked, match="There is no fake here"):
        httpx.get("https://api.aurous-labs.com/v1/balance")


def test_another_library_is_blocked(aurous: Aurous) -> None:
    """What is not httpx does not meet the fake, and gets no further either."""
    with pytest.raises(AurousNetworkBlocked, match="intercepts only httpx and httpx2"):
        socket.create_connection(("api.aurous-labs.com", 443), timeout=1)

    assert len(aurous.calls) == 0
