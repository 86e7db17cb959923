"""The records of the fake between the requests of a recording: each comes to the status in which it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from ..._facade import RECORDS, Follower
from ..recording.survey import Survey
from ..recording.view import AT_REST, RUNNING, STATUSES, View
from .gaps import IMPOSSIBLE, Gaps
from .money import GOOD, ends_of
from .replayed import Replayed
from .seeds import LONG
from .teams import ReplayTeams

_TOO_EARLY: Final = ("generation_not_cancellable", "output_not_available", "output_expired")
"""The codes of refusals that show that work has ended."""
_OF_DELETED: Final = {"resource_not_found": "del-2", "character_not_ready": "del-4"}
"""The rule of a deletion, by what the fake says to an order with its character."""
_MOVES: Final = STATUSES["generations"][1:]
"""The statuses to which an image or a video moves."""
_ENDS: Final = tuple(one for one in _MOVES if one not in RUNNING)


class Records:
    """Moves the records of the fake.

    Attributes:
        scripts: What the pollers of each record saw: statuses, each with the number of polls.
        deleted: The ids of the records that were deleted.
        odd: The ids of the characters whose name or attributes have differed.
    """

    def __init__(self, follower: Follower, survey: Survey, teams: ReplayTeams, gaps: Gaps) -> None:
        self._follower = follower
        self._gaps = gaps
        self._survey = survey
        self._teams = teams
        self.scripts: dict[str, list[list[Any]]] = {}
        self.deleted: set[str] = set()
        self.odd: set[str] = set()

    @property
    def _drawn(self) -> str:
        """The status in which a synthesis ends, by the reading of create-4."""
        return self._follower.reading("create-4")

    def prepare(self, done: Replayed) -> None:
        """Let the records that a request is about be where its response shows them."""
        view = done.view
        row = self._follower.row(view.record) if view.record else None
        if view.polls:
            self._poll(done)
        elif view.edits and row is not None and view.records:
            self._bring(row.id, view.records[0])
            if (getattr(row, "status", ""), view.result.get("status")) == ("reviewing", "ready"):
                done.set_aside(("body.status",), self._gaps.explanation(view, "body.status"))
        elif row is not None and not view.replayed:  # a stored response shows how it was
            self._act(view, row)
        if view.replayed and self._follower.reading("idem-5") == "generation":
            self._end_before_retry(view)

    def state_of(self, view: View) -> str:
        """Return the status of the record in a path, or ``expired``; of a file in the storage, whose it is."""
        row = self._follower.row(view.record) if view.record else None
        if row is None:
            return view.args.get("owner", "")
        ends = getattr(row, "expires", None)
        return "expired" if ends and ends <= self._follower.now else self._follower.status(view.record)

    def judge_deleted(self, done: Replayed) -> None:
        """Let the rules of a deletion answer for what an order with a deleted character gets (del-2, del-4)."""
        if done.view.order.get("character_id") in self.deleted and done.code in _OF_DELETED:
            done.rules |= dict.fromkeys(("status", "error.code"), _OF_DELETED[done.code])

    def script(self, view: View) -> None:
        """Set the script of the work that a request orders: it ends when the recording says so."""
        shown, order = self._survey.stored(view) if view.lost else view, self._follower.order
        status = "" if shown is None else str(shown.result.get("status"))
        for resource in ("characters", "images", "videos"):
            order(resource)
        if view.replayed:
            return
        if status in AT_REST:
            end = "failed" if status == "failed" else self._drawn
            if view.creates and view.synthesizes:
                order("characters", end)
            drawn = status == "failed" or bool((shown or view).result.get("refs"))
            if view.row.reruns and drawn and self._character(view.record):
                order("characters", end, view.record)
        if view.creates and view.kind == "generations" and status in _MOVES:
            order(view.operation.partition(".")[0], status)

    def vanish(self, done: Replayed) -> None:
        """Delete the records that a response no longer finds or shows, although no request has deleted them."""
        deleted = done.view.index in self._gaps.deletions and self._follower.lives(done.view.record)
        for record in {*done.gone, *([done.view.record] if deleted else [])}:
            self._doubt(record)
            self._follower.remove(record)
            self.deleted.add(record)

    def end(self, view: View, record: str, status: str, *, good: bool) -> None:
        """End the work on a record before a request: well, or by the *status* in which it is seen the next time."""
        best, row = "succeeded", self._character(record)
        if row is not None:
            first = "reviewing" if view.saves else self._drawn
            best = "ready" if row.published else first
        self._move(record, best if good else status if status in _ENDS else "failed")

    def _character(self, record: str) -> Any:
        """Return the row of a character; None for any other record."""
        return self._follower.row(record) if self._follower.kind(record) == "characters" else None

    def _doubt(self, record: str) -> None:
        """Leave open how the work on a record has ended, which nothing shows."""
        for money in self._teams.money.values():
            money.end(record, {"good", "bad"})

    def _poll(self, done: Replayed) -> None:
        """Let each record that a poll shows be in the status that it shows, if it can get there."""
        for row in done.view.records:
            record, status = str(row["id"]), str(row.get("status"))
            self._compare(done, record, row)
            self._bring(record, row)
            steps = self.scripts.setdefault(record, [])
            if steps and steps[-1][0] == status:
                steps[-1][1] += 1
            else:
                steps.append([status, 1])

    def _compare(self, done: Replayed, record: str, seen: Mapping[str, Any]) -> None:
        """Note what has happened to a character although no request of the recording has caused it."""
        row, status = self._character(record), str(seen.get("status"))
        if row is None or record in self.deleted:
            return
        if row.status == "synthesizing" and not row.published and status == self._drawn:
            done.agrees.add("create-4")
        if record in self.odd:
            shown = {name: seen[name] for name in ("name", "attributes") if seen.get(name) is not None}
            self._follower.follow("characters", {"id": record, **shown})

    def is_impossible(self, record: str, seen: Mapping[str, Any]) -> bool:
        """Whether a record is in a status that no request causes after the one before."""
        return (self._follower.status(record), seen.get("status")) in IMPOSSIBLE

    def _bring(self, record: str, seen: Mapping[str, Any]) -> None:
        """End the work on a record as it was seen, if its state machine allows it; the rest is a difference."""
        row, status = self._character(record), str(seen.get("status"))
        if not self._follower.is_under_way(record) or self._follower.status(record) == status:
            return
        if row is not None:
            if not row.published and status in {"reviewing", "ready"}:
                status = self._drawn
            allowed = status in RECORDS["characters"].edges[row.status] and record not in self.deleted
        else:
            allowed = status in _MOVES
        if allowed:
            self._move(record, status, seen.get("error_message"))

    def _act(self, view: View, row: Any) -> None:
        """Let work end before a request that shows that it has ended."""
        if self._follower.is_under_way(view.record):
            at_rest = view.at_rest and (view.succeeded or view.exchange.status == HTTPStatus.PAYMENT_REQUIRED)
            output = view.succeeded and view.operation.endswith(".output")
            shown = view.records[0] if view.records else {}
            early = view.saves and view.succeeded and (shown.get("status") in RUNNING or not shown.get("refs"))
            if early or not (at_rest or output or view.code in _TOO_EARLY):
                return
            self._end_unseen(view, row)
        elif view.record in self._survey.histories:
            return
        if view.code == "output_expired":  # nothing shows when the work has ended
            self._follower.change(view.record, finished=self._follower.now - LONG)

    def _end_before_retry(self, view: View) -> None:
        """End the work whose stored response is returned, unless a later poll shows that it goes on."""
        record = str(view.result.get("id"))
        later = self._survey.histories.seen(record, view.index + 1)
        goes_on = later is not None and later.status in RUNNING and later.view.polls
        if self._follower.is_under_way(record) and not goes_on:
            self._end_unseen(view, self._follower.row(record))

    def _end_unseen(self, view: View, row: Any) -> None:
        """End work that no poll has seen end, as the response or a later one shows it, else well."""
        if view.row.reruns:  # what is seen later is the new work
            refs = view.records[0].get("refs") if view.records and not row.refs else None
            status, known, good = "", refs is not None, refs != []
        else:
            status = self._survey.histories.end(row.id, view.index + 1)
            bad = view.code == "output_not_available" or status in _ENDS
            known, good = bad or view.succeeded or status in GOOD, status in GOOD or not bad
        if not known:
            self._doubt(row.id)
        self.end(view, row.id, status, good=good)

    def _move(self, record: str, status: str, error: object = None) -> None:
        code = error if status == "failed" and isinstance(error, str) and error else None
        self._follower.move(record, status, code)
        for money in self._teams.money.values():
            money.end(record, ends_of(status))
