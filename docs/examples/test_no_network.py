import httpx
import pytest

from pytest_aurous import AurousNetworkBlocked


def test_without_the_fixture_the_vendor_is_blocked() -> None:
    """A test that forgets the fixture does not reach the vendor, and costs nothing."""
    with pytest.raises(AurousNetworkBlocked, match="There is no fake here"):
        httpx.get("https://api.aurous-labs.com/v1/balance")
