"""Rows of the fake that show what a recording shows, also those that were there before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from http import HTTPStatus
from typing import Any, Final

from ..._core.base.amounts import total
from ..._core.base.data import as_list, as_object
from ..._core.base.instants import iso
from ..._core.resources.catalog import LIFECYCLES
from ..._core.resources.characters import CharacterRow
from ..._core.resources.characters.endpoints import SYNTHESIS_COST
from ..._core.resources.characters.row import draw
from ..._core.resources.content.pictures import picture
from ..._core.resources.generations import GenerationRow, orders
from ..._core.resources.styles import find_style, make
from ..._core.resources.uploads import POSES, UploadRow
from ..._core.resources.webhooks import EVENTS
from ..._core.world.script import Hold, Plan, Step
from ..._core.world.world import World
from ..recording.histories import Sighting
from ..recording.survey import Survey
from ..recording.view import KINDS, RUNNING, STATUSES, STYLES, View, instant_of
from ..words import ID, id_of, known_words, name_of
from .money import Work, ends_of
from .teams import Teams

LONG: Final = 30 * 86_400.0
"""Seconds after which every output has expired."""
STREAMS: Final = {"generations": "generation", "loras": "style", "video_loras": "style"}
WAIT: Final = Hold("!")
WAITING: Final = {name: Plan(((Step(lifecycle.start, None, WAIT),),)) for name, lifecycle in LIFECYCLES.items()}
"""Scripts whose work ends when the recording says so."""

_BYTES: Final = 1024
"""The size of a picture that no request shows."""
_PREVIEW: Final = "whsec_..."
_PICTURE: Final = picture(["A file"], 32, 32, "")
_KEPT: Final = ("object", "refs", "output_urls", "output_video_url", "url", "loras", "secret", "credits", "id")
"""Fields that the fake writes for itself."""


def put(world: World, kind: str, team: str, seen: Mapping[str, Any], status: str = "", **columns: Any) -> None:
    """Add a row that shows what *seen* shows, in another *status* if one is passed; one that is there follows it."""
    row_id = str(seen["id"])
    if world.row(row_id) is not None:  # a request has named it before a response has shown it
        follow(world, kind, seen)
        return
    world.ids.choose(row_id, row_id.partition("_")[0], STREAMS.get(kind, ""))
    row = _new(world, kind, team, seen, status or str(seen.get("status")))
    row = replace(row, **_simple(row, seen, {"status"}), **columns)
    table = world.table(KINDS[kind])
    table.insert(row)
    if getattr(row, "status", None) == "deleted":
        table.retire(row)


def follow(world: World, kind: str, seen: Mapping[str, Any]) -> set[str]:
    """Let the row of the fake have what the recording shows of it, and return the names of the columns that change."""
    table = world.table(KINDS[kind])
    if seen["id"] not in table:
        return set()
    row = table[seen["id"]]
    changes = _simple(row, seen, {"cost"})
    if changes.get("status") not in STATUSES.get(kind, ()):
        changes.pop("status", None)
    if kind == "characters":
        changes["plan"] = WAITING["characters"]
    poses = _poses(seen)
    if kind == "characters" and "refs" in seen and poses != [ref.pose for ref in row.refs] and {*poses} <= {*POSES}:
        changes["refs"] = tuple(draw(world, pose) for pose in poses)
    if kind == "characters" and changes.get("status") == "ready":
        changes["published"] = True
    if kind == "generations":
        changes |= _times(row, seen)
    if changes:
        table.replace(replace(row, **changes))
    return {*changes}


def rename(world: World, seen: Mapping[str, Any]) -> None:
    """Let a character have the name and the attributes that it shows."""
    row = world.row(str(seen["id"]))
    shown = {name: seen[name] for name in ("name", "attributes") if seen.get(name) is not None}
    if isinstance(row, CharacterRow) and (changes := _simple(row, shown, set())):
        world.table(CharacterRow).replace(replace(row, **changes))


def _simple(row: Any, seen: Mapping[str, Any], without: set[str]) -> dict[str, Any]:
    """Return the columns in which *seen* differs from a row, if their values fit."""
    changes: dict[str, Any] = {}
    for entry in fields(row):
        name = entry.name
        if name in seen and name not in _KEPT and name not in without and not entry.metadata.get("hidden"):
            old: Any = getattr(row, name)
            value = _fitting(name, seen[name], old)
            fits = old is None or isinstance(value, type(old)) or (value is None and entry.default is None)
            if value != old and fits:
                changes[name] = value
    return changes


def _fitting(name: str, value: Any, old: Any) -> Any:
    """Return the value of a column as a row has it, where it is *old* now."""
    if name == "cost":
        return _cost(old, value)
    if name == "media_type":  # it never changes: another one is a difference each time
        return old
    if name == "attributes" and value is not None:  # new ones are a difference each time
        return {key: one for key, one in as_object(value).items() if key in known_words()}
    if name == "events":  # a name that is no event is a difference each time
        return old if set(map(str, as_list(value))) - set(EVENTS) else tuple(as_list(value))
    if name.endswith("_at") and value is not None:
        instant = instant_of(value)
        return old if instant is None else iso(instant)
    return tuple(as_list(value)) if isinstance(old, tuple) else value


def _cost(old: dict[str, Any], seen: Any) -> dict[str, Any]:
    """Return a cost with the amounts that were seen, as far as they are numbers."""
    shown = as_object(seen)
    split = {name: as_object(shown.get("breakdown")).get(name) for name in old["breakdown"]}
    amounts = (shown.get("amount"), *split.values())
    good = all(isinstance(one, (int, float)) for one in amounts)
    return {**old, "amount": shown["amount"], "breakdown": split} if good else old


def _times(row: GenerationRow, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of a generation as numbers, by which its output expires."""
    started, finished = instant_of(seen.get("created_at")), instant_of(seen.get("completed_at"))
    found = {"started": row.started if started is None else started, "finished": finished or row.finished}
    return {name: value for name, value in found.items() if value != getattr(row, name)}


