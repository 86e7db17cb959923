"""The character as it is stored and as the API shows it: an attribute is one line here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from ..._framework.fields import Reader, boolean, described, integer, list_of, read_fields, refuse_type, text
from ..._framework.schema import body_of, column, obj, to_wire
from ..._wire.version import VERSION
from ..._world.script import Plan
from ..._world.world import World
from ..uploads import POSES

__all__ = ("ATTRIBUTES", "CREATE", "SYNTHESIZED", "CharacterRow", "Ref", "draw", "render", "show_refs")

SYNTHESIZED: Final = ("portrait", "front", "side", "back")
"""The poses that a synthesis draws, in this order (order A)."""

_REF_LIFE: Final = 24 * 3600.0

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
"""The closed set of attributes (limits A)."""


def _attributes(value: Any, param: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse_type(param, "an object", value)
    return read_fields(cast("dict[str, Any]", value), ATTRIBUTES, prefix=f"{param}.")


described(_attributes, dict(body_of(ATTRIBUTES)))


CREATE: Final[dict[str, Reader]] = {
    "name": text(120),
    "generate": boolean,
    "upload_ids": list_of(text(256), 1, 6),
    "attributes": _attributes,
    "client_reference_id": text(256),
}
"""What POST /v1/characters takes (create-6, create-7)."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference picture.

    Attributes:
        pose: What it shows.
        version: 1, 2, ... as it is redrawn.
        path: Where it is kept; another one for each version.
    """

    pose: str
    version: int
    path: str


@dataclass(frozen=True, kw_only=True)
class CharacterRow:
    """A character as it is stored. What is not hidden is on the wire, under the same name.

    Attributes:
        id: ``char_`` and a ULID.
        object: Always ``character``.
        name: Display name.
        status: ``synthesizing``, ``reviewing``, ``ready``, ``failed`` or ``deleted``.
        refs: The reference pictures.
        created_at: ISO 8601 (time-1).
        updated_at: ISO 8601; moves with every change.
        attributes: What was described; None where nothing was.
        error_message: Why the synthesis failed; None in any other status.
        aurous_version: The API version of its creation (ver-4).
        client_reference_id: What the creator called it; only there if sent.
        team: Id of the owning team.
        gone: Whether it was deleted for good (del-2).
        plan: Its script.
        runs: How many runs of the script were taken.
        published: Whether it ever was ``ready``; it never returns to ``reviewing`` then (save-6).
        redraw: The poses that the present run draws.
        hold: The credits held for the present run.
    """

    id: str
    object: str = "character"
    name: str
    status: str
    refs: tuple[Ref, ...] = column(
        schema={"type": "array", "items": obj(pose={"enum": list(POSES)}, url={"type": "string"})}, default=()
    )
    created_at: str
    updated_at: str
    attributes: dict[str, Any] | None = column(schema={"anyOf": [body_of(ATTRIBUTES), {"type": "null"}]}, default=None)
    error_message: str | None = None
    aurous_version: str = VERSION
    client_reference_id: str | None = column(sparse=True, default=None)
    team: str = column(hidden=True)
    gone: bool = column(hidden=True, told=True, default=False)
    plan: Plan = column(hidden=True)
    runs: int = column(hidden=True, default=0)
    published: bool = column(hidden=True, default=False)
    redraw: tuple[str, ...] = column(hidden=True, default=SYNTHESIZED)
    hold: int | None = column(hidden=True, default=None)


def draw(world: World, pose: str, old: Ref | None = None) -> Ref:
    """Draw a picture, the first of its pose or the one after *old*."""
    return Ref(pose, old.version + 1 if old else 1, f"/storage/characters/{world.ids.new('ref')}/{pose}.bin")


def show_refs(world: World, refs: Iterable[Ref]) -> list[dict[str, str]]:
    """Write refs with URLs that expire 24 h from now (get-3, time-2)."""
    base, expires = world.settings.base_url, world.clock.time() + _REF_LIFE
    return [{"pose": ref.pose, "url": world.sign(base, ref.path, expires, "token")} for ref in refs]


def render(world: World, row: CharacterRow) -> dict[str, Any]:
    """Write a character as the API shows it."""
    out = to_wire(row)
    out["refs"] = show_refs(world, row.refs)
    return out
