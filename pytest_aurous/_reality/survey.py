"""What a whole recording shows about the state behind it: records, keys, teams, and lost responses."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, NamedTuple

from .._wire.data import as_list, as_object
from .recording import Recording
from .view import CREATES, ROWS, RUNNING, RUNS, View, instant_of, views_of

_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_OF_STATES: Final = (
    "invalid_request_error", "invalid_request", "resource_not_found", "character_not_ready", "upload_invalid",
    "generation_not_cancellable", "output_not_available", "output_expired",
)  # fmt: skip
"""The codes of refusals that are about the state of a record, or about whether there is one."""
_AT_REST: Final = ("characters.save", *RUNS)
"""Operations that are refused while there is work under way."""
_CLOSE: Final = 2.0
"""Seconds between a request and the time that its record has as its creation."""


class Sighting(NamedTuple):
    """A record in a response."""

    view: View
    row: dict[str, Any]

    @property
    def status(self) -> str:
        """The status that it shows; empty for a record without one."""
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
    """

    def __init__(self, recording: Recording) -> None:
        self.timed: bool = any(exchange.at is not None for exchange in recording.exchanges)
        self.twice: list[int] = []
        self.views: list[View] = views_of(recording, self.twice)
        self._seconds: list[float] = list(accumulate((view.at // 1 for view in self.views), max))
        self._whole: dict[str, list[int]] = {}
        self._absent: dict[str, list[View]] = {}
        self._sent: dict[str, list[View]] = {}
        self._attempts: dict[str, list[View]] = {}
        self.histories: dict[str, History] = {}
        self.teams: dict[str, str] = {}
        self.scopes: set[str] = set()
        self._writers: set[str] = set()
        self.lost: dict[int, str] = {}
        for view in self.views:
            self._note(view)
        self.scopes -= self._writers
        for view in self.views:
            if view.lost and not view.refused and view.row is not None and view.row.method != "GET":
                self._decide(view)
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
        attempts = self._attempts.get(view.idempotency or "", ())
        return next((one for one in attempts if one.replayed and one.result and one.index > view.index), None)

    def seen(self, record: str, index: int) -> Sighting | None:
        """Return the first sighting of a record at *index* or behind it."""
        history = self.histories.get(record)
        return None if history is None else history.from_(index)

    def before(self, record: str, index: int) -> Sighting | None:
        """Return the last sighting of a record before *index*."""
        history = self.histories.get(record)
        at = 0 if history is None else bisect_left(history.sightings, index, key=lambda one: one.view.index)
        return history.sightings[at - 1] if history is not None and at else None

    def status(self, record: str, index: int) -> str:
        """Return the status in which a record is first seen at *index* or behind it; empty without one."""
        sighting = self.seen(record, index)
        return "" if sighting is None else sighting.status

    def changed_elsewhere(self, view: View) -> bool:
        """Whether another client may have changed what a request names: it is not seen the same before and after."""
        return view.code in _OF_STATES and any(not self._rests(name, view.index) for name in view.named)

    def _rests(self, record: str, index: int) -> bool:
        """Whether a record is seen before and after *index*, and nothing in between shows that it was not at rest."""
        before, after = self.before(record, index), self.seen(record, index)
        if before is None or after is None:
            return False
        changes = after.view.operation in _AT_REST and before.status in {"reviewing", "ready", "failed"}
        return changes or after.status in {before.status, "cancelled"}  # which can be cancelled again

    def steady(self, record: str, index: int) -> str:
        """Return the status of a record that is seen in it before *index*, and still behind it; empty without one."""
        before = self.before(record, index)
        return before.status if before is not None and before.status == self.status(record, index) else ""

    def goes_on(self, view: View) -> bool:
        """Whether there are records that are older than the last one of a page, whatever their status is."""
        last = view.records[-1] if view.records and not {"status", "ending_before"} & view.query.keys() else {}
        kind, made = ROWS[view.operation], str(last.get("created_at", ""))[:19]
        return any(
            history.kind == kind
            and str(history.sightings[0].row.get("created_at"))[:19] < made
            and self._same_team(history.sightings[0].view, view)
            and self.steady(record, view.index)
            for record, history in self.histories.items()
        )

    def end(self, record: str, index: int) -> str:
        """Return the status in which work on a record has ended that was under way at *index*; empty if none shows it.

        New work on the record shows that it has ended, but not how.
        """
        sighting = self.seen(record, index)
        return "" if sighting is None or sighting.view.operation in RUNS else sighting.status

    def seeds(self) -> dict[int, list[Sighting]]:
        """Return the first sightings of the records that no exchange created, by the index before which they belong.

        Those of one index are in order of creation.
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
        self._note_key(view)
        if view.idempotency is not None:
            self._sent.setdefault(view.idempotency, []).append(view)
        if view.lost:
            return
        if view.idempotency is not None:
            self._attempts.setdefault(view.idempotency, []).append(view)
        if view.operation.endswith(".list") and view.operation in ROWS and view.succeeded and _is_whole(view):
            self._whole.setdefault(ROWS[view.operation], []).append(view.index)
        first = self._attempts[view.idempotency][0] if view.idempotency is not None else view
        stored = view.replayed and first.replayed  # it shows what was before the recording
        for row in () if stored else view.records:
            history = self.histories.setdefault(row["id"], History(ROWS[view.operation]))
            history.sightings.append(Sighting(view, row))
            if view.operation in CREATES and history.created is None:
                history.created = view.index
        if view.code == "resource_not_found" and view.operation != "images.output":  # there it may be the output
            self._absent.setdefault(view.record, []).append(view)
        if view.record and (view.succeeded or view.record in self.histories):
            touched = self.histories.get(view.record)
            if touched is not None:
                touched.touched.append(view)

    def _note_key(self, view: View) -> None:
        """Note which team a key is of, as far as the response shows it."""
        key = view.key
        if not key or view.lost:
            return
        self.teams.setdefault(key, key)
        if view.exchange.status == _FORBIDDEN and view.row is not None and not view.row.signed:
            self.scopes.add(key)
        if not view.succeeded:
            return
        if view.exchange.method != "GET":
            self._writers.add(key)
        shown = [f"team {view.result.get('id')}"] if view.operation == "team.retrieve" else []
        if view.operation in ROWS and not ROWS[view.operation].endswith("loras"):
            shown += [row["id"] for row in view.records]
        shown += [view.record] if view.record and view.row is not None and not view.row.any_id else []
        for name in shown:
            self._join(key, self.teams.setdefault(name, self.teams[key]))

    def _join(self, key: str, team: str) -> None:
        old = self.teams[key]
        if old != team:
            for name, other in self.teams.items():
                if other == old:
                    self.teams[name] = team

    def _same_team(self, one: View, other: View) -> bool:
        return self.teams.get(one.key) == self.teams.get(other.key)

    def _since(self, history: History) -> int:
        """Return the index before which a record that no exchange created has to be there."""
        first, row = history.sightings[0]
        whole = self._whole.get(history.kind, [])
        at = bisect_left(whole, first.index)
        since = whole[at - 1] + 1 if at else 0
        for absent in self._absent.get(str(row["id"]), ()):
            if absent.index < first.index and self._same_team(absent, first):
                since = max(since, absent.index + 1)
        for older in _behind(first, row):
            created = self.histories[older].created
            if created is not None and created < first.index:
                since = max(since, created + 1)
        made = instant_of(row.get("created_at"))
        if made is not None and self.timed:
            since = max(since, bisect_left(self._seconds, made))
        return min(since, first.index)

    def _decide(self, view: View) -> None:
        """Decide by what later exchanges show whether a request without a usable response took effect."""
        again = self._again(view)
        if again is not None:
            if again.replayed or again.code == "idempotency_key_in_use":
                stored = self.stored(view)
                self.lost[view.index] = self._made(view) if stored is None else str(stored.result.get("id"))
                self._created(self.lost[view.index], view)
            return
        if view.exchange.status in {_TOO_MANY, *range(300, 400)}:
            return
        if view.operation in CREATES:
            made = self._made(view)
            if made:
                self.lost[view.index] = made
                self._created(made, view)
        elif self._shows(view) or self._is_drawn(view):
            self.lost[view.index] = ""

    def _made(self, view: View) -> str:
        """Return the id of the record that no response created and that is what *view* asked for; empty without one."""
        fits = (record for record, history in self.histories.items() if self._fits(view, history))
        return next(fits, "")

    def _again(self, view: View) -> View | None:
        """Return the next attempt with the same idempotency key."""
        attempts = self._attempts.get(view.idempotency or "", ())
        later = (one for one in attempts if one.index > view.index and one.operation == view.operation)
        return next(later, None)

    def _created(self, record: str, view: View) -> None:
        history = self.histories.get(record)
        if history is not None:
            history.created = view.index

    def _fits(self, view: View, history: History) -> bool:
        """Whether a record that no response created is what *view* asked for."""
        if history.created is not None or history.kind != ROWS.get(view.operation) or not view.order:
            return False
        first = history.sightings[0]
        made = instant_of(first.row.get("created_at"))
        return (
            first.view.index > view.index
            and self._same_team(first.view, view)
            and (made is None or abs(made - view.at) <= _CLOSE)
            and (view.operation == "videos.create") == first.row["id"].startswith("vid_")
            and _shows(first.row, view.order)
        )

    def _shows(self, view: View) -> bool:
        """Whether the next exchange that is about the same record shows the effect of a lost one."""
        if view.operation == "characters.uploads.put":
            used = (one.order for one in self.views[view.index :] if one.succeeded)
            return any(
                view.args["upload_id"] in {order.get("upload_id"), *_texts(order, "upload_ids")} for order in used
            )
        history = self.histories.get(view.record)
        later = history.next_touch(view.index) if history is not None else None
        if later is None:
            return False
        if view.operation.endswith(".delete"):
            return later.exchange.status == 404 and later.operation != view.operation  # noqa: PLR2004 - not found
        if view.operation == "characters.update":
            shown = self.seen(view.record, view.index + 1)
            return shown is not None and all(shown.row.get(name) == value for name, value in view.order.items())
        row = later.records[0] if later.records else {}
        if later.operation == view.operation:
            return later.code in {"invalid_request_error", "invalid_request"} and view.operation in RUNS
        wanted = {"characters.save": ("ready",), "images.cancel": ("cancelled",)}.get(view.operation, RUNNING)
        return row.get("status") in wanted

    def _is_drawn(self, view: View) -> bool:
        """Whether a picture of a saved character is accepted before the next request about the character."""
        if view.operation != "characters.save":
            return False
        history = self.histories.get(view.record)
        later = history.next_touch(view.index) if history is not None else None
        until = len(self.views) if later is None else later.index
        between = self.views[view.index + 1 : until]
        return any(one.succeeded and one.order.get("character_id") == view.record for one in between)


def _shows(row: dict[str, Any], order: dict[str, Any]) -> bool:
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


def _texts(order: dict[str, Any], name: str) -> list[str]:
    return [text for text in as_list(order.get(name)) if isinstance(text, str)]


def _is_whole(view: View) -> bool:
    """Whether a list shows every record that there was."""
    paged = view.result.get("has_more", False) is not False
    return not paged and not {"status", "starting_after", "ending_before"} & view.query.keys()


def _behind(view: View, row: dict[str, Any]) -> list[str]:
    """Return the ids of the older records on the page that shows *row*."""
    ids = [str(one["id"]) for one in view.records]
    return ids[ids.index(row["id"]) + 1 :]
