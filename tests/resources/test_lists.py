"""GET /v1/characters: list-1 to list-5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["data"]]


def made(api: Api, count: int) -> list[str]:
    """Make characters, and return their ids, newest first."""
    return [api.characters.add().id for _ in range(count)][::-1]


@pytest.mark.parametrize(("count", "more"), [(1, False), (2, False), (3, True)])
def test_list_1_says_whether_there_is_more(api: Api, count: int, more: bool) -> None:  # noqa: FBT001
    """`next_cursor` is the id of the last row exactly where `has_more` is true."""
    made(api, count)

    page = api.get("/v1/characters?limit=2").json

    assert list(page) == ["object", "data", "has_more", "next_cursor"]
    assert page["has_more"] is more
    assert page["next_cursor"] == (ids(page)[-1] if more else None)


def test_list_2_is_newest_first_and_twenty_by_default(api: Api) -> None:
    """Without a `limit` a page holds the twenty newest."""
    expected = made(api, 25)

    page = api.get("/v1/characters").json

    assert ids(page) == expected[:20]
    assert page["next_cursor"] == expected[19]


def test_list_2_auth_6_holds_the_rows_of_the_team(api: Api) -> None:
    """A list holds the team's rows, for each of its keys, and nobody else's."""
    mine = made(api, 2)
    other = api.aurous.teams.add()
    theirs = other.characters.add().id

    assert ids(api.get("/v1/characters", key=api.team.add_key("read")).json) == mine
    assert ids(api.get("/v1/characters", key=other.api_key).json) == [theirs]


@pytest.mark.parametrize("status", ["ready", "reviewing"], ids=["soft-deleted", "gone"])
def test_list_3_a_deleted_row_still_serves_as_cursor(api: Api, status: str) -> None:
    """A page goes on where it stopped though its last row was deleted meanwhile."""
    rows = [api.characters.add(status=status).id for _ in range(4)][::-1]
    cursor = api.get("/v1/characters?limit=2").json["next_cursor"]
    api.delete(f"/v1/characters/{cursor}")

    assert cursor == rows[1]
    assert ids(api.get(f"/v1/characters?starting_after={cursor}").json) == rows[2:]


@pytest.mark.parametrize("wanted", ["synthesizing", "reviewing", "ready", "failed"])
def test_list_4_filters_on_one_state(api: Api, wanted: str) -> None:
    """With `status` a page holds the rows in that state alone."""
    script = "synthesizing! -> reviewing"
    rows = {
        status: [api.characters.add(status=status, script=script).id for _ in range(2)][::-1]
        for status in ("synthesizing", "reviewing", "ready", "failed")
    }

    page = api.get(f"/v1/characters?status={wanted}").json

    assert ids(page) == rows[wanted]
    assert {row["status"] for row in page["data"]} == {wanted}


@pytest.mark.parametrize("status", ["deleted", "cancelled", "READY", ""])
def test_list_4_refuses_another_state(api: Api, status: str) -> None:
    """A state that cannot be listed is refused."""
    api.refused("GET", f"/v1/characters?status={status}", status=400, code="invalid_request", param="status")


@pytest.mark.parametrize("status", ["synthesizing", "reviewing", "ready", "failed"])
def test_list_5_never_shows_the_deleted(api: Api, status: str) -> None:
    """A deleted character is on no page, with a filter and without."""
    kept, deleted = (api.characters.add(status=status, script="synthesizing!") for _ in range(2))
    api.delete(f"/v1/characters/{deleted.id}")

    assert ids(api.get("/v1/characters").json) == [kept.id]
    assert ids(api.get(f"/v1/characters?status={status}").json) == [kept.id]
