"""What rows have in common."""

from dataclasses import dataclass, replace

from pytest_aurous._core.resources.base.schema import RecordRow


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LampRow(RecordRow):
    """A row of a resource that does not exist."""

    id: str
    color: str = "red"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CandleRow(RecordRow):
    """Another one, with the same fields."""

    id: str
    color: str = "red"


def test_rows_are_equal_if_all_their_fields_are() -> None:
    """Two rows of one kind with the same values are equal, and no others are."""
    row = LampRow(id="lamp_1")

    assert row == LampRow(id="lamp_1", color="red")
    assert row != replace(row, color="blue")
    assert row != CandleRow(id="lamp_1")


def test_the_repr_of_a_row_shows_its_fields() -> None:
    """A row is as readable as a dataclass is."""
    assert repr(LampRow(id="lamp_1")) == "LampRow(id='lamp_1', color='red')"
