"""Styles of images and videos, which the vendor calls LoRAs: the records, four endpoints and the live records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar

from ..base.errors import hide_mistakes
from ..base.instants import iso
from ..wire.fields import integer, number, one_of
from ..wire.refusal import ApiProblem, not_found
from ..world.ids import IdSource
from ..world.state import State
from ..world.world import World
from .base.endpoint import Context, Endpoint, endpoint
from .base.record import Instant, Live, Usable
from .base.schema import RecordRow, column, reference, row_class, to_wire

__tracebackhide__ = hide_mistakes

RATIOS: Final = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1), "3:4": (3, 4), "9:16": (9, 16), "21:9": (21, 9)}
# What a second of video costs, and how much more of it at each resolution (vid-2).
PER_SECOND: Final = 0.5
FACTORS: Final = {"480p": 1, "720p": 1.5, "1080p": 2.5}

# What requests accept (img-1, vid-1), and so the defaults of a style, too. The bounds of SHARE are assumed.
STEPS: Final = integer(1, 100)
GUIDANCE: Final = number(0.1, 30)
SHARE: Final = number(0, 1)
RESOLUTION: Final = one_of(tuple(FACTORS))
RATIO: Final = one_of(tuple(RATIOS))
DURATION: Final = number(2, 12)

_CDN: Final = "https://cdn.aurous-labs.com/previews"
_CREATED: Final = "2026-03-01T00:00:00Z"
_OPTIONAL: Final = ("default_", "description", "has_")
"""Prefixes of the columns that `add` accepts as keyword arguments."""


@row_class
class LoraRow(RecordRow):
    id: str = column("``lora_`` and a ULID.", holds="id")
    name: str = column("Display name.", holds="style", value="free")
    is_public: bool = column("Whether every team can use it.", default=True)
    created_at: str = column("ISO 8601 (time-1).", default=_CREATED)
    slug: str = column(
        "Readable name; requests accept it in place of the id.", seen="optional", holds="style", value="free"
    )
    description: str | None = column("Free text, or None.", seen="optional", value="free", default=None)
    preview_image_url: str | None = column(
        "URL of a sample picture; the fake does not serve it.", seen="optional", holds="url", value="free"
    )
    default_denoise_strength: float = column("Shown only.", seen="optional", like=SHARE, value="form", default=0.8)
    default_guidance_scale: float = column("Shown only.", seen="optional", like=GUIDANCE, value="form", default=7.5)
    default_steps: int = column("Shown only.", seen="optional", like=STEPS, value="form", default=30)
    has_template: bool = column("Whether it wraps prompts.", seen="optional", value="form", default=True)
    team: str = column("Id of the owning team; empty for a public style.", seen="never", default="")


@row_class
class VideoLoraRow(RecordRow):
    id: str = column("``lora_`` and a ULID.", holds="id")
    name: str = column("Display name.", holds="style", value="free")
    is_public: bool = column("Whether every team can use it.", default=True)
    default_resolution: str = column(
        "Used where a request names none.", holds="word", like=RESOLUTION, value="form", default="1080p"
    )
    default_ratio: str = column(
        "Used where a request names none.", holds="word", like=RATIO, value="form", default="16:9"
    )
    default_duration: float = column(
        "Seconds; used where the request does not set it.", like=DURATION, value="form", default=5
    )
    created_at: str = column("ISO 8601 (time-1).", default=_CREATED)
    slug: str = column(
        "Readable name; requests accept it in place of the id.", seen="optional", holds="style", value="free"
    )
    description: str | None = column("Free text, or None.", seen="optional", value="free", default=None)
    preview_video_url: str | None = column(
        "URL of a sample video; the fake does not serve it.", seen="optional", holds="url", value="free"
    )
    team: str = column("Id of the owning team; empty for a public style.", seen="never", default="")


S = TypeVar("S", LoraRow, VideoLoraRow)


def make(kind: type[S], row_id: str, name: str, slug: str | None = None, **columns: Any) -> S:
    """Return a new style; without *slug*, its slug is made from its name."""
    slug = slug or name.lower().replace(" ", "-")
    field, suffix = ("preview_image_url", "jpg") if kind is LoraRow else ("preview_video_url", "mp4")
    columns[field] = f"{_CDN}/{slug}.{suffix}"
    return kind(id=row_id, name=name, slug=slug, **columns)


_IDS: Final = IdSource(State(), 0)
# Invented (style-1, style-3).
IMAGE_STYLES: Final = tuple(
    make(LoraRow, _IDS.new("lora"), name) for name in ("Golden Hour Photography", "Studio Portrait", "Ink and Wash")
)
VIDEO_STYLES: Final = tuple(
    make(VideoLoraRow, _IDS.new("lora"), name) for name in ("Seedance 1 Pro", "Seedance 1 Lite")
)


def find_style(world: World, kind: type[S], team: str, name: str) -> S | None:
    """Return the style that *team* can use under this id or slug, or None."""
    return next((row for row in world.table(kind).usable(team) if name in {row.id, row.slug}), None)


if TYPE_CHECKING:  # type checkers find the attributes of the row
    from typing_extensions import Unpack

    from ..base.names import Ratio, Resolution

    _LoraFields = LoraRow
    _VideoLoraFields = VideoLoraRow
else:
    _LoraFields = _VideoLoraFields = object


class _Style(Live):
    _prefix = "lora"
    _stream = "style"
    _summary = "{0.slug!r}"

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return to_wire(self._row, self._world.settings.sparse)


class Lora(_Style, _LoraFields):
    """A live image style."""

    _kind = LoraRow


class VideoLora(_Style, _VideoLoraFields):
    """A live video style."""

    _kind = VideoLoraRow


L = TypeVar("L", Lora, VideoLora)


class LoraColumns(TypedDict, total=False):
    """More columns of an image style."""

    description: str | None
    default_denoise_strength: float
    default_guidance_scale: float
    default_steps: int
    has_template: bool


class VideoLoraColumns(TypedDict, total=False):
    """More columns of a video style."""

    description: str | None
    default_resolution: Resolution | str
    default_ratio: Ratio | str
    default_duration: float


class Styles(Usable[L]):
    """The styles that a team can use: the public ones, then its own."""

    def _add(self, name: str, slug: str | None, public: bool, origin: Any, columns: Mapping[str, Any]) -> L:  # noqa: FBT001 - as in `add`
        """Add a style; its *origin* is its id and when it was created, as in `add`."""
        check = self._check("add")
        check.text("name", name, "House Style")
        if slug is not None:
            check.text("slug", slug, "house-style")
        check.instance("public", public, bool, "True or False.")
        kind = self._record._kind
        defaults = {field.name: field.default for field in fields(kind) if field.name.startswith(_OPTIONAL)}
        check.keywords(columns, defaults)
        for option, value in columns.items():
            if option == "description":
                check.instance(option, value, str | None, "text, or None.")
            elif isinstance(defaults[option], str):
                check.instance(option, value, str, f"text such as {defaults[option]!r}.")
            elif isinstance(defaults[option], bool):
                check.instance(option, value, bool, "True or False.")
            else:
                check.number(option, value, 0)
        owner = "" if public else self._team
        with self._world.lock, self._adding(owner, *origin) as row_id:
            row = make(
                kind,
                row_id,
                name,
                slug,
                is_public=public,
                team=owner,
                created_at=iso(self._world.clock.time()),
                **columns,
            )
            return self._live(self._world.table(kind).insert(row).id)


class Loras(Styles[Lora]):
    """The image styles that a team can use."""

    _record = Lora

    def add(
        self,
        name: str = "House Style",
        *,
        slug: str | None = None,
        public: bool = False,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
        **columns: Unpack[LoraColumns],
    ) -> Lora:
        """Add a style, for this team alone unless it is *public*.

        Args:
            name: Display name.
            slug: Readable id; by default it is made from the name.
            public: Whether every team can use it.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.
            **columns: More columns, such as ``default_steps``.

        Raises:
            TypeError: For a column that a style does not have.
            AurousError: For an invalid value, or an id that is taken.
        """
        return self._add(name, slug, public, (id, created_at), columns)


class VideoLoras(Styles[VideoLora]):
    """The video styles that a team can use."""

    _record = VideoLora

    def add(
        self,
        name: str = "House Style",
        *,
        slug: str | None = None,
        public: bool = False,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
        **columns: Unpack[VideoLoraColumns],
    ) -> VideoLora:
        """Add a style, for this team alone unless it is *public*; see `Loras.add`."""
        return self._add(name, slug, public, (id, created_at), columns)


def require_style(world: World, team: str, name: str, kind: type[S], param: str) -> S:
    """Return the style that a request names by id or slug; refuse one of the other medium (style-5)."""
    row = find_style(world, kind, team, name)
    if row is not None:
        return row
    if find_style(world, LoraRow, team, name) or find_style(world, VideoLoraRow, team, name):
        medium = "image" if kind is LoraRow else "video"
        message = f"{param} {name!r} is a style of another medium: {medium} needs one of its own."
        raise ApiProblem(400, "unsupported_lora_for_mode", message, param)
    raise not_found("style", name, param)


def _endpoints(resource: str, kind: type[S], of_list: str, of_one: str) -> tuple[Endpoint, Endpoint]:
    path, one = f"/v1/{resource}", reference(kind)
    array = {"type": "array", "items": one}

    @endpoint(f"{resource}.list", f"GET {path}", bucket="reads", shape=array, rules=(of_list,))
    def list_all(ctx: Context) -> list[dict[str, Any]]:
        """GET the styles: an array without pages."""
        return [to_wire(row, ctx.world.settings.sparse) for row in ctx.world.table(kind).usable(ctx.team)]

    @endpoint(f"{resource}.retrieve", f"GET {path}/{{id}}", bucket="reads", shape=one, rules=(of_one,))
    def retrieve(ctx: Context) -> dict[str, Any]:
        """GET one style by id or slug."""
        name = ctx.args["id"]
        row = find_style(ctx.world, kind, ctx.team, name)
        if row is None:
            raise not_found("style", name)
        return to_wire(row, ctx.world.settings.sparse)

    return list_all, retrieve


ENDPOINTS: Final = (
    *_endpoints("loras", LoraRow, "style-1", "style-2"),
    *_endpoints("video_loras", VideoLoraRow, "style-3", "style-4"),
)
