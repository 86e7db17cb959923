from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from pytest_aurous._core.resources.base.pages import page
from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.state import State
from pytest_aurous._core.world.tables import Table


class Row(NamedTuple):
    """The least that a table asks for."""

    id: str
    team: str


Ask = Callable[..., dict[str, Any]]


@pytest.fixture(name="table")
def _table() -> Table[Row]:
    table = Table[Row](State(), "rows")
    for number in range(1, 31):
        table.insert(Row(f"r{number:02}", "a"))
    table.insert(Row("r99", "b"))
    return table


@pytest.fixture(name="ask")
def _ask(table: Table[Row]) -> Ask:
    def ask(holds: Callable[[Row], bool] = lambda _: True, team: str = "a", **query: str) -> dict[str, Any]:
        return page(table, team, query, lambda row: row if holds(row) else None, holds, lambda row: row.id)

    return ask


def refused(ask: Ask, **query: str) -> tuple[int, str, str | None]:
    with pytest.raises(ApiProblem) as caught:
        ask(**query)
    return caught.value.status, caught.value.code, caught.value.param


def test_list_1_a_page_has_four_fields(ask: Ask) -> None:
    """`next_cursor` is the id of the last row where there is more."""
    assert ask(limit="2") == {"object": "list", "data": ["r30", "r29"], "has_more": True, "next_cursor": "r29"}


def test_list_1_next_cursor_is_null_exactly_when_there_is_no_more(ask: Ask) -> None:
    """The last page ends the list, also where it is full, and so does an empty one."""
    assert ask(limit="2", starting_after="r03") == {
        "object": "list",
        "data": ["r02", "r01"],
        "has_more": False,
        "next_cursor": None,
    }
    empty = {"object": "list", "data": [], "has_more": False, "next_cursor": None}
    assert ask(starting_after="r01") == empty
    assert ask(team="nobody") == empty


@pytest.mark.parametrize(("query", "count"), [({}, 20), ({"limit": "1"}, 1), ({"limit": "100"}, 30)])
def test_list_2_a_page_is_newest_first_and_twenty_long(ask: Ask, query: dict[str, str], count: int) -> None:
    """`limit` is 1 to 100, default 20."""
    assert ask(**query)["data"] == [f"r{number:02}" for number in range(30, 30 - count, -1)]


def test_list_2_a_page_before_a_cursor_is_next_to_it(ask: Ask) -> None:
    """Newest first all the same; where `has_more` is true, its first row is the cursor for newer ones."""
    found = ask(limit="2", ending_before="r26")
    assert (found["data"], found["has_more"], found["next_cursor"]) == (["r28", "r27"], True, "r27")

    last = ask(limit="2", ending_before="r28")
    assert (last["data"], last["has_more"], last["next_cursor"]) == (["r30", "r29"], False, None)


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("0", "value_out_of_range"),
        ("101", "value_out_of_range"),
        ("-1", "value_out_of_range"),
        ("ten", "invalid_format"),
        ("", "invalid_format"),
        ("1.5", "invalid_format"),
        ("1_0", "invalid_format"),
        ("9" * 30, "value_out_of_range"),
        pytest.param("9" * 5000, "invalid_format", id="too many digits for a number"),
    ],
)
def test_list_3_a_limit_out_of_range_or_not_a_number_is_refused(ask: Ask, limit: str, code: str) -> None:
    """Either way `param` is `limit`."""
    assert refused(ask, limit=limit) == (400, code, "limit")


@pytest.mark.parametrize("param", ["starting_after", "ending_before"])
@pytest.mark.parametrize("cursor", ["r98", "", "r99"], ids=["unknown", "empty", "another team's"])
def test_list_3_an_unknown_cursor_is_refused(ask: Ask, param: str, cursor: str) -> None:
    """Made up, empty, or another team's (auth-7): all are the same."""
    assert refused(ask, **{param: cursor}) == (400, "invalid_format", param)


def test_list_3_both_cursors_at_once_are_refused(ask: Ask) -> None:
    """Before either is read."""
    assert refused(ask, starting_after="x", ending_before="y") == (400, "parameter_invalid_combination", None)


@pytest.mark.parametrize(("param", "expected"), [("starting_after", ["r09", "r08"]), ("ending_before", ["r12", "r11"])])
def test_list_3_a_deleted_row_still_works_as_a_cursor(
    table: Table[Row], ask: Ask, param: str, expected: list[str]
) -> None:
    """Whoever pages is not disturbed by a deletion between two pages."""
    table.retire(table["r10"])

    assert ask(limit="2", **{param: "r10"})["data"] == expected


def test_a_filter_fills_the_page_and_decides_whether_there_is_more(ask: Ask) -> None:
    """Rows that the page does not hold count neither for the limit nor for `has_more`."""
    only = {"r20", "r10", "r05"}

    assert ask(lambda row: row.id in only, limit="2")["data"] == ["r20", "r10"]
    assert ask(lambda row: row.id in only, limit="2")["has_more"] is True
    assert ask(lambda row: row.id in only, limit="3")["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"limit": "3"}, ["r30", "r28", "r27"]), ({"limit": "1", "ending_before": "r28"}, ["r30"])],
    ids=["downwards", "upwards"],
)
def test_a_poll_that_deletes_does_not_move_the_rest(
    table: Table[Row], query: dict[str, str], expected: list[str]
) -> None:
    """A row that its script deletes at this very poll is left out, and no other is lost."""

    def show(row: Row) -> Row | None:
        return None if row.id == "r29" and table.retire(row) else row

    found = page(table, "a", query, show, lambda _: True, lambda row: row.id)

    assert found["data"] == expected
    assert "r29" not in table.living("a")
