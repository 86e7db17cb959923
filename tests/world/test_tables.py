from typing import NamedTuple

import pytest

from pytest_aurous._core.world.state import State
from pytest_aurous._core.world.tables import Table


class Row(NamedTuple):
    """The least that a table asks for."""

    id: str
    team: str
    note: str = ""


class Stateful(NamedTuple):
    """A row that has a status."""

    id: str
    status: str
    team: str = "a"
    note: str = ""


def test_a_removal_that_is_interrupted_has_not_happened() -> None:
    """The row lives, and stands where it stood."""
    state = State()
    table = Table[Row](state, "rows")
    rows = [table.insert(Row(f"r{at}", "a")) for at in range(3)]

    def interrupted() -> None:
        table.retire(Row("r1", "a", "dead"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state.whole(interrupted)
    assert (table.living("a"), [*table.rows.values()]) == (["r0", "r1", "r2"], rows)


def test_new_rows_and_new_states_are_told() -> None:
    """A change that leaves the status alone is not, and a row that has none is never told of."""
    told: list[str] = []
    table, other = Table[Stateful](State(), "a", told.append), Table[Row](State(), "b", told.append)
    table.insert(Stateful("r1", "pending"))
    table.replace(Stateful("r1", "pending", note="changed"))
    table.replace(Stateful("r1", "ready"))
    table.retire(Stateful("r1", "deleted"))
    other.insert(Row("r2", "a"))
    other.replace(Row("r2", "a", "changed"))
    other.retire(Row("r2", "a", "dead"))

    assert told == ["r1: new, pending", "r1: pending -> ready", "r1: ready -> deleted"]
