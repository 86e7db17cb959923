"""GET /v1/characters: list-1 to list-5."""

from typing import Any

import pytest

from tests.conftest import Api


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["data"]]


def made(api: Api, count: int) -> list[str]:
    """Make characters, and return their ids, newest first."""
    return [api.characters.add().id for _ in range(count)][::-1]


def test_list_2_auth_6_holds_the_rows_of_the_team(api: Api) -> None:
    mine = made(api, 2)
    other = api.aurous.teams.add()
    theirs = other.characters.add().id

    assert ids(api.get("/v1/characters", key=api.team.add_key("read")).json) == mine
    assert ids(api.get("/v1/characters", key=other.api_key).json) == [theirs]


@pytest.mark.parametrize("wanted", ["synthesizing", "reviewing", "ready", "failed"])
def test_list_4_filters_on_one_state(api: Api, wanted: str) -> None:
    script = "synthesizing! -> reviewing"
    rows = {
        status: [api.characters.add(status=status, script=script).id for _ in range(2)][::-1]
        for status in ("synthesizing", "reviewing", "ready", "failed")
    }

    page = api.get(f"/v1/characters?status={wanted}").json

    assert ids(page) == rows[wanted]
    assert {row["status"] for row in page["data"]} == {wanted}


@pytest.mark.parametrize("status", ["synthesizing", "reviewing", "ready", "failed"])
def test_list_5_never_shows_the_deleted(api: Api, status: str) -> None:
    kept, deleted = (api.characters.add(status=status, script="synthesizing!") for _ in range(2))
    api.delete(f"/v1/characters/{deleted.id}")

    assert ids(api.get("/v1/characters").json) == [kept.id]
    assert ids(api.get(f"/v1/characters?status={status}").json) == [kept.id]
