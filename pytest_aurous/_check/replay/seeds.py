"""What was there before a recording: records that it shows, or that only a request names."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from ..._core.base.data import as_list, as_object
from ..._core.base.forms import RECORD
from ..._core.base.instants import instant_of
from ..._facade import Follower
from ..recording.histories import Sighting
from ..recording.survey import Survey
from ..recording.view import CLOSE, KINDS, RUNNING, STATUSES, STYLES, View
from ..values import id_of, name_of
from .money import PaidWork, ends_of
from .teams import ReplayTeams

LONG: Final = 30 * 86_400.0
"""Seconds after which every output has expired."""
_ENDED: Final = {
    "generation_not_cancellable": "succeeded",
    "output_not_available": "failed",
    "output_expired": "succeeded",
}
"""The status of a generation that nothing else shows, by the code of the refusal that it caused."""
_BEFORE_ROWS: Final = (
    HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.CONFLICT,
)  # fmt: skip
"""The statuses of refusals that say nothing of the record; 404: that it is not there."""


class Seeds:
    """Adds the records to the fake that existed before a recording.

    Attributes:
        notes: The records that were added because a response shows them.
    """

    def __init__(self, follower: Follower, survey: Survey, teams: ReplayTeams) -> None:
        self._follower = follower
        self._survey = survey
        self._teams = teams
        self._sightings = survey.seeds()
        self._unseen: dict[str, int] = {}
        self.notes: list[str] = []

    def plant(self, view: View) -> None:
        """Add the records that later responses show, and that have to be there before a request."""
        for sighting in self._sightings.pop(view.index, ()):
            self._plant(sighting)

    def imply(self, view: View) -> None:
        """Add the records that only a refusal, or the use of an id, shows."""
        self._find_again(view)
        self._imply_record(view)
        self._imply_cursors(view)
        self._imply_uploads(view)
        accepted = _accepted(view)
        if accepted or view.code == "unsupported_lora_for_mode":
            self._imply_styles(view)
        if accepted:
            self._imply_files(view)
        if accepted or view.code == "character_not_ready":
            status = "ready" if accepted else "deleted"
            self._put(view, "characters", view.order.get("character_id"), status)

    def _plant(self, sighting: Sighting) -> None:
        view, row = sighting
        kind, team = view.kind, self._teams.of(view)
        if kind in STYLES:
            if self._follower.style(kind, team, str(row["id"])):
                return
            own = self._follower.style(kind, team, str(row.get("slug")))
            if own is not None:  # the documentation's example, under another id
                self._follower.remove(own.id)
        status = self._status_before(sighting)
        columns: dict[str, Any] = {}
        if kind == "characters":
            columns["published"] = status == "ready" or (bool(row.get("refs")) and self._ends_ready(row["id"]))
        self._follower.put(kind, team, row, status, **columns)
        self._unseen[row["id"]] = view.index
        shown = f" ({name_of(status)})" if status else ""
        self.notes.append(f"{id_of(row['id'])}{shown}: was there before exchange {view.exchange.number}")
        made = instant_of(row.get("created_at"))
        during = self._survey.timed and (made is None or made >= int(self._survey.views[0].at))
        if self._follower.kind(row["id"]) == kind and (status in RUNNING or (during and kind in STATUSES)):
            self._hold(view, row["id"], kind, ends_of(status), new=during)

    def _find_again(self, view: View) -> None:
        """Add the records that a response shows although the order that the replay saw has come to nothing."""
        if not view.creates:
            for row in view.records:
                if self._follower.row(row["id"]) is None:
                    self._plant(Sighting(view, row))

    def _status_before(self, sighting: Sighting) -> str:
        """Return the status that a record had before its first sighting; empty if it has none."""
        view, row = sighting
        moved = abs((instant_of(row.get("updated_at") or row.get("completed_at")) or 0) - view.at) <= CLOSE
        if view.saves:
            return "reviewing" if moved else "ready"
        if view.row.reruns:
            return "ready" if self._ends_ready(row["id"]) else "reviewing"
        return "pending" if view.cancels and moved else sighting.status

    def _ends_ready(self, record: str) -> bool:
        """Whether a character is ready when it is next seen at rest."""
        for one in self._survey.histories[record].sightings:
            if one.status in {"reviewing", "ready"}:
                return one.status == "ready" and not one.view.saves
        return False

    def _hold(self, view: View, record: str, kind: str, now: set[str] | None = None, *, new: bool = False) -> None:
        """Hold credits for work that no exchange has ordered: it may not be there yet if it is *new*."""
        price = self._follower.hold(self._teams.of(view), record)
        work = "synthesis" if kind == "characters" else "video" if record.startswith("vid_") else "image"
        rule, money = "vid-2" if work == "video" else "cred-4", self._teams.money_of(view)
        states = (now or {"run"}) | ({"new", "run", "good", "bad"} if new else set[str]())
        before = states if money.base is not None else {"new"}
        shown = None if kind == "characters" else price
        money.works.append(PaidWork(record, price, rule, work, shown, 0.0, states, before))

    def _put(self, view: View, kind: str, record: object, status: str = "", **columns: Any) -> None:
        """Add a record that a request names, unless it is there."""
        if isinstance(record, str) and self._follower.row(record) is None:
            self._follower.put(kind, self._teams.of(view), {"id": record}, status, **columns)

    def _imply_record(self, view: View) -> None:
        """Add the record that a request is about."""
        status = None if view.param else _implied(view)
        if status is not None and self._unseen.get(view.record, 0) > view.index:
            self._change(view, status)
        outcomes = view.row.outcomes
        if view.operation.endswith(".output") and str(view.exchange.status) in outcomes:
            status = "succeeded"
        refused_before = view.exchange.status in _BEFORE_ROWS or view.code in {"unknown_version", "resource_not_found"}
        if status is None and view.row.acts and not refused_before:
            any_status = view.succeeded and not view.kind  # the response does not show it
            status = "ready" if view.collection != "generations" else "succeeded" if any_status else None
        if status is None or not view.record or view.collection not in KINDS:
            return
        if view.collection != "generations":
            self._put(view, view.collection, view.record, status)
        else:
            medium = "video" if view.operation.startswith("videos.") else "image"
            finished = self._follower.now - (LONG if view.code == "output_expired" else 0)
            shape = {"image_count": 4, "video_duration": 5, "video_resolution": "480p"}
            self._put(view, "generations", view.record, status, media_type=medium, finished=finished, **shape)

    def _change(self, view: View, status: str) -> None:
        """Let a record that is shown later have the status that a refusal implies."""
        kind = view.collection
        ended = kind == "generations" and view.code != "output_expired"  # and does not change any more
        if self._follower.is_under_way(view.record) or ended:
            return
        finished = {"finished": self._follower.now - LONG} if view.code == "output_expired" else {}
        self._follower.change(view.record, status=status, **finished)
        if status in RUNNING:
            self._hold(view, view.record, kind)

    def _imply_cursors(self, view: View) -> None:
        if view.succeeded and view.kind:
            for name in ("starting_after", "ending_before"):
                cursor = view.query.get(name, "")
                if RECORD.fullmatch(cursor):
                    self._put(view, view.kind, cursor)

    def _imply_uploads(self, view: View) -> None:
        """Add the tickets that a request names: of another team, if they were not found."""
        named = as_list(view.order.get("upload_ids")) or [view.order.get("upload_id")]
        if not any(named) or not (_accepted(view) or view.code == "resource_not_found"):
            return
        team = self._teams.of(view) if _accepted(view) else ""
        poses = [as_object(ref).get("pose") for ref in as_list(view.result.get("refs"))]
        for number, upload in enumerate(named):
            if not isinstance(upload, str):
                continue
            if _accepted(view) or self._follower.row(upload) is None:
                self._follower.put_upload(team, upload)
            if number < len(poses) and poses[number] != "other":
                self._follower.set_pose(upload, poses[number], 1)
        self._follower.set_pose(str(named[0]), view.result.get("pose"), view.result.get("confidence"))

    def _imply_styles(self, view: View) -> None:
        kinds = ("loras", "video_loras") if _accepted(view) else ("video_loras", "loras")  # it is of the other medium
        for name, kind in zip(("lora_id", "video_lora_id"), kinds, strict=True):
            style, body, team = view.order.get(name), view.result, self._teams.of(view)
            if not isinstance(style, str):
                continue
            own = self._follower.style(kind, team, style)
            shown_id = next((as_object(one).get("id") for one in as_list(body.get("loras"))), None) or style
            if own is not None and shown_id not in {own.id, own.slug}:  # a slug: nobody can know the id behind it
                self._follower.remove(own.id)
                own = None
            if own is None:
                parts = ("resolution", "ratio", "duration") if kind == "video_loras" else ()
                shown = {f"default_{part}": body.get(f"video_{part}") for part in parts}
                shown["name"] = next((as_object(one).get("name") for one in as_list(body.get("loras"))), None)
                self._follower.put(kind, team, {"id": shown_id, "slug": style, **shown})

    def _imply_files(self, view: View) -> None:
        order = view.order
        used = [*as_list(order.get("reference_image_urls")), order.get("first_frame_url"), order.get("last_frame_url")]
        for name in used:
            if isinstance(name, str) and name.startswith("file_"):
                self._put(view, "files", name, expires=self._follower.now + LONG)


def _implied(view: View) -> str | None:
    """Return the status of a record that nothing else shows, by the refusal that it caused."""
    if view.kind == "characters" and view.row.acts and view.reason == "invalid_request_error":
        return "synthesizing" if view.at_rest else "ready"
    return _ENDED.get(view.code) if view.collection == "generations" else None


def _accepted(view: View) -> bool:
    """Whether all that a request names was there: it took effect, or only credit was missing, which is checked last."""
    return view.succeeded or view.lost or view.exchange.status == HTTPStatus.PAYMENT_REQUIRED
