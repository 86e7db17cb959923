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
    """A stored image or video. Each column that is not hidden is a field of the response, under the same name.

    Attributes:
        id: ``img_`` or ``vid_`` and a ULID.
        object: Always ``inference``.
        status: How far it is; ``expired`` and ``moderation_rejected`` only where a test asks for them.
        prompt: The text to draw.
        created_at: ISO 8601 (time-1).
        media_type: What it is.
        negative_prompt: What to avoid.
        output_urls: URLs of the pictures of an image that has succeeded.
        output_video_url: URL of the film of a video that has succeeded.
        reference_image_urls: Pictures to start from, as sent.
        error_message: Why it failed, expired or was rejected; None in any other status.
        duration_ms: How long the work took.
        cost: The credits held during the work; afterwards the credits charged.
        width: Pixels, rounded to the grid (img-3).
        height: Pixels, rounded to the grid (img-3).
        image_count: Number of pictures.
        size_preset: The ``size``, as sent.
        inference_type: ``t2i``, ``i2i``, ``t2v`` or ``i2v``.
        cfg_rescale: As sent with an image, 0 to 1; 0 by default.
        denoise_strength: As sent with an image, 0 to 1.
        seed: As sent, or drawn by the fake; part of the picture.
        video_duration: Seconds.
        video_resolution: ``480p``, ``720p`` or ``1080p``.
        video_ratio: Such as ``16:9``.
        video_camera_fixed: As sent with a video; false by default.
        character_id: The character that it shows, even if it was deleted since (img-12).
        loras: The style, or None.
        aurous_version: API version of the request that created it (ver-4).
        creation_request_id: Id of the request that created it.
        completed_at: When its work ended.
        team: Id of the owning team.
        plan: Its script.
        hold: The ledger's id of the credits held for it.
        charged: Whether its cost has been spent: at its end, or at its creation (cred-2).
        finished: When its work ended, in epoch seconds.
        webhook_url: A URL that is notified of its end, as sent.
    """

    REQUIRED: ClassVar[tuple[str, ...]] = ("id", "status", "prompt", "created_at")
    RULE: ClassVar[str] = "img-5"

    id: str = column(holds="id")
    object: str = column(holds="word", default="inference")
    status: str = column(schema={"enum": [*RUNNING, *ENDS]}, default="pending", rule="img-6")
    prompt: str | None = column(like=media.PROMPT, default=None)
    created_at: str = column(fixed=True)
    media_type: str = column(schema={"enum": ["image", "video"]})
    negative_prompt: str | None = column(like=media.PROMPT, default=None)
    output_urls: tuple[str, ...] = column(list, holds="url", default=())
    output_video_url: str | None = column(holds="url", default=None)
    reference_image_urls: tuple[str, ...] = column(list, holds="url", default=())
    error_message: str | None = column(holds="word", value="form", default=None)
    duration_ms: int | None = column(value="free", fixed=True, default=None)
    cost: dict[str, Any] = column(
        schema=obj(amount=AMOUNT, currency={"const": "credit"}, breakdown=BREAKDOWN), rule="cred-4"
    )
    width: int | None = column(value="assumed", fixed=True, default=None)
    height: int | None = column(value="assumed", fixed=True, default=None)
    image_count: int | None = column(like=media.COUNT, default=None)
    size_preset: str | None = column(holds="word", like=media.SIZE, value="assumed", fixed=True, default=None)
    inference_type: str = column(schema={"enum": ["t2i", "i2i", "t2v", "i2v"]}, value="assumed", fixed=True)
    cfg_rescale: float | None = column(like=media.SHARE, value="free", fixed=True, default=None)
    denoise_strength: float | None = column(like=media.SHARE, value="free", fixed=True, default=None)
    seed: int | None = column(like=media.SEED, value="form", fixed=True, default=None)
    video_duration: float | None = column(like=media.DURATION, value="assumed", fixed=True, default=None)
    video_resolution: str | None = column(
        fixed=True, holds="word", like=media.RESOLUTION, value="assumed", default=None
    )
    video_ratio: str | None = column(holds="word", like=media.RATIO, value="assumed", fixed=True, default=None)
    video_camera_fixed: bool | None = column(value="free", fixed=True, default=None)
    character_id: str | None = column(holds="id", default=None)
    loras: tuple[tuple[str, str], ...] | None = column(
        lambda styles: styles and [{"id": style, "name": name} for style, name in styles],
        null=True,
        schema={
            "anyOf": [
                {"type": "array", "items": obj(id=text_of("id"), name=free(text_of("style")))},
                {"type": "null"},
            ]
        },
        default=None,
    )
    aurous_version: str = column(schema={**text_of("time"), "pattern": FORM}, default=VERSION, rule="ver-4")
    creation_request_id: str | None = column(holds="id", value="form", fixed=True, default=None)
    completed_at: str | None = column(fixed=True, default=None)
    team: str = column(hidden=True)
    plan: Plan = column(hidden=True)
    hold: int | None = column(hidden=True, default=None)
    charged: bool = column(hidden=True, default=False)
    started: float = column(hidden=True)
    finished: float | None = column(hidden=True, default=None)
    webhook_url: str | None = column(hidden=True, visible=True, default=None)


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
