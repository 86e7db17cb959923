"""What a recording shows of each record, before and after each exchange."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from .view import AT_REST, RUNNING, View

_OF_STATES: Final = (
    "invalid_request_error", "resource_not_found", "character_not_ready", "upload_invalid",
    "generation_not_cancellable", "output_not_available",
)  # fmt: skip
"""The reasons of refusals that are about a record's state, or about whether the record exists."""


class Sighting(NamedTuple):
    """A record in a response."""

    view: View
    row: dict[str, Any]

    @property
    def status(self) -> str:
        """The status that it shows; empty for a record without status."""
        return str(self.row.get("status") or "")


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

    def next_touch(self, index: int) -> View | None:
        """Return the first exchange behind *index* whose path names the record."""
        at = bisect_left(self.touched, index + 1, key=_index_of)
        return self.touched[at] if at < len(self.touched) else None

    def from_(self, index: int) -> Sighting | None:
        """Return the first sighting at *index* or behind it."""
        at = bisect_left(self.sightings, index, key=lambda one: one.view.index)
        return self.sightings[at] if at < len(self.sightings) else None


def _index_of(view: View) -> int:
    return view.index


class Histories(dict[str, History]):
    """The histories of all records, by id."""

    def seen(self, record: str, index: int) -> Sighting | None:
        """Return the first sighting of a record at *index* or behind it."""
        history = self.get(record)
        return None if history is None else history.from_(index)

    def before(self, record: str, index: int) -> Sighting | None:
        """Return the last sighting of a record before *index*."""
        history = self.get(record)
        at = 0 if history is None else bisect_left(history.sightings, index, key=lambda one: one.view.index)
        return history.sightings[at - 1] if history is not None and at else None

    def status(self, record: str, index: int) -> str:
        """Return the status in which a record is first seen at *index* or behind it; empty if it is not seen."""
        sighting = self.seen(record, index)
        return "" if sighting is None else sighting.status

    def end(self, record: str, index: int) -> str:
        """Return the status in which work on a record has ended that was under way at *index*; empty if none shows it.

        New work on the record shows that it has ended, and if there are no pictures, that it has failed.
        """
        sighting = self.seen(record, index)
        if sighting is not None and sighting.view.reruns:
            return "failed" if sighting.row.get("refs") == [] else ""
        return "" if sighting is None else sighting.status

    def steady(self, record: str, index: int) -> str:
        """Return the status in which a record is seen before *index*, and still behind it; else empty."""
        before = self.before(record, index)
        return before.status if before is not None and before.status == self.status(record, index) else ""

    def runs_on(self, record: str, index: int) -> bool:
        """Whether the same work on a record is seen under way before *index*, and still behind it."""
        before, after = self.before(record, index), self.seen(record, index)
        if before is None or after is None or not {before.status, after.status} <= set(RUNNING):
            return False
        return before.row.get("updated_at") == after.row.get("updated_at")  # which new work changes

    def ordered(self, record: str, index: int) -> bool:
        """Whether an exchange before *index* has ordered work on a record."""
        history = self[record]
        runs = (view for view in history.touched if view.reruns and view.succeeded)
        return history.created is not None or any(view.index < index for view in runs)

    def saved(self, record: str, index: int) -> bool:
        """Whether a client of the recording saves a character behind *index*."""
        touched = self[record].touched
        return any(view.saves and view.succeeded and view.index > index for view in touched)

    def changed_elsewhere(self, view: View) -> bool:
        """Whether another client may have changed what a request names: it is not seen the same before and after."""
        return view.reason in _OF_STATES and any(not self._rests(name, view.index) for name in view.named)

    def _rests(self, record: str, index: int) -> bool:
        """Whether a record is seen before and after *index*, and nothing in between shows that it was not at rest."""
        before, after = self.before(record, index), self.seen(record, index)
        if before is None or after is None:
            return False
        changes = after.view.at_rest and before.status in AT_REST
        polled = after.view.exchange.method == "GET"
        touched = polled and before.row.get("updated_at") != after.row.get("updated_at")
        return changes or (after.status in {before.status, "cancelled"} and not touched)  # which is cancelled again
