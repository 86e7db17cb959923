import socket

import httpx
import pytest

from pytest_aurous import Aurous, AurousNetworkBlocked


def test_without_the_fixture_the_vendor_is_blocked() -> None:
    """A test that forgets the fixture does not reach the vendor, and costs nothing."""
    with pytest.raises(AurousNetworkBlocked, match="There is no fake here"):
        httpx.get("https://api.aurous-labs.com/v1/balance")


def test_another_library_is_blocked(aurous: Aurous) -> None:
    """The fake intercepts only httpx and httpx2; the guard blocks everything else."""
    with pytest.raises(AurousNetworkBlocked, match="intercepts only httpx and httpx2"):
        socket.create_connection(("api.aurous-labs.com", 443), timeout=1)

    assert len(aurous.calls) == 0
