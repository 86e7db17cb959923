"""Tables of frozen rows: every row ever made by id, and the living ones of each team in order of creation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from .undo import Undo

__all__ = ("Row", "Table", "order")


class Row(Protocol):
    """What a table asks of a row."""

    @property
    def id(self) -> str: ...

    @property
    def team(self) -> str: ...


R = TypeVar("R", bound=Row)


def order(row_id: str) -> str:
    """Return what ids are sorted by: their ULID, so that images and videos are one history."""
    return row_id[-26:]


class Table(Generic[R]):
    """The rows of one resource.

    Ids grow in order of creation, so the living ids of a team, kept sorted, are its history: a page is
    a slice of them, and a cursor is found by bisection even when its row has been deleted.

    Args:
        changed: Called with a text for each new row and each new status.
        undo: Takes changes back.
    """

    __slots__ = ("_changed", "_living", "_rows", "_undo")

    def __init__(self, changed: Callable[[str], object] = str, undo: Undo | None = None) -> None:
        self._undo = undo or Undo()
        self._changed: Callable[[str], object] = changed
        self._rows: dict[str, R] = {}
        self._living: dict[str, list[str]] = {}

    def __getitem__(self, row_id: str) -> R:
        return self._rows[row_id]

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def find(self, row_id: str, team: str) -> R | None:
        """Return the row if it ever existed and belongs to *team*."""
        row = self._rows.get(row_id)
        return row if row is not None and row.team == team else None

    def insert(self, row: R) -> R:
        """Add a new row, living."""
        if status := getattr(row, "status", None):
            self._changed(f"{row.id}: new, {status}")
        living = self._living.setdefault(row.team, [])
        self._undo.item(self._rows, row.id)
        self._undo.before(_remove, living, row.id)
        self._rows[row.id] = row
        if living and order(row.id) < order(living[-1]):
            _insert(living, row.id)
        else:
            living.append(row.id)
        return row

    def replace(self, row: R) -> R:
        """Put *row* in the place of the row with its id."""
        before, after = getattr(self._rows[row.id], "status", None), getattr(row, "status", None)
        if before != after:
            self._changed(f"{row.id}: {before} -> {after}")
        self._undo.item(self._rows, row.id)
        self._rows[row.id] = row
        return row

    def retire(self, row: R) -> R:
        """Replace the row, and take it from the living."""
        living = self._living[row.team]
        self._undo.before(_insert, living, row.id)
        _remove(living, row.id)
        return self.replace(row)

    def living(self, team: str) -> list[str]:
        """Return the ids of the team's living rows, oldest first; not to be changed."""
        return self._living.get(team, [])

    def lives(self, row: R) -> bool:
        """Whether the row has not been retired."""
        return _position(self.living(row.team), row.id)[1]

    def state(self) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """Return what `restore` takes."""
        return dict(self._rows), {team: list(ids) for team, ids in self._living.items()}

    def restore(self, state: tuple[dict[str, Any], dict[str, list[str]]]) -> None:
        """Go back to a `state`, which can be restored again."""
        rows, living = state
        self._rows = dict(rows)
        self._living = {team: list(ids) for team, ids in living.items()}


def _position(living: list[str], row_id: str) -> tuple[int, bool]:
    """Return where an id is or would be, and whether it is there."""
    at = bisect_left(living, order(row_id), key=order)
    return at, at < len(living) and living[at] == row_id


def _insert(living: list[str], row_id: str) -> None:
    at, there = _position(living, row_id)
    if not there:
        living.insert(at, row_id)


def _remove(living: list[str], row_id: str) -> None:
    at, there = _position(living, row_id)
    if there:
        del living[at]
