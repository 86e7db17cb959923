"""The generation as the fake stores it and as the API shows it (img-5); a new attribute is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ...wire.version import FORM, VERSION
from ...world.script import Plan
from ...world.world import World
from .. import media
from ..base.schema import Record, column, free, obj, text_of, to_wire

_DAY: Final = 86_400.0
RETENTION: Final = {"image": {"7d": 7 * _DAY, "24h": _DAY}, "video": {"7d": _DAY, "24h": _DAY}}
"""How long outputs can be downloaded (time-4), in seconds, by medium and reading."""
RUNNING: Final = ("pending", "processing")
ENDS: Final = ("succeeded", "failed", "cancelled", "expired", "moderation_rejected")
PREFIXES: Final = {"image": "img", "video": "vid"}
"""The prefixes of ids, by medium."""
AMOUNT: Final = {"type": "number"}
BREAKDOWN: Final = obj(base=AMOUNT, enhance=AMOUNT)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GenerationRow(Record):
    """A stored image or video. Each column that is not hidden is a field of the response, under the same name."""

    RULE: ClassVar[str] = "img-5"

    id: str = column("``img_`` or ``vid_`` and a ULID.", holds="id")
    object: str = column("Always ``inference``.", optional=True, holds="word", default="inference")
    status: str = column(
        "How far it is; ``expired`` and ``moderation_rejected`` only where a test asks for them.",
        schema={"enum": [*RUNNING, *ENDS]},
        default="pending",
        rule="img-6",
    )
    prompt: str | None = column("The text to draw.", like=media.PROMPT, default=None)
    created_at: str = column("ISO 8601 (time-1).", fixed=True)
    media_type: str = column("What it is.", optional=True, schema={"enum": ["image", "video"]})
    negative_prompt: str | None = column("What to avoid.", optional=True, like=media.PROMPT, default=None)
    output_urls: tuple[str, ...] = column(
        "URLs of the pictures of an image that has succeeded.", optional=True, write=list, holds="url", default=()
    )
    output_video_url: str | None = column(
        "URL of the film of a video that has succeeded.", optional=True, holds="url", default=None
    )
    reference_image_urls: tuple[str, ...] = column(
        "Pictures to start from, as sent.", optional=True, write=list, holds="url", default=()
    )
    error_message: str | None = column(
        "Why it failed, expired or was rejected; None in any other status.",
        optional=True,
        holds="word",
        value="form",
        default=None,
    )
    duration_ms: int | None = column("How long the work took.", optional=True, value="free", fixed=True, default=None)
    cost: dict[str, Any] = column(
        "The credits held during the work; afterwards the credits charged.",
        optional=True,
        schema=obj(amount=AMOUNT, currency={"const": "credit"}, breakdown=BREAKDOWN),
        rule="cred-4",
    )
    width: int | None = column(
        "Pixels, rounded to the grid (img-3).", optional=True, value="assumed", fixed=True, default=None
    )
    height: int | None = column(
        "Pixels, rounded to the grid (img-3).", optional=True, value="assumed", fixed=True, default=None
    )
    image_count: int | None = column("Number of pictures.", optional=True, like=media.COUNT, default=None)
    size_preset: str | None = column(
        "The ``size``, as sent.",
        optional=True,
        holds="word",
        like=media.SIZE,
        value="assumed",
        fixed=True,
        default=None,
    )
    inference_type: str = column(
        "``t2i``, ``i2i``, ``t2v`` or ``i2v``.",
        optional=True,
        schema={"enum": ["t2i", "i2i", "t2v", "i2v"]},
        value="assumed",
        fixed=True,
    )
    cfg_rescale: float | None = column(
        "As sent with an image, 0 to 1; 0 by default.",
        optional=True,
        like=media.SHARE,
        value="free",
        fixed=True,
        default=None,
    )
    denoise_strength: float | None = column(
        "As sent with an image, 0 to 1.", optional=True, like=media.SHARE, value="free", fixed=True, default=None
    )
    seed: int | None = column(
        "As sent, or drawn by the fake; part of the picture.",
        optional=True,
        like=media.SEED,
        value="form",
        fixed=True,
        default=None,
    )
    video_duration: float | None = column(
        "Seconds.", optional=True, like=media.DURATION, value="assumed", fixed=True, default=None
    )
    video_resolution: str | None = column(
        "``480p``, ``720p`` or ``1080p``.",
        optional=True,
        fixed=True,
        holds="word",
        like=media.RESOLUTION,
        value="assumed",
        default=None,
    )
    video_ratio: str | None = column(
        "Such as ``16:9``.", optional=True, holds="word", like=media.RATIO, value="assumed", fixed=True, default=None
    )
    video_camera_fixed: bool | None = column(
        "As sent with a video; false by default.", optional=True, value="free", fixed=True, default=None
    )
    character_id: str | None = column(
        "The character that it shows, even if it was deleted since (img-12).", optional=True, holds="id", default=None
    )
    loras: tuple[tuple[str, str], ...] | None = column(
        "The style, or None.",
        optional=True,
        write=lambda styles: styles and [{"id": style, "name": name} for style, name in styles],
        null=True,
        schema={
            "anyOf": [
                {"type": "array", "items": obj(id=text_of("id"), name=free(text_of("style")))},
                {"type": "null"},
            ]
        },
        default=None,
    )
    aurous_version: str = column(
        "API version of the request that created it (ver-4).",
        optional=True,
        schema={**text_of("time"), "pattern": FORM},
        default=VERSION,
        rule="ver-4",
    )
    creation_request_id: str | None = column(
        "Id of the request that created it.", optional=True, holds="id", value="form", fixed=True, default=None
    )
    completed_at: str | None = column("When its work ended.", optional=True, fixed=True, default=None)
    team: str = column("Id of the owning team.", hidden=True)
    plan: Plan = column("Its script.", hidden=True)
    hold: int | None = column("The ledger's id of the credits held for it.", hidden=True, default=None)
    charged: bool = column(
        "Whether its cost has been spent: at its end, or at its creation (cred-2).", hidden=True, default=False
    )
    started: float = column("When it was requested, in epoch seconds.", hidden=True)
    finished: float | None = column("When its work ended, in epoch seconds.", hidden=True, default=None)
    webhook_url: str | None = column(
        "A URL that is notified of its end, as sent.", hidden=True, visible=True, default=None
    )


def kept_until(world: World, row: GenerationRow) -> float:
    """Return the expiry of the output of a finished generation, in epoch seconds (time-4)."""
    return (row.finished or 0) + RETENTION[row.media_type][world.settings.reading("time-4")]


def render(world: World, row: GenerationRow) -> dict[str, Any]:
    """Write a generation as the API shows it."""
    out = to_wire(row, world.settings.sparse)
    if row.status == "succeeded":
        until = kept_until(world, row)
        if row.media_type == "image":
            paths = [f"/v1/images/{row.id}/output/{number}" for number in range(row.image_count or 0)]
            if world.settings.reading("img-8") == "anonymous":
                out["output_urls"] = [f"{world.settings.base_url}{path}" for path in paths]
            else:
                out["output_urls"] = [world.urls.sign(world.settings.base_url, path, until, "token") for path in paths]
        else:
            out["output_video_url"] = world.urls.sign(
                world.settings.base_url, f"/v1/videos/{row.id}/output", until, "token"
            )
    return out
