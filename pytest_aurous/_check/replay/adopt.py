"""What the responses of a recording prove of its records: the fake has that, before a request as far as it needs it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from ..._core.base.data import as_list, as_object
from ..._core.base.instants import instant_of
from ..._facade import ENDED_WELL, RECORDS
from ..recording.survey import OF_STATES, Sighting, Survey
from ..recording.view import AT_REST, CLOSE, KINDS, NOT_LET_IN, RUNNING, STATUSES, STYLES, View
from ..values import id_of, name_of
from .follower import Follower
from .gaps import Gaps
from .money import PaidWork, ends_of
from .replayed import Replayed
from .teams import ReplayTeams

_LONG: Final = 30 * 86_400.0
"""Seconds after which every output has expired."""
_TOO_EARLY: Final = ("generation_not_cancellable", "output_not_available", "output_expired")
"""The codes of refusals that show that work has ended."""
_UNREAD: Final = ("unknown_version", "idempotency_key_in_use")
"""The codes of refusals that say nothing of the records that a request names: nobody has looked at them."""
_OF_NAMED: Final = OF_STATES | {"unsupported_lora_for_mode"}
"""The codes of refusals that are about such a record."""
_NOT_THERE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_OF_DELETED: Final = {"resource_not_found": "del-2", "character_not_ready": "del-4"}
"""The rule of a deletion, by what the fake says to an order with its character."""
_MOVES: Final = STATUSES["generations"][1:]
_ENDS: Final = tuple(one for one in _MOVES if one not in RUNNING)
_SHAPE: Final = {"image_count": 4, "video_duration": 5, "video_resolution": "480p"}
"""Columns of an image or a video of which the recording shows nothing but an output."""


class Adopter:
    """Lets the fake have what the responses of a recording prove of its records."""

    def __init__(self, follower: Follower, survey: Survey, teams: ReplayTeams, gaps: Gaps) -> None:
        self._follower = follower
        self._gaps = gaps
        self._survey = survey
        self._teams = teams
        self._sightings = survey.seeds()
        self.notes: list[str] = []  # the records that were there before a response shows them
        self.scripts: dict[str, list[list[Any]]] = {}  # what pollers saw: statuses, each with the number of polls
        self.deleted: set[str] = set()  # the ids of the records that were deleted
        self._unclassified: set[str] = set()  # the tickets that the recording shows from their beginning

    @property
    def _drawn(self) -> str:
        """The status in which a synthesis ends, by the reading of create-4."""
        return self._follower.reading("create-4")

    def untold(self, view: View) -> str:
        """Return why a refusal says nothing: it is about a record that nothing has shown before; else empty."""
        if not view.refused or view.exchange.status in NOT_LET_IN or view.code in _UNREAD:
            return ""
        team = self._teams.of(view)
        for name in view.named:
            first = self._survey.histories[name].sightings[:1]
            later = bool(first) and self._survey.histories[name].created is None and first[0].view.index > view.index
            there = (self._follower.row(name), *(self._follower.style(kind, team, name) for kind in STYLES))
            missing = view.exchange.status not in _NOT_THERE and not any(there)
            if (view.reason in _OF_NAMED and (later or missing)) or (missing and view.row.acts and name == view.record):
                return f"nothing before it shows {id_of(name)}"
        return ""

    def plant(self, index: int) -> None:
        """Add the records that were made before an exchange, as their first response shows them.

        They get the status that they had before.
        """
        for sighting in self._sightings.pop(index, ()):
            view, row = sighting
            kind, team = view.kind, self._teams.of(view)
            if kind in STYLES:
                if self._follower.style(kind, team, str(row["id"])):
                    continue
                own = self._follower.style(kind, team, str(row.get("slug")))
                if own is not None:  # the documentation's example, under another id
                    self._follower.remove(own.id)
            status = self._status_before(sighting)
            drawn = {"published": status == "ready" or bool(row.get("refs"))} if kind == "characters" else {}
            self._follower.put(kind, team, row, status, **drawn)
            shown = f" ({name_of(status)})" if status else ""
            self.notes.append(f"{id_of(row['id'])}{shown}: was there before exchange {view.exchange.number}")
            made = instant_of(row.get("created_at"))
            during = self._survey.timed and (made is None or made >= int(self._survey.views[0].at))
            if self._follower.kind(row["id"]) == kind in STATUSES and (status in RUNNING or during):
                self._hold(view, row["id"], kind, ends_of(status), new=during)

    def adopt(self, done: Replayed) -> None:
        """Let the fake have what the response to a request proves, as far as the request needs it."""
        view = done.view
        if view.accepted:
            self._put_named(view)
        row = self._follower.row(view.record) if view.record else None
        if view.polls:
            for shown in view.records:
                self._poll(done, shown)
        elif view.edits and row is not None and view.records:
            self._bring(row.id, view.records[0])
        elif row is not None and not view.replayed:  # a stored response shows how it was
            self._act(view, row)
        if view.replayed and self._follower.reading("idem-5") == "generation":
            self._end_before_retry(view)

    def follow(self, done: Replayed) -> None:
        """Let the fake have what a response shows, after the comparison, so that each difference counts once."""
        view, histories, flights = done.view, self._survey.histories, self._survey.flights
        for row in view.records:
            if self._follower.row(row["id"]) is not None:
                if not (view.replayed and (done.replays or row["id"] in self.scripts)):  # it shows what was before
                    self._follower.follow(view.kind, row)
            elif (histories[row["id"]].created or 0) > view.index and flights.other(view, row["id"]) is not None:
                continue  # its order was in flight, and makes it
            elif not done.replays or histories.status(row["id"], view.index + 1):
                self._follower.put(view.kind, self._teams.of(view), row)  # a retry that happened twice leaves nothing
        self._follow_upload(view)
        deleted = view.index in self._gaps.deletions and self._follower.lives(view.record)
        for record in {*done.gone, *([view.record] if deleted else [])}:  # although no request has deleted it
            self._teams.end(record, {"good", "bad"})
            self._follower.remove(record)
            self.deleted.add(record)
        if view.succeeded and view.deletes:
            self.deleted.add(view.record)

    def _follow_upload(self, view: View) -> None:
        """Note which tickets were not classified; those that were have the pose that was found."""
        if view.operation.endswith(".init") and not self._survey.shared:
            self._unclassified |= {str(view.result.get("upload_id"))} - self._survey.undecided.keys()
        if view.operation.endswith(".classify"):
            upload = str(view.order.get("upload_id"))
            self._unclassified &= self._unclassified - {upload} if view.whole else set[str]()
            if getattr(self._follower.row(upload), "pose", None) not in {None, str(view.result.get("pose"))}:
                self._follower.change(upload, pose=None)

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

    def end(self, view: View, record: str, status: str, *, good: bool) -> None:
        """End the work on a record before a request: well, or by the *status* in which it is seen the next time."""
        best, row = "succeeded", self._character(record)
        if row is not None:
            first = "reviewing" if view.saves else self._drawn
            best = "ready" if row.published else first
        self._move(record, best if good else status if status in _ENDS else "failed")

    def _status_before(self, sighting: Sighting) -> str:
        """Return the status that a record had before its first sighting; empty if it has none."""
        view, row = sighting
        moved = abs((instant_of(row.get("updated_at") or row.get("completed_at")) or 0) - view.at) <= CLOSE
        if view.saves:
            return "reviewing" if moved else "ready"
        if view.row.reruns:
            return "reviewing"
        return "pending" if view.cancels and moved else sighting.status

    def _hold(self, view: View, record: str, kind: str, now: set[str], *, new: bool) -> None:
        """Hold credits for work that no exchange has ordered: it may not be there yet if it is *new*."""
        price = self._follower.hold(self._teams.of(view), record)
        work = "synthesis" if kind == "characters" else "video" if record.startswith("vid_") else "image"
        rule, money = "vid-2" if work == "video" else "cred-4", self._teams.money_of(view)
        states = now | ({"new", "run", "good", "bad"} if new else set[str]())
        before = states if money.base is not None else {"new"}
        shown = None if kind == "characters" else price
        money.works.append(PaidWork(record, price, rule, work, shown, 0.0, states, before))

    def _put_named(self, view: View) -> None:
        """Add the records that only the use of their ids shows: an accepted request proves that they were there."""
        order, later = view.order, self._follower.now + _LONG
        if view.collection == "generations":
            medium = "video" if view.operation.startswith("videos.") else "image"
            finished = {"media_type": medium, "finished": self._follower.now, **_SHAPE}
            self._put(view, "generations", view.record, "succeeded", **finished)
        elif view.collection in KINDS:
            self._put(view, view.collection, view.record, "ready")
        self._put(view, "characters", order.get("character_id"), "ready")
        used = [*as_list(order.get("reference_image_urls")), order.get("first_frame_url"), order.get("last_frame_url")]
        for name in used:
            if isinstance(name, str) and name.startswith("file_"):
                self._put(view, "files", name, expires=later)
        self._put_uploads(view)
        self._put_styles(view)

    def _put(self, view: View, kind: str, record: object, status: str = "", **columns: Any) -> None:
        """Add a record that a request names, unless it is there."""
        if isinstance(record, str) and record and self._follower.row(record) is None:
            self._follower.put(kind, self._teams.of(view), {"id": record}, status, **columns)

    def _put_uploads(self, view: View) -> None:
        """Add the tickets that a request names, with the poses that classify found."""
        named = as_list(view.order.get("upload_ids")) or [view.order.get("upload_id")]
        poses = [as_object(ref).get("pose") for ref in as_list(view.result.get("refs"))]
        for number, upload in enumerate(named):
            if isinstance(upload, str):
                self._follower.put_upload(self._teams.of(view), upload)
                if number < len(poses) and poses[number] != "other" and upload not in self._unclassified:
                    self._follower.set_pose(upload, poses[number], 1)
        self._follower.set_pose(str(named[0]), view.result.get("pose"), view.result.get("confidence"))

    def _put_styles(self, view: View) -> None:
        """Add the styles that a request names by id or slug, as its response shows them."""
        for name, kind in (("lora_id", "loras"), ("video_lora_id", "video_loras")):
            style, body, team = view.order.get(name), view.result, self._teams.of(view)
            if not isinstance(style, str):
                continue
            own = self._follower.style(kind, team, style)
            shown = as_object(next(iter(as_list(body.get("loras"))), None))
            style_id = shown.get("id") or style
            if own is not None and style_id not in {own.id, own.slug}:  # a slug: nobody can know the id behind it
                self._follower.remove(own.id)
                own = None
            parts = ("resolution", "ratio", "duration") if kind == "video_loras" else ()
            defaults = {f"default_{part}": body.get(f"video_{part}") for part in parts if part not in view.order}
            if own is None:
                self._follower.put(kind, team, {"id": style_id, "slug": style, "name": shown.get("name"), **defaults})
            elif own.id not in self._survey.histories:  # its defaults show only where an order leaves them to it
                self._follower.follow(kind, {"id": own.id, **defaults})

    def _character(self, record: str) -> Any:
        return self._follower.row(record) if self._follower.kind(record) == "characters" else None

    def _poll(self, done: Replayed, seen: Mapping[str, Any]) -> None:
        """Let a record that a poll shows be in the status that it shows, if it can get there."""
        record, status = str(seen["id"]), str(seen.get("status"))
        row, steps = self._character(record), self.scripts.setdefault(record, [])
        if row is not None and (row.status, row.published, status) == ("synthesizing", False, self._drawn):
            done.agrees.add("create-4")
        before = self._survey.histories.before(record, done.view.index)
        if row is not None and before is not None and before.status == status == "ready":
            done.agrees.add("save-6")
        self._bring(record, seen)
        if steps and steps[-1][0] == status:
            steps[-1][1] += 1
        else:
            steps.append([status, 1])

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
        """Let work end before a request whose response proves that it has ended."""
        if not self._follower.is_under_way(view.record):
            if view.code == "output_expired" and view.record not in self._survey.histories:
                self._follower.change(view.record, finished=self._follower.now - _LONG)
            return
        output = view.succeeded and view.operation.endswith(".output")
        if ((view.row.reruns or view.saves) and view.accepted) or output or view.code in _TOO_EARLY:
            self._end_unseen(view, row)
            if view.code == "output_expired":  # nothing shows when the work has ended
                self._follower.change(view.record, finished=self._follower.now - _LONG)

    def _end_before_retry(self, view: View) -> None:
        """End the work whose stored response is returned, unless a later poll shows that it goes on."""
        record = str(view.result.get("id"))
        later = self._survey.histories.seen(record, view.index + 1)
        goes_on = later is not None and later.status in RUNNING and later.view.polls
        if self._follower.is_under_way(record) and not goes_on:
            self._end_unseen(view, self._follower.row(record))

    def _end_unseen(self, view: View, row: Any) -> None:
        """End work that no poll has seen end, as the response or a later one shows it, else well."""
        status = "" if view.row.reruns else self._survey.histories.status(row.id, view.index + 1)  # of the new work
        bad = view.code == "output_not_available" or status in _ENDS
        known = bad or status in ENDED_WELL or (view.succeeded and not view.row.reruns)
        if not known:  # nothing shows how it has ended
            self._teams.end(row.id, {"good", "bad"})
        self.end(view, row.id, status, good=status in ENDED_WELL or not bad)

    def _move(self, record: str, status: str, error: object = None) -> None:
        code = error if status == "failed" and isinstance(error, str) and error else None
        self._follower.move(record, status, code)
        self._teams.end(record, ends_of(status))
