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
        changes: The requests whose path names it, without reads.
        first: The index of the first response with each status, and of the first success of each operation on it.
        missed: Whether a request has not found it.
        since: The index before which it is put into the fake, unless an exchange created it.
    """

    kind: str
    sightings: list[Sighting] = field(default_factory=list[Sighting])
    created: int | None = None
    changes: list[View] = field(default_factory=list[View])
    first: dict[str, int] = field(default_factory=dict[str, int])
    missed: bool = False
    since: int = 0

    def touch(self, view: View) -> None:
        self.missed = self.missed or view.code == "resource_not_found"
        if view.exchange.method != "GET":
            self.changes.append(view)
        if view.succeeded:
            for what, holds in (("delete", view.deletes), ("save", view.saves), ("order", view.row.reruns)):
                if holds:
                    self.first.setdefault(what, view.index)

    def was(self, what: str, index: int) -> bool:
        """Whether it had a status before *index*, or an exchange had done *what*: ``delete``, ``save`` or ``order``."""
        return self.first.get(what, index) < index


class Histories(dict[str, History]):
    def __missing__(self, record: str) -> History:
        return History("")  # the recording does not show it

    def seen(self, record: str, index: int) -> Sighting | None:
        """Return the first sighting of a record at *index* or behind it."""
        some = self[record].sightings
        at = _place(some, index)
        return some[at] if at < len(some) else None

    def before(self, record: str, index: int) -> Sighting | None:
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

    def changes(self, record: str, after: int, until: int) -> list[View]:
        """Return the requests that name a record, without reads, from behind *after* to *until*."""
        some = self[record].changes
        begin, end = (bisect_left(some, index + 1, key=lambda one: one.index) for index in (after, until))
        return some[begin:end]


def _place(some: list[Sighting], index: int) -> int:
    """Return the place of the first sighting at *index* or behind it."""
    return bisect_left(some, index, key=lambda one: one.view.index)
