"""What a recording shows of each record, before and after each exchange."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ..._core.base.data import as_list, as_object
from .view import View

OF_STATES: Final = frozenset({
    "invalid_request_error", "resource_not_found", "character_not_ready", "upload_invalid",
    "generation_not_cancellable", "output_not_available",
})  # fmt: skip
"""The reasons of refusals that are about a record's state, or about whether the record exists."""


class Sighting(NamedTuple):
    """A record in a response."""

    view: View
    row: dict[str, Any]

    @property
    def status(self) -> str:
        """The status that it shows; empty for a record without status."""
        return str(self.row.get("status") or "")

    @property
    def pictures(self) -> dict[str, str]:
        """The paths of its pictures, by pose."""
        refs = map(as_object, as_list(self.row.get("refs")))
        return {str(ref.get("pose")): urlsplit(str(ref.get("url"))).path for ref in refs}


@dataclass
class History:
    """All that a recording shows of one record.

    Attributes:
        kind: Its collection, such as ``characters``.
        sightings: The responses that show it.
        created: The index of the exchange that created it; None if it was there before, or came from elsewhere.
        touched: The exchanges whose path names it.
        since: The index before which it is put into the fake, unless an exchange created it.
    """

    kind: str
    sightings: list[Sighting] = field(default_factory=list[Sighting])
    created: int | None = None
    touched: list[View] = field(default_factory=list[View])
    since: int = 0


class Histories(dict[str, History]):
    """The histories of all records, by id."""

    def __missing__(self, record: str) -> History:
        return History("")  # the recording does not show it

    def seen(self, record: str, index: int) -> Sighting | None:
        """Return the first sighting of a record at *index* or behind it."""
        some = self[record].sightings
        at = _place(some, index)
        return some[at] if at < len(some) else None

    def before(self, record: str, index: int) -> Sighting | None:
        """Return the last sighting of a record before *index*."""
        some = self[record].sightings
        at = _place(some, index)
        return some[at - 1] if at else None

    def status(self, record: str, index: int) -> str:
        """Return the status in which a record is first seen at *index* or behind it; empty if it is not seen."""
        sighting = self.seen(record, index)
        return "" if sighting is None else sighting.status

    def steady(self, record: str, index: int) -> str:
        """Return the status in which a record is seen before *index*, and still behind it; else empty."""
        before = self.before(record, index)
        return before.status if before is not None and before.status == self.status(record, index) else ""

    def is_deleted(self, record: str, index: int) -> bool:
        """Whether an exchange before *index* has deleted a record."""
        touched = self[record].touched
        return any(one.deletes and one.succeeded and one.index < index for one in touched)

    def is_saved(self, view: View) -> bool:
        return any(one.saves and one.succeeded and one.index < view.index for one in self[view.record].touched)

    def ordered(self, record: str, index: int) -> bool:
        """Whether an exchange before *index* has ordered work on a record."""
        history = self[record]
        runs = (view for view in history.touched if view.row.reruns and view.succeeded)
        return history.created is not None or any(view.index < index for view in runs)


def _place(some: list[Sighting], index: int) -> int:
    """Return the place of the first sighting at *index* or behind it."""
    return bisect_left(some, index, key=lambda one: one.view.index)
