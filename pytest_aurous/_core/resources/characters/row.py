"""The character as the fake stores it and as the API shows it; a new attribute is one line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ...wire.fields import HOLDS, Reader, body_of, boolean, integer, list_of, object_of, optional, text
from ...wire.headers import VERSION, VERSION_FORM
from ...world.script import Lifecycle, Plan, Status
from ...world.world import World
from ..base.schema import RecordRow, column, obj, row_class, text_of, to_wire
from ..uploads import POSES

SYNTHESIZED: Final = ("portrait", "front", "side", "back")
"""The poses that a synthesis draws, in order (create-4)."""

_AGAIN: Final = {"synthesizing": "draw again", "deleted": "delete"}
LIFECYCLE: Final = Lifecycle(
    "characters",
    {
        "synthesizing": Status(
            {"reviewing": "drawn", "ready": "published by itself", "failed": "fails", "deleted": "delete"}
        ),
        "reviewing": Status({"ready": "save", **_AGAIN}, "completed", drawn=True),
        "ready": Status({"ready": "save", **_AGAIN}, "completed", drawn=True, published=True),
        "failed": Status(_AGAIN, "failed", error="provider_timeout"),
        "deleted": Status({}, "cancelled", drawn=True, lives=False),
    },
)
# Seconds, from each time that the URL is signed (time-2).
_REF_LIFE: Final = 24 * 3600.0

# No page says how long a text or how high an age may be: all these limits are assumed.
ATTRIBUTES: Final[dict[str, Reader]] = {
    "gender": text(200),
    "age": integer(18, 120),
    "ethnicity": text(200),
    "hair_color": text(200),
    "hair_style": text(200),
    "eye_color": text(200),
    "body_type": text(200),
    "additional_details": text(1000),
}
"""The attributes of a character; the API accepts no others (create-6)."""

CREATE: Final[dict[str, Reader]] = {
    "name": text(120),
    "generate": optional(boolean, default=False),
    "upload_ids": list_of(text(256, holds="id"), 1, 6),
    "attributes": object_of(ATTRIBUTES),
    "client_reference_id": text(256),
}
"""The fields of POST /v1/characters (create-6, create-7)."""


class Ref(NamedTuple):
    """A reference picture."""

    pose: str
    version: int  # 1, and one more each time it is redrawn
    path: str  # in the storage; new for each version


@row_class
class CharacterRow(RecordRow):
    id: str = column("``char_`` and a ULID.", holds="id")
    object: str = column("Always ``character``.", holds="word", default="character")
    name: str = column("Display name.", like=CREATE["name"])
    status: str = column("How far it is.", schema={"enum": list(LIFECYCLE.statuses)})
    refs: tuple[Ref, ...] = column(
        "The reference pictures.",
        schema={"type": "array", "items": obj(pose={"enum": list(POSES)}, url=text_of("url"))},
        default=(),
        rule="get-3",
    )
    created_at: str = column("ISO 8601 (time-1).")
    updated_at: str = column("ISO 8601; moves with every change.")
    attributes: dict[str, Any] | None = column(
        "Its description, or None.",
        seen="null",
        schema={"anyOf": [{**body_of(ATTRIBUTES), HOLDS: "client"}, {"type": "null"}]},
        default=None,
    )
    error_message: str | None = column(
        "Why the synthesis failed; None in any other status.",
        seen="null",
        holds="word",
        value="form",
        default=None,
    )
    aurous_version: str = column(
        "API version of the request that created it (ver-4).",
        seen="optional",
        schema={**text_of("time"), "pattern": VERSION_FORM},
        default=VERSION,
        rule="ver-4",
    )
    client_reference_id: str | None = column(
        "The client's own id for it; absent if the client sent no id.",
        seen="omitted",
        like=CREATE["client_reference_id"],
        default=None,
        rule="create-7",
    )
    team: str = column("Id of the owning team.", seen="never")
    gone: bool = column("Whether it was deleted for good (del-2).", seen="by tests", default=False)
    plan: Plan = column("Its script.", seen="never")
    runs: int = column("Number of runs that have started since the script was bound.", seen="never", default=0)
    published: bool = column(
        "Whether it was ever ``ready``; from then on it skips ``reviewing`` (save-6).", seen="never", default=False
    )
    redraw: tuple[str, ...] = column("The poses that the current run draws.", seen="never", default=SYNTHESIZED)
    hold: int | None = column("The ledger's id of the credits held for the current run.", seen="never", default=None)


def draw(world: World, pose: str, old: Ref | None = None) -> Ref:
    """Return a new picture: the first of its pose, or the version after *old*."""
    return Ref(pose, old.version + 1 if old else 1, f"/storage/characters/{world.ids.new('ref')}/{pose}.bin")


def show_refs(world: World, refs: Iterable[Ref]) -> list[dict[str, str]]:
    """Write refs with signed URLs that expire in 24 h (get-3, time-2)."""
    base, expires = world.settings.base_url, world.clock.time() + _REF_LIFE
    return [{"pose": ref.pose, "url": world.urls.sign(base, ref.path, expires, "token")} for ref in refs]


def render(world: World, row: CharacterRow) -> dict[str, Any]:
    out = to_wire(row, world.settings.sparse)
    out["refs"] = show_refs(world, row.refs)
    return out
