"""What a whole recording shows about the state behind it: records, keys, teams, and attempts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import accumulate
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ..._core.base.data import as_list, as_object
from ..._core.base.instants import instant_of
from .flights import Flights
from .read import Recording
from .view import STYLES, View, views_of

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
        return str(self.row.get("status") or "")

    @property
    def pictures(self) -> dict[str, str]:
        """The paths of its pictures, by pose."""
        refs = map(as_object, as_list(self.row.get("refs")))
        return {str(ref.get("pose")): urlsplit(str(ref.get("url"))).path for ref in refs}


@dataclass
class History:
    """All that a recording shows of one record."""

    kind: str  # its collection, such as ``characters``
    sightings: list[Sighting] = field(default_factory=list[Sighting])  # the responses that show it
    created: int | None = None  # the index of the exchange that did; None if it came from before, or elsewhere
    changes: list[View] = field(default_factory=list[View])  # the requests whose path names it, without reads
    # The index of the first response with each status, and of the first success of each operation on it.
    first: dict[str, int] = field(default_factory=dict[str, int])
    missed: bool = False  # whether a request has not found it
    since: int = 0  # the index before which it is put into the fake, unless an exchange created it

    def touch(self, view: View) -> None:
        self.missed = self.missed or view.code == "resource_not_found"
        if view.exchange.method != "GET":
            self.changes.append(view)
        for what, holds in (("delete", view.deletes), ("save", view.saves), ("order", view.row.reruns)):
            if holds and view.succeeded:
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


class Survey:
    """What a recording says as a whole."""

    def __init__(self, recording: Recording, *, shared: bool = False) -> None:
        self.shared = shared
        self.by_fake = recording.by_fake
        self.accepted: dict[str, int] = {}  # for each key the last exchange in which it was accepted
        self.twice: list[int] = []  # the numbers of exchanges that were left out because they were recorded before
        self.views, self.timed = views_of(recording, self.twice)
        self.flights: Flights = Flights(self.views if self.timed else ())
        for view in self.views:
            self.flights.overlook(view)
        # 10,000 retries with one key are no reason to look at all of them for each.
        self._firsts: dict[str | None, dict[str, View]] = {}
        self._retries: dict[int, View] = dict(_find_retries(self.views))
        self.histories: Histories = Histories()  # what was seen of each record, by id
        self.teams: dict[str, str] = {}  # for each key the name of its team, which its other keys share
        self.scopes: set[str] = set()  # the keys that can only read
        for view in self.views:
            self._note(view)
        self.scopes -= {view.key for view in self.views if view.succeeded and view.exchange.method != "GET"}
        # The requests without a usable response that took effect, as a retry shows, each with the id that it made.
        self.lost: dict[int, str] = dict(self._find_lost())
        self.undecided: dict[str, list[View]] = {}  # the requests that may have changed each record
        for view in self.views:
            if view.undecided and view.index not in self.lost:
                for name in view.named:
                    self.undecided.setdefault(name, []).append(view)
        seconds = list(accumulate((view.at // 1 for view in self.views), max))
        for history in self.histories.values():
            first = history.sightings[0]
            made = instant_of(first.row.get("created_at")) if self.timed else None
            history.since = 0 if made is None else min(bisect_left(seconds, made), first.view.index)

    def earlier(self, view: View, what: str = "sent") -> View | None:
        """Return the first exchange before *view* that has its idempotency key, and of which *what* is true; else None.

        *what* is ``sent``, ``lost``, ``heard`` (it has a response), ``success``, or ``made`` (others replay it).
        """
        found = self._firsts.get(view.idempotency, {}).get(what, view)
        return found if found.index < view.index else None

    def unknown_attempt(self, view: View) -> str:
        """Return why a response to a retry says nothing about the rules; empty if it does."""
        if view.idempotency is None or not (view.replayed or view.code == "idempotency_key_in_use"):
            return ""
        if not view.replayed and self.earlier(view, "lost") is not None:
            return "the first attempt may have been in flight"
        return "" if self.earlier(view, "made") is not None else "the first attempt is not in the recording as a whole"

    def stored(self, view: View) -> View | None:
        """Return the first retry of *view* that has a response, if that is the stored one."""
        first = self._retries.get(view.index)
        return first if first is not None and first.replayed and first.result else None

    def repeats_first(self, view: View) -> bool:
        """Whether a response to a retry is that to the first attempt."""
        first = self.earlier(view, "heard")
        said = view.operation, view.exchange.status, view.body
        return first is not None and said == (first.operation, first.exchange.status, first.body)

    def goes_on(self, view: View) -> bool:
        """Whether there are records that are older than the last one of a page, whatever their status is."""
        last = view.records[-1] if view.records and not {"status", "ending_before"} & view.query.keys() else {}
        kind, made = view.kind, str(last.get("created_at", ""))[:19]
        return any(
            history.kind == kind
            and str(history.sightings[0].row.get("created_at"))[:19] < made
            and self.teams.get(history.sightings[0].view.key) == self.teams.get(view.key)
            and (self.histories.steady(record, view.index) or self._is_kept(record, history, view))
            for record, history in self.histories.items()
        )

    def _is_kept(self, record: str, history: History, view: View) -> bool:
        """Whether an exchange created a record before *view*, and no exchange deleted it."""
        created = history.created is not None and history.created < view.index and record not in self.undecided
        return created and not (history.missed or any(one.deletes for one in history.changes))

    def seeds(self) -> dict[int, list[Sighting]]:
        """Return the first sightings of the records that no exchange created, by the index before which they belong.

        Sightings with the same index are in order of creation, to the second: lists may have any order within one.
        """
        found: dict[int, list[Sighting]] = {}
        for history in self.histories.values():
            if history.created is None:
                found.setdefault(history.since, []).append(history.sightings[0])
        for some in found.values():
            some.sort(key=lambda one: str(one.row.get("created_at", ""))[:19])
        return found

    def _note(self, view: View) -> None:
        if view.idempotency is not None:
            made = view.whole and view.succeeded and not view.replayed
            facts = {"sent": True, "lost": view.lost, "heard": not view.lost, "success": view.succeeded, "made": made}
            for what in (name for name, holds in facts.items() if holds):
                self._firsts.setdefault(view.idempotency, {}).setdefault(what, view)
        if view.lost:
            return
        if view.key:
            self._note_key(view, view.key)
        # Then it shows what was before the recording.
        stored = view.replayed and (self.earlier(view, "heard") or view).replayed
        for row in () if stored else view.records:
            history = self.histories.setdefault(row["id"], History(view.kind))
            history.sightings.append(Sighting(view, row))
            history.first.setdefault(history.sightings[-1].status, view.index)
            if view.creates and history.created is None:
                history.created = view.index
        if view.record and (view.succeeded or view.record in self.histories):
            self.histories[view.record].touch(view)

    def _note_key(self, view: View, key: str) -> None:
        """Note which team a key is of, as far as the response shows it."""
        self.teams.setdefault(key, key)
        if view.exchange.status == HTTPStatus.FORBIDDEN and view.operation and not _is_about_more(view):
            self.scopes.add(key)
        if not view.succeeded:
            return
        self.accepted[key] = view.index
        shown = [f"team {view.result.get('id')}"] if view.shows_team else []
        if view.kind not in STYLES:
            shown += [row["id"] for row in view.records]
        for name in shown:
            old, team = self.teams[key], self.teams.setdefault(name, self.teams[key])
            if old != team:
                self.teams |= {one: team for one, other in self.teams.items() if other == old}

    def _find_lost(self) -> Iterator[tuple[int, str]]:
        """Yield the requests without a usable response that took effect, as a retry shows, and what each created.

        The histories learn what created these records.
        """
        for view in self.views:
            acts = view.undecided and self.earlier(view, "success") is None
            if acts and (stored := self.stored(view)) is not None:
                record = str(stored.result.get("id"))
                if view.whole and self.earlier(view, "made") is None:
                    self._firsts[view.idempotency]["made"] = view
                self.histories[record].created = view.index  # nothing may show it
                yield view.index, record


def _find_retries(views: list[View]) -> Iterator[tuple[int, View]]:
    """Yield each exchange with an idempotency key, and the next response to the same operation with this key."""
    following: dict[tuple[str, str], View] = {}
    for view in (one for one in reversed(views) if one.idempotency is not None):
        name = view.idempotency or "", view.operation
        if name in following:
            yield view.index, following[name]
        if not view.lost and view.code != "idempotency_key_in_use":
            following[name] = view


def _is_about_more(view: View) -> bool:
    """Whether a 403 is about more than the scope of a key: a signature, an id, or what has another status otherwise."""
    others = {outcome.partition(" ")[2] for outcome in view.row.outcomes if outcome[:3] != "403"} - {""}
    of_id = bool(view.record) and view.code not in {"", "missing_scope"}
    return of_id or view.row.signed or view.code in others
