"""Tables of frozen rows: all rows by id, and the living ones of each team in order of creation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from ..base.instants import iso
from .ids import CHOSEN
from .state import Section, State


class Row(Protocol):
    """What a table asks of a row."""

    @property
    def id(self) -> str: ...

    @property
    def team(self) -> str: ...


R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """The rows of one resource.

    Ids grow in order of creation, so the living ids of a team, kept sorted, are its history: a page is a slice of
    them, and a cursor is found by bisection even when its row has been deleted. The table calls *changed* with a text
    for each new row and each new status.
    """

    def __init__(self, state: State, name: str, changed: Callable[[str], object] = str) -> None:
        self._state = state
        self._name = name
        self._changed: Callable[[str], object] = changed
        self.rows: Section[str, R] = state.section(name)  # all by id, to be read
        self._chosen: Section[str, str] = state.section(CHOSEN)

    def __getitem__(self, row_id: str) -> R:
        return self.rows[row_id]

    def __contains__(self, row_id: object) -> bool:
        return row_id in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def order(self, row_id: str) -> str:
        """Return what ids are sorted by: their ULID, so that images and videos are one history."""
        return self._chosen[row_id].partition("_")[2] if row_id in self._chosen else row_id[-26:]

    def sort_in(self, row_id: str, team: str, created: str) -> None:
        """Sort the id of a new row of *team* by when it was *created*, behind the last row that is as old."""
        older = (one for one, row in self.rows.items() if row.team == team and _created(row) <= created)
        behind = max(map(self.order, older), default="").partition("/")[0]
        self._chosen[row_id] = f"_{behind}/{created}/{self.order(row_id)}"  # "/" sorts before all digits and letters

    def find(self, row_id: str, team: str) -> R | None:
        """Return the row if it belongs to *team*, even if it was deleted."""
        row = self.rows.get(row_id)
        return row if row is not None and row.team == team else None

    def insert(self, row: R) -> R:
        if status := getattr(row, "status", None):
            self._changed(f"{row.id}: new, {status}")
        living = self.living(row.team)
        self._state.undo.note(self._remove, living, row.id)
        self.rows[row.id] = row
        if living and self.order(row.id) < self.order(living[-1]):
            self._insert(living, row.id)
        else:
            living.append(row.id)
        return row

    def begin_with(self, rows: Sequence[R]) -> None:
        """Add the rows of a new fake, living and oldest first; nothing undoes that."""
        self.rows.update({row.id: row for row in rows})
        for row in rows:
            self.living(row.team).append(row.id)

    def replace(self, row: R, after: float = 0) -> R:
        """Put *row* in the place of the row with its id; its status is seen to change *after* that many seconds."""
        before, status = getattr(self.rows[row.id], "status", None), getattr(row, "status", None)
        if before != status:
            self._changed(f"{row.id}: {before} -> {status}{f' in {after:g} s' if after else ''}")
        self.rows[row.id] = row
        return row

    def retire(self, row: R) -> R:
        """Replace the row, and take it from the living."""
        living = self.living(row.team)
        self._state.undo.note(self._insert, living, row.id)
        self._remove(living, row.id)
        return self.replace(row)

    def living(self, team: str) -> list[str]:
        """Return the ids of the team's living rows, oldest first; do not change the list."""
        return self._state.sequence(f"{self._name} {team}")

    def usable(self, team: str) -> list[R]:
        """Return the living rows that a team can use: first the public rows, then its own."""
        return [self[row_id] for row_id in (*self.living(""), *self.living(team))]

    def lives(self, row: R) -> bool:
        return self._position(self.living(row.team), row.id)[1]

    def _position(self, living: list[str], row_id: str) -> tuple[int, bool]:
        """Return where an id is or would be, and whether it is there."""
        at = bisect_left(living, self.order(row_id), key=self.order)
        return at, at < len(living) and living[at] == row_id

    def _insert(self, living: list[str], row_id: str) -> None:
        at, there = self._position(living, row_id)
        if not there:
            living.insert(at, row_id)

    def _remove(self, living: list[str], row_id: str) -> None:
        at, there = self._position(living, row_id)
        if there:
            del living[at]


def _created(row: object) -> str:
    created: str | float = getattr(row, "created_at", None) or vars(row)["created"]
    return created if isinstance(created, str) else iso(created)
