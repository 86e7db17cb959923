from importlib.util import find_spec

import anyio
import httpx
import pytest

from pytest_aurous import Aurous

pytestmark = pytest.mark.anyio

no_trio = pytest.mark.skipif(find_spec("trio") is None, reason="needs trio")


@pytest.fixture(params=["asyncio", pytest.param("trio", marks=no_trio)])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run each test of this file on both."""
    backend: str = request.param
    return backend


async def test_ten_clients_share_one_script(aurous: Aurous) -> None:
    """However many clients poll, they share one sequence, and it ends once."""
    character = aurous.characters.add(
        status="synthesizing", script="synthesizing*9 -> reviewing"
    )
    seen: list[str] = []

    async def poll(api: httpx.AsyncClient) -> None:
        response = await api.get(f"/v1/characters/{character.id}")
        seen.append(response.json()["status"])

    async with aurous.async_client() as api, anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(poll, api)

    assert sorted(seen) == ["reviewing"] + ["synthesizing"] * 9
