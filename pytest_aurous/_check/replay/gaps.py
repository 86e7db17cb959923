"""What has happened during a recording although no exchange of it has caused it: the recording lacks exchanges."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from ..._core.base.data import as_object
from ..._core.base.instants import instant_of
from ..._facade import BUCKETS
from ..recording.survey import History, Sighting, Survey
from ..recording.view import AT_REST, CLOSE, DELETABLE, RUNNING, STATUSES, STYLES, View
from ..values import id_of
from .teams import amount_of, team_of

_SAVED: Final = "was saved"
_CREATED: Final = "was created"
_SENT: Final = ("name", "attributes")
"""What a request changes in a character at any time."""


class Gap(NamedTuple):
    """Something between two exchanges that no exchange has caused."""

    after: int  # the index of the last exchange before it; -1 without one
    before: int  # the index of the exchange that shows it
    about: str  # the record that it is about, or the bucket whose tokens it has taken
    what: str  # has happened, in words
    team: str  # the name of its team
    costs: bool = False  # whether it may have cost credits


class Gaps:
    def __init__(self, survey: Survey, tokens: Collection[Gap]) -> None:
        self._survey = survey
        self._gaps: list[Gap] = []
        self._reviews: bool = any("reviewing" in history.first for history in survey.histories.values())
        self._refused: list[View] = [view for view in survey.views if view.refused and view.creates]
        self.deletions: set[int] = set()
        if survey.timed:
            self._gaps += [*tokens, *self._completions(), *self._deletions(), *self._saves()]
            for record, history in survey.histories.items():
                self._gaps += self._of_record(record, history)
        proof = (gap for gap in self._gaps if gap.about in BUCKETS or gap.what.endswith(_CREATED))  # whatever differs
        self._lacking: dict[str, Gap] = {gap.team: gap for gap in proof}
        self._gaps += self._unanswered()

    def explanation(self, view: View, where: str) -> str:
        """Return the gap that explains a difference in a record, or in remaining tokens; empty without one.

        Where exchanges are missing, others may be, too: then such a gap of the team explains what rests on all of them.
        """
        about = {*view.named, *(str(row["id"]) for row in view.records)}
        found = (gap for gap in self._gaps if gap.after < view.index <= gap.before)
        if where == "header.x-ratelimit-remaining":
            return self._text(next((gap for gap in found if gap.before == view.index and gap.about in BUCKETS), None))
        refused = where == "status" and not view.accepted  # which no save makes the API do
        some = (gap for gap in found if gap.about in about and not (refused and gap.what.endswith(_SAVED)))
        return self._text(next(some, self._lacking.get(team_of(self._survey, view))))

    def cost(self, view: View, since: int) -> str:
        """Return the first gap after the exchange with the index *since* that may have cost credits; empty without."""
        team = team_of(self._survey, view)
        found = (gap for gap in self._gaps if gap.costs and gap.team == team and gap.before > since)
        return self._text(next((gap for gap in found if gap.after < view.index), None))

    def _text(self, gap: Gap | None) -> str:
        """Return a gap as a report says it; empty for None."""
        if gap is None:
            return ""
        before = self._survey.views[gap.before].exchange.number
        if gap.after < 0:
            return f"before exchange {before}, {gap.what}"
        return f"between exchange {self._survey.views[gap.after].exchange.number} and {before}, {gap.what}"

    def _unanswered(self) -> Iterator[Gap]:
        """Find the records that a request without a usable response may have changed, until a response shows them."""
        for record, views in self._survey.undecided.items():
            for view in views:
                shown = self._survey.histories.seen(record, view.index + 1)
                last = self._survey.views[-1] if shown is None else shown.view
                yield self._gap(view.index, last, record, f"may have been changed by exchange {view.exchange.number}")

    def _gap(self, after: int, view: View, record: str, what: str, *, costs: bool = False) -> Gap:
        return Gap(after, view.index, record, f"{id_of(record)} {what}", team_of(self._survey, view), costs)

    def _of_record(self, record: str, history: History) -> Iterator[Gap]:
        first = history.sightings[0]
        yield from self._creation(record, history, first)
        if history.kind == "generations":
            yield from self._cancellation(record, history)
        if history.kind == "characters":
            for one, other in pairwise(one for one in history.sightings if not one.view.replayed):
                yield from self._change(record, history, one, other)

    def _creation(self, record: str, history: History, first: Sighting) -> Iterator[Gap]:
        """Find out whether a record was created during the recording; what it cost, the credits know."""
        made, survey = instant_of(first.row.get("created_at")), self._survey
        if history.created is not None or history.kind in STYLES or first.view.replayed or made is None:
            return
        refused = (one for one in self._refused if one.kind == history.kind)
        if any(abs(one.at - made) <= CLOSE for one in refused):  # it was made all the same
            return
        if made >= survey.views[0].at // 1:
            shown = amount_of(as_object(first.row.get("cost")).get("amount")) or history.kind != "generations"
            yield self._gap(history.since - 1, first.view, record, _CREATED, costs=not shown)

    def _cancellation(self, record: str, history: History) -> Iterator[Gap]:
        at = next((number for number, one in enumerate(history.sightings) if one.status == "cancelled"), 0)
        view = history.sightings[at].view
        if at and not any(one.cancels and one.index <= view.index for one in history.changes):
            yield self._gap(history.sightings[at - 1].view.index, view, record, "was cancelled")

    def _change(self, record: str, history: History, one: Sighting, other: Sighting) -> Iterator[Gap]:
        """Find out whether a character has changed by itself between two sightings."""
        if (one.status, other.status) == ("ready", "reviewing"):  # no requests cause that, however many there were
            return
        if one.status in RUNNING and history.created is None and not history.was("order", other.view.index):
            yield self._gap(one.view.index, other.view, record, "was ordered")
        if what := self._what(history, one, other):
            yield self._gap(one.view.index, other.view, record, what, costs=what == "was drawn again")

    def _what(self, history: History, one: Sighting, other: Sighting) -> str:
        """Return what has happened to a character between two sightings; empty if exchanges may explain all of it."""
        changes = self._survey.histories.changes(str(other.row["id"]), one.view.index, other.view.index)
        between = [view for view in changes if view.succeeded]
        patched = {name for view in between if view.edits for name in view.order}
        sent = any(one.row.get(name) != other.row.get(name) for name in _SENT if name not in patched)
        caused, rested = any(not view.edits for view in between), one.status in AT_REST
        moved_on = other.status != one.status and other.status in STATUSES["characters"]
        if rested and not caused and moved_on and (other.status == "ready" or not other.view.edits):
            return {"ready": _SAVED, "deleted": "was deleted"}.get(other.status, "was drawn again")
        moved = instant_of(one.row.get("updated_at"))
        if one.row.get("updated_at") == other.row.get("updated_at"):  # it can change twice in one second
            soon = moved is not None and one.view.at <= moved + CLOSE
            return "was changed" if sent and soon and one.view.polls else ""
        published = history.was("ready", other.view.index)
        asked = self._survey.views[one.view.index : other.view.index]
        waits = self._reviews or any(view.saves and view.record == other.row["id"] for view in asked)
        if not caused and one.status in RUNNING and other.status == "ready" and waits and not published:
            return _SAVED  # it has no response, or others wait to be reviewed
        drawn = one.pictures.keys() == other.pictures.keys() and one.pictures != other.pictures
        if rested and not caused and drawn:
            return "was drawn again"
        return "was changed" if sent or (rested and not between) else ""

    def _saves(self) -> Iterator[Gap]:
        """Find the orders that prove that their character was saved."""
        polls = ((row, view) for view in self._survey.views if view.polls for row in view.records)
        reviewed = {row["id"]: view.index for row, view in polls if row.get("status") == "reviewing"}
        for view in self._survey.views:
            record = str(view.order.get("character_id"))
            proves = view.creates and view.accepted and not view.lost
            last = self._survey.histories.before(record, view.index) if proves else None
            if last is not None and last.status == "reviewing" and reviewed.get(record, -1) < view.index:
                yield self._gap(last.view.index, view, record, _SAVED)

    def _completions(self) -> Iterator[Gap]:
        """Find the completions that the recording shows without their order."""
        known: set[str] = set()
        for view in self._survey.views:
            made, record = view.result.get("created"), str(view.result.get("id"))
            during = isinstance(made, int) and made >= self._survey.views[0].at // 1
            if view.operation == "chat.retrieve" and record not in known and during:
                yield self._gap(-1, view, record, _CREATED, costs=True)
            if view.operation.startswith("chat."):
                known.add(record)

    def _deletions(self) -> Iterator[Gap]:
        """Find the records that were there before a request, and never again."""
        there: dict[str, View] = {}
        gone: dict[str, Gap] = {}
        for view in self._survey.views:
            if view.succeeded and view.deletes:
                there.pop(view.record, None)
            elif self._survey.flights.other(view, view.record) is not None:  # so nobody knows since when
                continue
            elif view.succeeded or view.reason == "invalid_request_error":  # which is about its state
                shown = {str(row["id"]) for row in view.records if row.get("status") != "deleted"}
                for record in {*view.named, *shown}:
                    there[record] = view
                    gone.pop(record, None)
            elif view.code == "resource_not_found" and view.collection in DELETABLE and view.record in there:
                last = there[view.record]
                if view.record not in gone and team_of(self._survey, view) == team_of(self._survey, last):
                    gone[view.record] = self._gap(last.index, view, view.record, "was deleted")
        self.deletions.update(gap.before for gap in gone.values())
        yield from gone.values()
