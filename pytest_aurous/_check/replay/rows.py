"""Rows of the fake made from records of a recording, and rows that follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from ..._resources.catalog import LIFECYCLES
from ..._resources.characters import CharacterRow
from ..._resources.characters.row import draw
from ..._resources.content.pictures import picture
from ..._resources.files import FileRow
from ..._resources.generations import GenerationRow
from ..._resources.styles import LoraRow, VideoLoraRow, make
from ..._resources.uploads import POSES, UploadRow
from ..._resources.webhooks import EVENTS, EndpointRow
from ..._time.clock import iso
from ..._wire.data import as_list, as_object
from ..._world.script import Hold, Plan, Step
from ..._world.world import World
from ..recording.view import KINDS, STATUSES, instant_of
from ..words import known_words

STREAMS: Final = {"generations": "generation", "loras": "style", "video_loras": "style"}
WAIT: Final = Hold("!")
WAITING: Final = {name: Plan(((Step(lifecycle.start, None, WAIT),),)) for name, lifecycle in LIFECYCLES.items()}
"""Scripts whose work ends when the recording says so."""

_BYTES: Final = 1024
"""The size of a picture that no request shows."""
_DRAWN: Final = len(POSES) - 1
"""How many pictures a synthesis draws: of each pose but ``other``."""
_PREVIEW: Final = "whsec_..."
_KEPT: Final = ("refs", "output_urls", "output_video_url", "url", "loras", "secret", "credits", "id")
"""Fields that the fake writes for itself."""


def put(world: World, kind: str, team: str, seen: Mapping[str, Any], status: str = "", **columns: Any) -> None:
    """Add a row that shows what *seen* shows, in another *status* if one is passed; one that is there follows it."""
    row_id = str(seen["id"])
    if world.row(row_id) is not None:  # a request has named it before a response has shown it
        follow(world, kind, seen)
        return
    world.ids.choose(row_id, row_id.partition("_")[0], STREAMS.get(kind, ""))
    row = _MAKERS[kind](world, team, seen, status or str(seen.get("status")))
    row = replace(row, **_simple(row, seen, {"status"}), **columns)
    table = world.table(KINDS[kind])
    table.insert(row)
    if getattr(row, "status", None) == "deleted":
        table.retire(row)


def follow(world: World, kind: str, seen: Mapping[str, Any]) -> None:
    """Let the row of the fake have what the recording shows of it."""
    table = world.table(KINDS[kind])
    if seen["id"] not in table:
        return
    row = table[seen["id"]]
    changes = _simple(row, seen, {"cost"})
    if changes.get("status") not in STATUSES.get(kind, ()):
        changes.pop("status", None)
    if kind == "characters":
        changes["plan"] = WAITING["characters"]
    poses = _poses(seen)
    if kind == "characters" and "refs" in seen and poses != [ref.pose for ref in row.refs]:
        changes["refs"] = tuple(draw(world, pose) for pose in poses)
    if kind == "characters" and changes.get("status") == "ready":
        changes["published"] = True
    if kind == "generations":
        changes |= _times(row, seen)
    if changes:
        table.replace(replace(row, **changes))


def rename(world: World, seen: Mapping[str, Any]) -> None:
    """Let a character have the name and the attributes that a poll shows: another client may have changed them."""
    row = world.row(str(seen["id"]))
    shown = {name: seen[name] for name in ("name", "attributes") if seen.get(name) is not None}
    if isinstance(row, CharacterRow) and (changes := _simple(row, shown, set())):
        world.table(CharacterRow).replace(replace(row, **changes))


def redraw(world: World, seen: Mapping[str, Any]) -> None:
    """Let a character have the pictures that it shows."""
    table = world.table(CharacterRow)
    table.replace(replace(table[str(seen["id"])], refs=tuple(draw(world, pose) for pose in _poses(seen))))


def has_all(seen: Mapping[str, Any]) -> bool:
    """Whether a character shows all pictures of a synthesis, not only those that were drawn so far."""
    return len(_poses(seen)) == _DRAWN


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
    if name == "attributes" and value is not None:  # new ones are a difference each time
        return {key: one for key, one in as_object(value).items() if key in known_words()}
    if name == "events":  # those that are none are a difference each time
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


def _character(world: World, team: str, seen: Mapping[str, Any], status: str) -> CharacterRow:
    now = iso(world.clock.time())
    status = status if status in STATUSES["characters"] else "ready"
    return CharacterRow(
        id=str(seen["id"]),
        name=_text(seen, "name", "?"),
        status=status,
        refs=tuple(draw(world, pose) for pose in _poses(seen)),
        created_at=now,
        updated_at=now,
        team=team,
        plan=WAITING["characters"],
        published=status == "ready",
    )


def _generation(world: World, team: str, seen: Mapping[str, Any], status: str) -> GenerationRow:
    now = world.clock.time()
    styles = [as_object(one) for one in as_list(seen.get("loras"))]
    row = GenerationRow(
        id=str(seen["id"]),
        status=status if status in STATUSES["generations"] else "succeeded",
        created_at=iso(now),
        media_type="video" if str(seen["id"]).startswith("vid_") else "image",
        cost={"amount": 0, "currency": "credit", "breakdown": {"base": 0, "enhance": 0}},
        inference_type="t2i",
        loras=tuple((str(one.get("id")), str(one.get("name"))) for one in styles) if styles else None,
        team=team,
        plan=WAITING["images"],
        charged=world.settings.reading("cred-2") == "at_create",
        started=now,
    )
    return replace(row, **_times(row, seen))


def _file(world: World, team: str, seen: Mapping[str, Any], _: str) -> FileRow:
    now = world.clock.time()
    expires = instant_of(seen.get("expires_at")) or now
    data = picture(["A file"], 32, 32, "")
    return FileRow(
        id=str(seen["id"]),
        purpose="reference",
        mime_type="image/png",
        size_bytes=len(data),
        width_px=32,
        height_px=32,
        expires_at=iso(expires),
        created_at=iso(now),
        data=data,
        expires=expires,
        team=team,
    )


def _style(kind: type[Any]) -> Callable[[World, str, Mapping[str, Any], str], Any]:
    def made(_: World, team: str, seen: Mapping[str, Any], __: str) -> Any:
        public = seen.get("is_public") is not False
        slug = _text(seen, "slug", str(seen["id"]))
        return make(kind, str(seen["id"]), _text(seen, "name", "?"), slug, team="" if public else team)

    return made


def _endpoint(world: World, team: str, seen: Mapping[str, Any], _: str) -> EndpointRow:
    now = world.clock.time()
    return EndpointRow(
        id=str(seen["id"]),
        url=_text(seen, "url", "https://receiver.example"),
        events=(),
        secret_preview=_PREVIEW,
        signing_secret=_PREVIEW,
        created_at=iso(now),
        updated_at=iso(now),
        began=now,
        team=team,
        metadata={},
    )


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


_MAKERS: Final[dict[str, Callable[[World, str, Mapping[str, Any], str], Any]]] = {
    "characters": _character,
    "generations": _generation,
    "files": _file,
    "loras": _style(LoraRow),
    "video_loras": _style(VideoLoraRow),
    "webhook_endpoints": _endpoint,
}
