"""Styles as the fake stores them: one table for images, one for videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ..._framework.schema import column
from ..._world.ids import IdSource
from ..._world.state import State
from ..._world.tables import Table
from ..._world.world import World

_CDN: Final = "https://cdn.aurous-labs.com/previews"
_CREATED: Final = "2026-03-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class LoraRow:
    """A stored image style.

    Attributes:
        id: ``lora_`` and a ULID.
        name: Display name.
        is_public: Whether every team can use it.
        created_at: ISO 8601 (time-1).
        slug: Readable name; requests accept it in place of the id.
        description: Free text.
        preview_image_url: URL of a sample picture; the fake does not serve it.
        default_denoise_strength: Shown only; the fake does not use it.
        default_guidance_scale: Shown only.
        default_steps: Shown only.
        has_template: Whether it wraps prompts.
        team: Id of the owning team; empty for a public style.
    """

    id: str
    name: str
    is_public: bool = True
    created_at: str = _CREATED
    slug: str
    description: str = ""
    preview_image_url: str
    default_denoise_strength: float = 0.8
    default_guidance_scale: float = 7.5
    default_steps: int = 30
    has_template: bool = True
    team: str = column(hidden=True, default="")

    @classmethod
    def first(cls) -> tuple[LoraRow, ...]:
        """Return the styles of a new fake (style-1)."""
        return _IMAGE_STYLES


@dataclass(frozen=True, kw_only=True)
class VideoLoraRow:
    """A stored video style.

    Attributes:
        id: ``lora_`` and a ULID.
        name: Display name.
        is_public: Whether every team can use it.
        default_resolution: Used where a request names none.
        default_ratio: Used where a request names none.
        default_duration: Seconds; used where a request names none.
        created_at: ISO 8601 (time-1).
        slug: Readable name; requests accept it in place of the id.
        description: Free text.
        preview_video_url: URL of a sample video; the fake does not serve it.
        team: Id of the owning team; empty for a public style.
    """

    id: str
    name: str
    is_public: bool = True
    default_resolution: str = "1080p"
    default_ratio: str = "16:9"
    default_duration: float = 5
    created_at: str = _CREATED
    slug: str
    description: str = ""
    preview_video_url: str
    team: str = column(hidden=True, default="")

    @classmethod
    def first(cls) -> tuple[VideoLoraRow, ...]:
        """Return the styles of a new fake (style-3)."""
        return _VIDEO_STYLES


S = TypeVar("S", LoraRow, VideoLoraRow)


def make(kind: type[S], row_id: str, name: str, slug: str | None = None, **columns: Any) -> S:
    """Return a new style; without *slug*, its slug is made from its name."""
    slug = slug or name.lower().replace(" ", "-")
    field, suffix = ("preview_image_url", "jpg") if kind is LoraRow else ("preview_video_url", "mp4")
    columns[field] = f"{_CDN}/{slug}.{suffix}"
    return kind(id=row_id, name=name, slug=slug, **columns)


_IDS: Final = IdSource(State(), 0)
_IMAGE_STYLES: Final = tuple(
    make(LoraRow, _IDS.new("lora"), name) for name in ("Golden Hour Photography", "Studio Portrait", "Ink and Wash")
)
_VIDEO_STYLES: Final = tuple(
    make(VideoLoraRow, _IDS.new("lora"), name) for name in ("Seedance 1 Pro", "Seedance 1 Lite")
)


def visible_styles(world: World, kind: type[S], team: str) -> list[S]:
    """Return the public styles and those of *team*."""
    table: Table[Any] = world.table(kind)
    return [table[row_id] for row_id in (*table.living(""), *table.living(team))]


def find_style(world: World, kind: type[S], team: str, name: str) -> S | None:
    """Return the style that *team* can use under this id or slug, or None."""
    return next((row for row in visible_styles(world, kind, team) if name in {row.id, row.slug}), None)
