"""What a whole recording shows about the state behind it: records, keys, teams, and lost responses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from http import HTTPStatus
from itertools import accumulate
from typing import Any

from ..._core.base.data import as_list, as_object
from ..._core.base.instants import instant_of
from .histories import Histories, History, Sighting
from .read import Recording
from .view import CLOSE, RUNNING, STYLES, View, views_of


class Survey:
    """What a recording says as a whole.

    Attributes:
        views: The exchanges with the vendor's hosts.
        histories: What was seen of each record, by id.
        teams: For each key the name of its team; the keys of one team share it.
        scopes: The keys that can only read.
        lost: The requests without a usable response that took effect all the same, each with the id of what it created.
        timed: Whether the recording has times.
        twice: The numbers of exchanges that were left out because they were recorded before.
        by_fake: Whether a fake has responded.
        shared: Whether other clients may have used the teams meanwhile.
        has_keys: Whether the recording has API keys.
        accepted: For each key the last exchange in which it was accepted.
        undecided: The records that a request without a response may have changed.
    """

    def __init__(self, recording: Recording, *, shared: bool = False) -> None:
        self.shared = shared
        self.by_fake = recording.by_fake
        self.accepted: dict[str, int] = {}
        self.twice: list[int] = []
        self.views, self.timed = views_of(recording, self.twice)
        self._seconds: list[float] = list(accumulate((view.at // 1 for view in self.views), max))
        self._whole: dict[str, list[int]] = {}
        self._absent: dict[str, list[View]] = {}
        self._sent: dict[str, list[View]] = {}
        self._attempts: dict[str, list[View]] = {}
        self.histories: Histories = Histories()
        self.teams: dict[str, str] = {}
        self.scopes: set[str] = set()
        for view in self.views:
            self._note(view)
        self.scopes -= {view.key for view in self.views if view.succeeded and view.exchange.method != "GET"}
        self.lost: dict[int, str] = dict(self._find_lost())
        self.has_keys: bool = any(view.key for view in self.views)
        self.undecided: set[str] = {
            name
            for view in self.views
            if view.lost and view.exchange.method != "GET" and view.index not in self.lost
            for name in view.named
        }
        for history in self.histories.values():
            if history.created is None:
                history.since = self._since(history)

    def unknown_attempt(self, view: View) -> str:
        """Return why a response to a retry says nothing about the rules; empty if it does."""
        if view.idempotency is None or not (view.replayed or view.code == "idempotency_key_in_use"):
            return ""
        earlier = [one for one in self._sent[view.idempotency] if one.index < view.index]
        if not view.replayed and any(one.lost for one in earlier):
            return "the first attempt may have been in flight"
        known = any(one.index in self.lost or (one.succeeded and not one.replayed) for one in earlier if one.whole)
        return "" if known else "the first attempt is not in the recording as a whole"

    def stored(self, view: View) -> View | None:
        """Return the first attempt with the same idempotency key whose response is the stored one of *view*."""
        same = self._attempts.get(view.idempotency or "", ())
        return next((one for one in same if one.replayed and one.result and one.index > view.index), None)

    def repeats_first(self, view: View) -> bool:
        """Whether a response to a retry is that to the first attempt."""
        attempts = self._attempts.get(view.idempotency or "", [view])
        first = (attempts[0].operation, attempts[0].exchange.status, attempts[0].body)
        return attempts[0].index < view.index and first == (view.operation, view.exchange.status, view.body)

    def goes_on(self, view: View) -> bool:
        """Whether there are records that are older than the last one of a page, whatever their status is."""
        last = view.records[-1] if view.records and not {"status", "ending_before"} & view.query.keys() else {}
        kind, made = view.kind, str(last.get("created_at", ""))[:19]
        return any(
            history.kind == kind
            and str(history.sightings[0].row.get("created_at"))[:19] < made
            and self._same_team(history.sightings[0].view, view)
            and (self.histories.steady(record, view.index) or self._is_kept(record, history, view))
            for record, history in self.histories.items()
        )

    def _is_kept(self, record: str, history: History, view: View) -> bool:
        """Whether an exchange created a record before *view*, and no exchange deleted it."""
        created = history.created is not None and history.created < view.index and record not in self.undecided
        gone = any(one.deletes or one.code == "resource_not_found" for one in history.touched)
        return created and not gone

    def first_attempt(self, view: View) -> View | None:
        """Return the first exchange before *view* that has its idempotency key; None without one."""
        first = self._sent.get(view.idempotency or "", [view])[0]
        return first if first.index < view.index else None

    def overlaps_first(self, view: View) -> bool:
        """Whether a request was sent while the first one with its idempotency key was in flight."""
        first = self.first_attempt(view)
        return self.timed and first is not None and view.at < first.at + first.exchange.seconds

    def seeds(self) -> dict[int, list[Sighting]]:
        """Return the first sightings of the records that no exchange created, by the index before which they belong.

        Sightings with the same index are in order of creation.
        """
        found: dict[int, list[Sighting]] = {}
        for history in self.histories.values():
            if history.created is None and history.sightings:
                found.setdefault(history.since, []).append(history.sightings[0])
        for some in found.values():
            some.reverse()  # a list begins with the newest
            some.sort(key=lambda one: str(one.row.get("created_at", ""))[:19])
        return found

    def _note(self, view: View) -> None:
        if view.idempotency is not None:
            self._sent.setdefault(view.idempotency, []).append(view)
        if view.lost:
            return
        if view.key:
            self._note_key(view, view.key)
        if view.idempotency is not None:
            self._attempts.setdefault(view.idempotency, []).append(view)
        part = {"status", "starting_after", "ending_before"} & view.query.keys() or view.result.get("has_more", False)
        if view.row.lists and view.kind and view.succeeded and part is False:
            self._whole.setdefault(view.kind, []).append(view.index)
        first = self._attempts[view.idempotency][0] if view.idempotency is not None else view
        stored = view.replayed and first.replayed  # it shows what was before the recording
        for row in () if stored else view.records:
            history = self.histories.setdefault(row["id"], History(view.kind))
            history.sightings.append(Sighting(view, row))
            if view.creates and history.created is None:
                history.created = view.index
        if view.code == "resource_not_found" and view.operation != "images.output":  # there it may be the output
            self._absent.setdefault(view.record, []).append(view)
        if view.record and (view.succeeded or view.record in self.histories):
            self.histories[view.record].touched.append(view)

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
        shown += [view.record] if view.record and not view.row.any_id else []
        for name in shown:
            old, team = self.teams[key], self.teams.setdefault(name, self.teams[key])
            if old != team:
                self.teams |= {one: team for one, other in self.teams.items() if other == old}

    def _same_team(self, one: View, other: View) -> bool:
        return self.teams.get(one.key) == self.teams.get(other.key)

    def _since(self, history: History) -> int:
        """Return the index before which a record that no exchange created has to be there."""
        first, row = history.sightings[0]
        whole = self._whole.get(history.kind, [])
        at = bisect_left(whole, first.index)
        since = whole[at - 1] + 1 if at else 0
        absent = (one for one in self._absent.get(str(row["id"]), ()) if one.index < first.index)
        since = max([since, *(one.index + 1 for one in absent if self._same_team(one, first))])
        ids = [one["id"] for one in first.records]
        for older in ids[ids.index(row["id"]) + 1 :]:  # a list begins with the newest
            created = self.histories[older].created
            if created is not None and created < first.index:
                since = max(since, created + 1)
        made = instant_of(row.get("created_at"))
        if made is not None and self.timed:
            since = max(since, bisect_left(self._seconds, made))
        return min(since, first.index)

    def _find_lost(self) -> Iterator[tuple[int, str]]:
        """Yield the requests without a usable response that took effect all the same, each with the id that it created.

        The histories learn what created these records.
        """
        for view in self.views:
            if view.lost and not view.refused and view.row.method not in {"", "GET"}:
                made = (record for record, one in self.histories.items() if self._is_of(one, view))
                record = self._effect(view, made)
                if record is not None:
                    yield view.index, record
                    self.histories[record].created = view.index  # nothing may show it

    def _effect(self, view: View, made: Iterator[str]) -> str | None:
        """Return the id of what a request has created, or empty; None if it took no effect."""
        retries = (one for one in self._attempts.get(view.idempotency or "", ()) if one.operation == view.operation)
        again = next((one for one in retries if one.index > view.index), None)
        if again is not None:
            if not (again.replayed or again.code == "idempotency_key_in_use"):
                return None
            stored = self.stored(view)
            return next(made, "") if stored is None else str(stored.result.get("id"))
        if view.exchange.status in {HTTPStatus.TOO_MANY_REQUESTS, *range(300, 400)}:
            return None
        if view.creates:
            return next(made, None)
        return "" if self._is_shown(view) else None

    def _is_of(self, history: History, view: View) -> bool:
        """Whether a record that no response created is what *view* asked for."""
        if history.created is not None or history.kind != view.kind or not view.order:
            return False
        first = history.sightings[0]
        made = instant_of(first.row.get("created_at"))
        return (
            first.view.index > view.index
            and self._same_team(first.view, view)
            and (made is None or abs(made - view.at) <= CLOSE)
            and (view.operation == "videos.create") == first.row["id"].startswith("vid_")
            and _is_as_ordered(first.row, view.order)
        )

    def _is_shown(self, view: View) -> bool:
        """Whether the next exchange that is about the same record shows the effect of a request."""
        if view.operation == "characters.uploads.put":
            return any(one.succeeded and view.args["upload_id"] in one.named for one in self.views[view.index :])
        after = next((one for one in self.histories[view.record].touched if one.index > view.index), None)
        between = self.views[view.index + 1 : None if after is None else after.index] if view.saves else ()
        drawn = any(one.succeeded and one.order.get("character_id") == view.record for one in between)
        if after is None or drawn:  # only a saved character can be drawn
            return drawn
        if view.deletes:
            return after.exchange.status == HTTPStatus.NOT_FOUND and after.operation != view.operation
        if view.edits:
            shown = self.histories.seen(view.record, view.index + 1)
            return shown is not None and all(shown.row.get(name) == value for name, value in view.order.items())
        if after.operation == view.operation:
            return after.reason == "invalid_request_error" and view.row.reruns
        wanted = ("ready",) if view.saves else ("cancelled",) if view.cancels else RUNNING if view.row.reruns else ()
        return bool(after.records) and after.records[0].get("status") in wanted


def _is_about_more(view: View) -> bool:
    """Whether a 403 is about more than the scope of a key: a signature, an id, or what has another status otherwise."""
    others = {outcome.partition(" ")[2] for outcome in view.row.outcomes if outcome[:3] != "403"} - {""}
    of_id = bool(view.record) and view.code not in {"", "missing_scope"}
    return of_id or view.row.signed or view.code in others


def _is_as_ordered(row: dict[str, Any], order: dict[str, Any]) -> bool:
    """Whether a record is as it was ordered, as far as both say."""
    same = [name for name in ("name", "prompt", "url", "character_id") if name in order and name in row]
    style, styles = order.get("lora_id"), [as_object(one).get("id") for one in as_list(row.get("loras"))]
    by_id = isinstance(style, str) and style.startswith("lora_")  # and not by its slug
    return (
        all(order[name] == row[name] for name in same)
        and (style in styles if by_id else bool(style) == bool(styles))
        and bool(order.get("reference_image_urls")) == bool(row.get("reference_image_urls"))
        and row.get("image_count") in {None, order.get("count", 1)}
    )
