"""The state before a recording: records that a response shows, and those that a refusal or their use implies."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from ..._resources.characters.endpoints import SYNTHESIS_COST
from ..._resources.styles import find_style
from ..._resources.webhooks import EVENTS
from ..._wire.data import as_list, as_object
from ..._world.ledger import total
from ..._world.world import World
from ..recording.histories import Sighting
from ..recording.survey import Survey
from ..recording.view import KINDS, RUNNING, STYLES, View, instant_of
from ..words import id_of, name_of
from .money import Work
from .records import LONG
from .rows import put, put_ticket, set_pose
from .teams import Teams

_IMPLIED: Final = {
    ("characters.save", "invalid_request_error"): "synthesizing",
    ("characters.save", "invalid_request"): "synthesizing",
    ("characters.resynthesize", "invalid_request_error"): "synthesizing",
    ("characters.resynthesize", "invalid_request"): "synthesizing",
    ("characters.regenerate_ref", "invalid_request_error"): "synthesizing",
    ("characters.regenerate_ref", "invalid_request"): "synthesizing",
    ("characters.update", "invalid_request"): "ready",
    ("images.cancel", "generation_not_cancellable"): "succeeded",
    ("images.output", "output_not_available"): "failed",
    ("videos.output", "output_not_available"): "failed",
    ("images.output", "output_expired"): "succeeded",
    ("videos.output", "output_expired"): "succeeded",
}
"""The status of a record that nothing else shows, by the refusal that it caused."""
_BEFORE_ROWS: Final = (401, 403, 404, 405, 409)
"""The statuses of refusals that say nothing of the record; 404: that it is not there."""
_TICKETS: Final = ("characters.create", "characters.uploads.classify")
_SHOWN: Final = (200, 206, 416)
"""The statuses of an output that is there."""
_CLOSE: Final = 2.0


class Seeds:
    """Adds the records to the fake that existed before a recording.

    Attributes:
        notes: The records that were added because a response shows them.
    """

    def __init__(self, world: World, survey: Survey, teams: Teams) -> None:
        self._world = world
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
        if kind in STYLES and find_style(self._world, KINDS[kind], team, str(row["id"])):
            return
        status = self._status_before(sighting)
        columns: dict[str, Any] = {}
        if kind == "characters":
            columns["published"] = status == "ready" or (bool(row.get("refs")) and self._ends_ready(row["id"]))
        put(self._world, kind, team, row, status, **columns)
        self._unseen[row["id"]] = view.index
        shown = f" ({name_of(status)})" if status else ""
        self.notes.append(f"{id_of(row['id'])}{shown}: was there before exchange {view.exchange.number}")
        if status in RUNNING:
            self._hold(view, row["id"], kind)

    def _find_again(self, view: View) -> None:
        """Add the records that a response shows although the order that the replay saw has come to nothing."""
        if not view.creates:
            for row in view.records:
                if self._world.row(row["id"]) is None:
                    self._plant(Sighting(view, row))

    def _status_before(self, sighting: Sighting) -> str:
        """Return the status that a record had before its first sighting; empty if it has none."""
        view, row = sighting
        moved = abs((instant_of(row.get("updated_at") or row.get("completed_at")) or 0) - view.at) <= _CLOSE
        if view.operation == "characters.save":
            return "reviewing" if moved else "ready"
        if view.reruns:
            return "ready" if self._ends_ready(row["id"]) else "reviewing"
        return "pending" if view.operation == "images.cancel" and moved else sighting.status

    def _ends_ready(self, record: str) -> bool:
        """Whether a character is ready when it is next seen at rest."""
        for one in self._survey.histories[record].sightings:
            if one.status in {"reviewing", "ready"}:
                return one.status == "ready" and one.view.operation != "characters.save"
        return False

    def _hold(self, view: View, record: str, kind: str) -> None:
        """Hold credits for work that was under way before the recording."""
        table = self._world.table(KINDS[kind])
        row = table[record]
        price = SYNTHESIS_COST if kind == "characters" else row.cost["amount"]
        hold = self._world.ledger(self._teams.of(view)).hold(price, "insufficient_credits")
        table.replace(replace(row, hold=hold))
        self._teams.money_of(view).begin(Work(record, total([price]), record.startswith("vid_")))

    def _put(self, view: View, kind: str, record: object, status: str = "", **columns: Any) -> None:
        """Add a record that a request names, unless it is there."""
        if isinstance(record, str) and self._world.row(record) is None:
            put(self._world, kind, self._teams.of(view), {"id": record}, status, **columns)

    def _imply_record(self, view: View) -> None:
        """Add the record that a request is about."""
        status = None if view.param else _IMPLIED.get((view.operation, view.code))
        if status is not None and self._unseen.get(view.record, 0) > view.index:
            self._change(view, status)
        if view.operation.endswith(".output") and view.exchange.status in _SHOWN:
            status = "succeeded"
        refused_before = view.exchange.status in _BEFORE_ROWS or view.code == "unknown_version"
        if status is None and view.acts and view.collection != "generations" and not refused_before:
            status = "ready"
        if status is None or not view.record or view.collection not in KINDS:
            return
        if view.collection != "generations":
            columns: dict[str, Any] = {"events": EVENTS} if view.collection == "webhook_endpoints" else {}
            self._put(view, view.collection, view.record, status, **columns)
        else:
            medium = "video" if view.operation.startswith("videos.") else "image"
            finished = self._world.clock.time() - (LONG if view.code == "output_expired" else 0)
            shape = {"image_count": 4, "video_duration": 5, "video_resolution": "480p"}
            self._put(view, "generations", view.record, status, media_type=medium, finished=finished, **shape)

    def _change(self, view: View, status: str) -> None:
        """Let a record that is shown later have the status that a refusal implies."""
        kind = view.collection
        table = self._world.table(KINDS[kind])
        row = table[view.record]
        ended = kind == "generations" and view.code != "output_expired"  # and does not change any more
        if row.status in RUNNING or ended:
            return
        finished = {"finished": self._world.clock.time() - LONG} if view.code == "output_expired" else {}
        table.replace(replace(row, status=status, **finished))
        if status in RUNNING:
            self._hold(view, view.record, kind)

    def _imply_cursors(self, view: View) -> None:
        if view.succeeded and view.kind:
            self._put(view, view.kind, view.query.get("starting_after"))
        if view.succeeded and view.operation == "usage.events":
            self._put(view, "generations", view.query.get("cursor"), "succeeded")

    def _imply_uploads(self, view: View) -> None:
        """Add the tickets that a request names: of another team, if they were not found."""
        if view.operation not in _TICKETS or not (_accepted(view) or view.code == "resource_not_found"):
            return
        team = self._teams.of(view) if _accepted(view) else ""
        poses = [as_object(ref).get("pose") for ref in as_list(view.result.get("refs"))]
        named = as_list(view.order.get("upload_ids")) or [view.order.get("upload_id")]
        for number, upload in enumerate(named):
            if isinstance(upload, str) and (_accepted(view) or self._world.row(upload) is None):
                put_ticket(self._world, team, upload)
            if number < len(poses) and poses[number] != "other":  # classify may have been called before, or elsewhere
                set_pose(self._world, str(upload), poses[number], 1)
        set_pose(self._world, str(named[0]), view.result.get("pose"), view.result.get("confidence"))

    def _imply_styles(self, view: View) -> None:
        kinds = ("loras", "video_loras") if _accepted(view) else ("video_loras", "loras")  # it is of the other medium
        for name, kind in zip(("lora_id", "video_lora_id"), kinds, strict=True):
            style, body, team = view.order.get(name), view.result, self._teams.of(view)
            if isinstance(style, str) and not find_style(self._world, KINDS[kind], team, style):
                parts = ("resolution", "ratio", "duration") if kind == "video_loras" else ()
                shown = {f"default_{part}": body.get(f"video_{part}") for part in parts}
                shown["name"] = next((as_object(one).get("name") for one in as_list(body.get("loras"))), None)
                put(self._world, kind, team, {"id": style, "slug": style, **shown})

    def _imply_files(self, view: View) -> None:
        order = view.order
        used = [*as_list(order.get("reference_image_urls")), order.get("first_frame_url"), order.get("last_frame_url")]
        for name in used:
            if isinstance(name, str) and name.startswith("file_"):
                self._put(view, "files", name, expires=self._world.clock.time() + LONG)


def _accepted(view: View) -> bool:
    """Whether all that a request names was there: it took effect, or only credit was missing, which is checked last."""
    return view.succeeded or view.lost or view.exchange.status == HTTPStatus.PAYMENT_REQUIRED
