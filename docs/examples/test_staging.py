"""A test against the real API, with a key of the staging team. It costs credits."""

import os
import time
from collections.abc import Iterator

import httpx
import pytest

KEY = os.environ.get("STAGING_KEY", "")
URL = os.environ.get("STAGING_URL", "https://api.aurous-labs.com")
PAUSE = float(os.environ.get("STAGING_PAUSE", "10"))

pytestmark = [
    pytest.mark.skipif(not KEY, reason="needs STAGING_KEY"),
    pytest.mark.aurous(network="allow", base_url=URL),
]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(base_url=URL, headers={"X-Api-Key": KEY}) as client:
        yield client


def poll(client: httpx.Client, path: str) -> str:
    for _ in range(60):
        time.sleep(PAUSE)
        status = str(client.get(path).json()["status"])
        if status not in {"synthesizing", "pending", "processing"}:
            return status
    raise TimeoutError(path)


def test_a_character_and_its_picture(client: httpx.Client) -> None:
    """Create, save, draw and delete, with one refusal."""
    client.get("/v1/balance")
    attributes = {"gender": "female", "age": 28}
    body = {"name": "Aurora", "generate": True, "attributes": attributes}
    character = client.post("/v1/characters", json=body).json()
    path = f"/v1/characters/{character['id']}"

    client.post(f"{path}/save")  # too early
    assert poll(client, path) in {"reviewing", "ready"}
    client.get("/v1/balance")
    assert client.post(f"{path}/save").json()["status"] == "ready"

    picture = {"prompt": "On a bench", "character_id": character["id"]}
    image = client.post("/v1/images", json=picture).json()
    assert poll(client, f"/v1/images/{image['id']}") == "succeeded"

    client.delete(path)
    client.get(path)
