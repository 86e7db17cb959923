from dataclasses import dataclass, replace
from typing import Any

import pytest

from pytest_aurous import AurousLookupError
from pytest_aurous._core.resources.base.record import Collection, Live
from pytest_aurous._core.resources.base.schema import RecordRow, column
from pytest_aurous._core.world.settings import Settings
from pytest_aurous._core.world.world import World


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LampRow(RecordRow):
    """A row of a resource that does not exist."""

    id: str
    color: str = "red"
    about: dict[str, Any] | None = None
    team: str = column("Id of the owning team.", seen="never")


class CandleRow(LampRow):
    """Another kind of row, with the same fields."""


class Lamp(Live):
    """Its handle."""

    __slots__ = ()

    _kind = LampRow

    def __repr__(self) -> str:
        return f"<Lamp {self.id}>"


class Lamps(Collection[Lamp]):
    """Its collection."""

    _record = Lamp


@pytest.fixture(name="world")
def _world() -> World:
    world = World(Settings())
    for row_id, team in (("lamp_1", "a"), ("lamp_2", "a"), ("lamp_3", "b"), ("lamp_4", "a")):
        world.table(LampRow).insert(LampRow(id=row_id, team=team, about={"watts": 40}))
    return world


@pytest.fixture(name="lamps")
def _lamps(world: World) -> Lamps:
    return Lamps(world, "a")


def test_a_collection_holds_the_living_of_its_team(world: World, lamps: Lamps) -> None:
    """Iteration is in order of creation; `len`, `in`, `last` and the repr agree with it."""
    world.table(LampRow).retire(world.table(LampRow)["lamp_4"])

    assert [lamp.id for lamp in lamps] == ["lamp_1", "lamp_2"]
    assert len(lamps) == 2
    assert lamps.last.id == "lamp_2"
    assert [one in lamps for one in (lamps.last, lamps["lamp_4"], "lamp_2", "x", None)] == [
        True, False, True, False, False]  # fmt: skip
    assert repr(lamps) == "<Lamps: [<Lamp lamp_1>, <Lamp lamp_2>]>"


def test_any_row_ever_made_can_be_looked_up(world: World, lamps: Lamps) -> None:
    """`[id]` and `get` find the deleted too, but never another team's."""
    world.table(LampRow).retire(world.table(LampRow)["lamp_4"])

    assert lamps["lamp_4"] == lamps.get("lamp_4")
    assert lamps.get("lamp_3") is None
    assert lamps.get("lamp_9") is None


def test_an_unknown_id_is_a_lookup_error_with_the_nearest(lamps: Lamps) -> None:
    """The error says what there is, and which record is the newest."""
    with pytest.raises(AurousLookupError, match=r"lamps\['lamp_22'\]: no such id; did you mean 'lamp_2'\?") as caught:
        lamps["lamp_22"]

    assert "lamps.last is the newest that is not deleted" in str(caught.value)


def test_auth_6_an_error_speaks_of_the_teams_own_rows(lamps: Lamps) -> None:
    """Another team's rows are neither counted nor offered: that id is not one of this collection."""
    with pytest.raises(AurousLookupError) as caught:
        lamps["lamp_3"]

    assert "did you mean 'lamp_3'" not in str(caught.value)
    assert "There are 3 records," in str(caught.value)


def test_the_row_is_not_the_tests_to_change(lamps: Any) -> None:
    """A dict is handed out as a copy."""
    lamps["lamp_1"].about["watts"] = 0

    assert lamps["lamp_1"].about == {"watts": 40}


def test_two_handles_on_one_row_are_equal(world: World, lamps: Lamps) -> None:
    """Equality is of fake and id, so that records can be compared and kept in sets."""
    assert lamps["lamp_1"] == lamps["lamp_1"]
    assert lamps["lamp_1"] != lamps["lamp_2"]
    assert lamps["lamp_1"] != "lamp_1"
    assert len({lamps["lamp_1"], lamps["lamp_1"], lamps["lamp_2"]}) == 2

    twin = World(Settings())
    twin.table(LampRow).insert(LampRow(id="lamp_1", team="a"))
    assert Lamps(twin, "a")["lamp_1"] != lamps["lamp_1"]


def test_rows_are_equal_if_all_their_fields_are() -> None:
    row = LampRow(id="lamp_1", team="a")

    assert row == LampRow(id="lamp_1", color="red", team="a")
    assert row != replace(row, color="blue")
    assert row != CandleRow(id="lamp_1", team="a")
    assert repr(row) == "LampRow(id='lamp_1', color='red', about=None, team='a')"
