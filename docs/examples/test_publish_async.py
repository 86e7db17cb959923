import httpx
import pytest

from publisher import apublish
from pytest_aurous import Aurous

pytestmark = pytest.mark.anyio


async def test_publishes_async(aurous: Aurous) -> None:
    """Async code needs no other fixture."""
    aurous.script("synthesizing*3 -> reviewing")

    await apublish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "ready"


async def test_a_ready_client(
    aurous: Aurous, aurous_async_client: httpx.AsyncClient
) -> None:
    """A test that sends requests itself takes the ready client."""
    character = aurous.characters.add("Aurora", status="reviewing")

    await aurous_async_client.post(f"/v1/characters/{character.id}/save")

    assert character.status == "ready"