def _poses(seen: Mapping[str, Any]) -> list[str]:
    return [str(as_object(ref).get("pose")) for ref in as_list(seen.get("refs"))]


def _text(seen: Mapping[str, Any], name: str, default: str) -> str:
    value = seen.get(name)
    return value if isinstance(value, str) else default


def _new(world: World, kind: str, team: str, seen: Mapping[str, Any], status: str) -> Any:
    """Return a row with what every record of its kind has; only its columns of these are taken."""
    now = world.clock.time()
    known = STATUSES.get(kind, ())
    status = status if status in known else "ready" if kind == "characters" else "succeeded"
    name = _text(seen, "name", "?")
    if kind in STYLES:
        slug, public = _text(seen, "slug", str(seen["id"])), seen.get("is_public") is not False
        return make(KINDS[kind], str(seen["id"]), name, slug, team="" if public else team)
    expires = instant_of(seen.get("expires_at")) or now
    styles = [as_object(one) for one in as_list(seen.get("loras"))]
    columns: dict[str, Any] = {
        "id": str(seen["id"]), "name": name, "status": status, "team": team, "created_at": iso(now),
        "updated_at": iso(now), "began": now, "started": now, "plan": WAITING.get(kind, WAITING["images"]),
        "refs": tuple(draw(world, pose) for pose in _poses(seen)), "published": status == "ready",
        "media_type": "video" if str(seen["id"]).startswith("vid_") else "image", "inference_type": "t2i",
        "cost": {"amount": 0, "currency": "credit", "breakdown": {"base": 0, "enhance": 0}},
        "loras": tuple((str(one.get("id")), str(one.get("name"))) for one in styles) if styles else None,
        "charged": world.settings.reading("cred-2") == "at_create",
        "purpose": "reference", "mime_type": "image/png", "size_bytes": len(_PICTURE), "data": _PICTURE,
        "width_px": 32, "height_px": 32, "expires_at": iso(expires), "expires": expires,
        "url": _text(seen, "url", "https://receiver.example") if kind == "webhook_endpoints" else None,
        "events": (), "secret_preview": _PREVIEW, "signing_secret": _PREVIEW,
        "metadata": {} if kind == "webhook_endpoints" else None,
    }  # fmt: skip
    row = KINDS[kind](**{one.name: columns[one.name] for one in fields(KINDS[kind]) if one.name in columns})
    return replace(row, **_times(row, seen)) if isinstance(row, GenerationRow) else row


def put_ticket(world: World, team: str, upload_id: str) -> None:
    """Add an upload ticket that has its picture, or to one that has none its picture."""
    old, table = world.row(upload_id), world.table(UploadRow)
    if old is not None:
        if isinstance(old, UploadRow) and not old.size:
            table.replace(replace(old, size=_BYTES))
        return
    world.ids.choose(upload_id, "upl")
    row = UploadRow(
        id=upload_id,
        filename="picture.png",
        extension="png",
        content_type="image/png",
        size=_BYTES,
        created_at=world.clock.time(),
        team=team,
    )
    table.insert(row)


def set_pose(world: World, upload_id: str, pose: object, confidence: object) -> None:
    """Let classify find in a ticket what the recording says, if it is a pose."""
    table = world.table(UploadRow)
    if upload_id in table and pose in POSES and isinstance(confidence, (int, float)):
        row = table[upload_id]
        if row.pose is None:
            table.replace(replace(row, pose=str(pose), confidence=confidence))


