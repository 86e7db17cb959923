import os

import pytest

from pytest_aurous import Aurous

httpx2 = pytest.importorskip("httpx2", reason="needs httpx2")


def test_an_httpx2_client_reaches_the_fake(aurous: Aurous) -> None:
    """It needs no setting: the fake responds as it does to a client of httpx."""
    aurous.characters.add("Aurora")
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}

    with httpx2.Client(base_url=os.environ["AUROUS_BASE_URL"], headers=key) as api:
        names = [row["name"] for row in api.get("/v1/characters").json()["data"]]

    assert names == ["Aurora"]


def test_a_fault_raises_the_exception_of_httpx2(aurous: Aurous) -> None:
    """A timeout raises the exception of httpx2, not the one of httpx."""
    aurous.faults.timeout("balance.retrieve")

    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{aurous.base_url}/v1/balance")
