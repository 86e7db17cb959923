import os
from functools import partial

import httpx

from pytest_aurous import Aurous


def find_or_create(name: str) -> str:
    """Return the id of a character; create it if it is missing."""
    with httpx.Client(
        base_url=os.environ["AUROUS_BASE_URL"],
        headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]},
    ) as api:
        for character in api.get("/v1/characters").json()["data"]:
            if character["name"] == name:
                return str(character["id"])
        response = api.post(
            "/v1/characters",
            json={"name": name, "generate": True, "attributes": {"age": 28}},
            headers={"Idempotency-Key": f"create {name}"},  # without it: paid twice
        )
        return str(response.raise_for_status().json()["id"])


def test_two_workers_create_one_character(aurous: Aurous) -> None:
    """Both can look before one of them has created the character."""
    publish = partial(find_or_create, "Aurora")

    aurous.interleave(publish, publish)

    assert len(aurous.characters) == 1
    assert aurous.team.available_credits == 996