def forget_pose(world: World, view: View) -> None:
    """Clear the pose of a ticket if classify returned another one, so that the difference counts once."""
    row = world.row(str(view.order.get("upload_id")))
    if isinstance(row, UploadRow) and view.operation.endswith(".classify") and row.pose != view.result.get("pose"):
        world.table(UploadRow).replace(replace(row, pose=None))


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
        if kind in STYLES:
            if find_style(self._world, KINDS[kind], team, str(row["id"])):
                return
            own = find_style(self._world, KINDS[kind], team, str(row.get("slug")))
            if own is not None:  # the documentation's example, under another id
                self._world.table(KINDS[kind]).retire(own)
        status = self._status_before(sighting)
        columns: dict[str, Any] = {}
        if kind == "characters":
            columns["published"] = status == "ready" or (bool(row.get("refs")) and self._ends_ready(row["id"]))
        put(self._world, kind, team, row, status, **columns)
        self._unseen[row["id"]] = view.index
        shown = f" ({name_of(status)})" if status else ""
        self.notes.append(f"{id_of(row['id'])}{shown}: was there before exchange {view.exchange.number}")
        made = instant_of(row.get("created_at"))
        during = self._survey.timed and (made is None or made >= int(self._survey.views[0].at))
        if row["id"] in self._world.table(KINDS[kind]) and (status in RUNNING or (during and kind in STATUSES)):
            self._hold(view, row["id"], kind, ends_of(status), new=during)

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
        table = self._world.table(KINDS[kind])
        row = table[record]
        team, price = (
            self._teams.of(view),
            SYNTHESIS_COST if kind == "characters" else row.cost["amount"] or _price_of(row),
        )
        if row.status in RUNNING:
            account = self._world.accounts[team]
            if account.available < price:  # the recording has it all the same
                self._world.accounts[team] = account._replace(credits=account.held + total([price]))
            hold = self._world.ledger(team).hold(price, "insufficient_credits")
            table.replace(replace(row, hold=hold))
        work = "synthesis" if kind == "characters" else "video" if record.startswith("vid_") else "image"
        rule, money = "vid-2" if work == "video" else "cred-4", self._teams.money_of(view)
        states = (now or {"run"}) | ({"new", "run", "good", "bad"} if new else set[str]())
        before = states if money.base is not None else {"new"}
        money.works.append(Work(record, total([price]), rule, work, kind != "characters", 0.0, states, before))

    def _put(self, view: View, kind: str, record: object, status: str = "", **columns: Any) -> None:
        """Add a record that a request names, unless it is there."""
        if isinstance(record, str) and self._world.row(record) is None:
            put(self._world, kind, self._teams.of(view), {"id": record}, status, **columns)

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
            for name in ("starting_after", "ending_before"):
                cursor = view.query.get(name, "")
                if ID.fullmatch(cursor):
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
            if _accepted(view) or self._world.row(upload) is None:
                put_ticket(self._world, team, upload)
            if number < len(poses) and poses[number] != "other":
                set_pose(self._world, str(upload), poses[number], 1)
        set_pose(self._world, str(named[0]), view.result.get("pose"), view.result.get("confidence"))

    def _imply_styles(self, view: View) -> None:
        kinds = ("loras", "video_loras") if _accepted(view) else ("video_loras", "loras")  # it is of the other medium
        for name, kind in zip(("lora_id", "video_lora_id"), kinds, strict=True):
            style, body, team = view.order.get(name), view.result, self._teams.of(view)
            if not isinstance(style, str):
                continue
            own = find_style(self._world, KINDS[kind], team, style)
            shown_id = next((as_object(one).get("id") for one in as_list(body.get("loras"))), None) or style
            if own is not None and shown_id not in {own.id, own.slug}:  # a slug: nobody can know the id behind it
                own = self._world.table(KINDS[kind]).retire(own) and None
            if own is None:
                parts = ("resolution", "ratio", "duration") if kind == "video_loras" else ()
                shown = {f"default_{part}": body.get(f"video_{part}") for part in parts}
                shown["name"] = next((as_object(one).get("name") for one in as_list(body.get("loras"))), None)
                put(self._world, kind, team, {"id": shown_id, "slug": style, **shown})

    def _imply_files(self, view: View) -> None:
        order = view.order
        used = [*as_list(order.get("reference_image_urls")), order.get("first_frame_url"), order.get("last_frame_url")]
        for name in used:
            if isinstance(name, str) and name.startswith("file_"):
                self._put(view, "files", name, expires=self._world.clock.time() + LONG)


def _price_of(row: GenerationRow) -> float:
    """Return the documented price of work that has cost nothing, as far as its row shows it."""
    if row.media_type == "video":
        cost = orders.video_price(row.video_resolution or "480p", row.video_duration or 0)
    else:
        cost = orders.image_price(row.image_count or 1, enhance=False)
    return float(cost["amount"])


def _implied(view: View) -> str | None:
    """Return the status of a record that nothing else shows, by the refusal that it caused."""
    if view.kind == "characters" and view.row.acts and view.reason == "invalid_request_error":
        return "synthesizing" if view.at_rest else "ready"
    return _ENDED.get(view.code) if view.collection == "generations" else None


def _accepted(view: View) -> bool:
    """Whether all that a request names was there: it took effect, or only credit was missing, which is checked last."""
    return view.succeeded or view.lost or view.exchange.status == HTTPStatus.PAYMENT_REQUIRED
