"""Styles: what images and videos are drawn in. The vendor calls them LoRAs, and keeps two tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from .._framework.endpoint import Context, Endpoint
from .._framework.schema import Shape, column, reference, to_wire
from .._wire import messages as say
from .._wire.refusal import ApiProblem
from .._world.ids import IdSource
from .._world.tables import Table
from .._world.world import World

__all__ = ("ENDPOINTS", "LoraRow", "VideoLoraRow", "make", "require_style", "visible_styles")

_CDN: Final = "https://cdn.aurous-labs.com/previews"
_BORN: Final = "2026-03-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class LoraRow:
    """An image style as it is stored.

    Attributes:
        id: ``lora_`` and a ULID.
        name: Display name.
        is_public: Whether every team has it.
        created_at: ISO 8601 (time-1).
        slug: Its readable name; calls take it as well as the id.
        description: Some words about it.
        preview_image_url: A sample; nothing is there.
        default_denoise_strength: Only shown, as are the other defaults.
        default_guidance_scale: Likewise.
        default_steps: Likewise.
        has_template: Whether it wraps prompts.
        team: Id of the owning team; empty where it is public.
    """

    id: str
    name: str
    is_public: bool = True
    created_at: str = _BORN
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
        """Return the styles that are there from the start (A)."""
        return IMAGE_STYLES


@dataclass(frozen=True, kw_only=True)
class VideoLoraRow:
    """A video style as it is stored.

    Attributes:
        id: ``lora_`` and a ULID.
        name: Display name.
        is_public: Whether every team has it.
        default_resolution: Of a video that is ordered without one.
        default_ratio: Likewise.
        default_duration: Likewise, in seconds.
        created_at: ISO 8601 (time-1).
        slug: Its readable name; calls take it as well as the id.
        description: Some words about it.
        preview_video_url: A sample; nothing is there.
        team: Id of the owning team; empty where it is public.
    """

    id: str
    name: str
    is_public: bool = True
    default_resolution: str = "1080p"
    default_ratio: str = "16:9"
    default_duration: float = 5
    created_at: str = _BORN
    slug: str
    description: str = ""
    preview_video_url: str
    team: str = column(hidden=True, default="")

    @classmethod
    def first(cls) -> tuple[VideoLoraRow, ...]:
        """Return the styles that are there from the start (A)."""
        return VIDEO_STYLES


S = TypeVar("S", LoraRow, VideoLoraRow)


def make(kind: type[S], row_id: str, name: str, **told: Any) -> S:
    """Return a new style."""
    slug = told.pop("slug", None) or name.lower().replace(" ", "-")
    where = f"{_CDN}/{slug}"
    preview: dict[str, Any] = (
        {"preview_image_url": f"{where}.jpg"} if kind is LoraRow else {"preview_video_url": f"{where}.mp4"}
    )
    return kind(id=row_id, name=name, slug=slug, **preview, **told)


_FIXED: Final = IdSource(0)
IMAGE_STYLES: Final = tuple(
    make(LoraRow, _FIXED.new("lora"), name) for name in ("Golden Hour Photography", "Studio Portrait", "Ink and Wash")
)
VIDEO_STYLES: Final = tuple(
    make(VideoLoraRow, _FIXED.new("lora"), name) for name in ("Seedance 1 Pro", "Seedance 1 Lite")
)


def visible_styles(world: World, kind: type[S], team: str) -> list[S]:
    """Return the public styles and those of *team*."""
    table: Table[Any] = world.table(kind)
    return [table[one] for one in (*table.living(""), *table.living(team))]


def _find(world: World, kind: type[Any], team: str, name: str) -> Any:
    """Return the style of that id or slug, or None."""
    rows: list[Any] = visible_styles(world, kind, team)
    return next((row for row in rows if name in {row.id, row.slug}), None)


def require_style(world: World, team: str, name: str | None, medium: str, param: str) -> Any:
    """Return the style that a generation asks for, by id or slug; None where it asks for none.

    Raises:
        ApiProblem: 404 where there is none, 400 where it is of the other medium.
    """
    if name is None:
        return None
    kinds: tuple[type[Any], type[Any]] = (LoraRow, VideoLoraRow) if medium == "image" else (VideoLoraRow, LoraRow)
    for kind in kinds:
        row = _find(world, kind, team, name)
        if row is not None and kind is not kinds[0]:
            message = say.OTHER_MEDIUM.format(param=param, got=name, medium=medium)
            raise ApiProblem(400, "unsupported_lora_for_mode", message, param)
        if row is not None:
            return row
    raise ApiProblem(404, "resource_not_found", say.NOT_FOUND.format(resource="style", id=name), param)


def _list_of(kind: type[Any]) -> Any:
    def list_all(ctx: Context) -> list[dict[str, Any]]:
        """GET the styles: a bare array, without pages."""
        return [to_wire(row) for row in visible_styles(ctx.world, kind, ctx.team)]

    return list_all


def _one_of(kind: type[Any]) -> Any:
    def retrieve(ctx: Context) -> dict[str, Any]:
        """GET one style by id or slug."""
        name = ctx.args["id"]
        row = _find(ctx.world, kind, ctx.team, name)
        if row is None:
            raise ApiProblem(404, "resource_not_found", say.NOT_FOUND.format(resource="style", id=name))
        return to_wire(row)

    return retrieve


def _array(kind: type[Any]) -> Shape:
    return {"type": "array", "items": reference(kind)}


ENDPOINTS: Final = (
    Endpoint("loras.list", "GET", "/v1/loras", _list_of(LoraRow), bucket="reads", shape=_array(LoraRow)),
    Endpoint("loras.retrieve", "GET", "/v1/loras/{id}", _one_of(LoraRow), bucket="reads", shape=reference(LoraRow)),
    Endpoint(
        "video_loras.list", "GET", "/v1/video_loras", _list_of(VideoLoraRow), bucket="reads", shape=_array(VideoLoraRow)
    ),
    Endpoint(
        "video_loras.retrieve",
        "GET",
        "/v1/video_loras/{id}",
        _one_of(VideoLoraRow),
        bucket="reads",
        shape=reference(VideoLoraRow),
    ),
)
