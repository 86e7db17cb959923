import httpx
import pytest

from pytest_aurous import Aurous

pytestmark = pytest.mark.anyio


async def test_async_code_needs_no_other_fixture(aurous: Aurous) -> None:
    """A client of the code under test reaches the same fake."""
    character = aurous.characters.add("Aurora", status="reviewing")

    async with httpx.AsyncClient(base_url=aurous.base_url) as api:
        key = {"X-Api-Key": aurous.api_key}
        await api.post(f"/v1/characters/{character.id}/save", headers=key)

    assert character.status == "ready"
