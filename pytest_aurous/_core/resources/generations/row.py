"""The generation as the fake stores it and as the API shows it (img-5); a new attribute is one line here."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Final

from ...wire.fields import integer, one_of, text
from ...wire.headers import VERSION, VERSION_FORM
from ...world.script import Lifecycle, Plan, Status
from ...world.world import World
from ..base.schema import RecordRow, column, free, obj, row_class, text_of, to_wire
from ..styles import DURATION, RATIO, RESOLUTION, SHARE

# The side of the square of each tier, and the ratios of the sizes (img-2).
TIERS: Final = {"2k": 2048, "4k": 4096}
ASPECTS: Final = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (21, 9))

# What requests accept (img-1). How many pictures at once is assumed, and -1 lets the fake draw a seed.
PROMPT: Final = text(4000)
SIZE: Final = one_of(tuple(f"{tier}_{wide}_{high}" for tier in TIERS for wide, high in ASPECTS))
COUNT: Final = integer(1, 4)
SEED: Final = integer(-1, 2**63 - 1)

# The pages of images contradict each other, those of videos do not (time-4).
_DAY: Final = 86_400.0
RETENTION: Final = {"image": {"7d": 7 * _DAY, "24h": _DAY}, "video": {"7d": _DAY, "24h": _DAY}}
"""How long outputs can be downloaded (time-4), in seconds, by medium and reading."""
# Work that has not begun can end in each way but well (img-6).
_ENDS: Final = {"failed": "fails", "cancelled": "cancel", "expired": "times out", "moderation_rejected": "rejected"}
IMAGES: Final = Lifecycle(
    "images",
    {
        "pending": Status({"processing": "begins", **_ENDS}),
        "processing": Status({"succeeded": "done", **_ENDS}),
        "succeeded": Status({}, "completed", drawn=True),
        "failed": Status({}, "failed", error="provider_timeout"),
        "cancelled": Status({}, "cancelled"),
        "expired": Status({}, "failed", error="provider_timeout"),
        "moderation_rejected": Status({}, "failed", error="output_moderation_rejected"),
    },
)
VIDEOS: Final = Lifecycle("videos", IMAGES.statuses)
LIFECYCLES: Final = {"image": IMAGES, "video": VIDEOS}
PREFIXES: Final = {"image": "img", "video": "vid"}
"""The prefixes of ids, by medium."""
AMOUNT: Final = {"type": "number"}
BREAKDOWN: Final = obj(base=AMOUNT, enhance=AMOUNT)

# A column that only some generations have, and keep as it is.
_kept: Final = partial(column, seen="optional", default=None)


@row_class
class GenerationRow(RecordRow):
    RULE: ClassVar[str] = "img-5"

    id: str = column("``img_`` or ``vid_`` and a ULID.", holds="id")
    object: str = column("Always ``inference``.", seen="optional", holds="word", default="inference")
    status: str = column(
        "How far it is; ``expired`` and ``moderation_rejected`` only where a test asks for them.",
        schema={"enum": list(IMAGES.statuses)},
        default="pending",
        rule="img-6",
    )
    prompt: str | None = column("As sent.", like=PROMPT, default=None)
    created_at: str = column("ISO 8601 (time-1).")
    media_type: str = column("What it is.", seen="optional", schema={"enum": ["image", "video"]})
    negative_prompt: str | None = column("As sent.", seen="optional", like=PROMPT, default=None)
    output_urls: tuple[str, ...] = column(
        "URLs of the pictures of an image that has succeeded.", seen="optional", write=list, holds="url", default=()
    )
    output_video_url: str | None = column(
        "URL of the film of a video that has succeeded.", seen="optional", holds="url", default=None
    )
    reference_image_urls: tuple[str, ...] = column(
        "Pictures to start from, as sent.", seen="optional", write=list, holds="url", default=()
    )
    error_message: str | None = column(
        "Why it failed, expired or was rejected; None in any other status.",
        seen="optional",
        holds="word",
        value="form",
        default=None,
    )
    duration_ms: int | None = _kept("How long the work took.", value="free")
    cost: dict[str, Any] = column(
        "The credits held during the work; afterwards the credits charged.",
        seen="optional",
        schema=obj(amount=AMOUNT, currency={"const": "credit"}, breakdown=BREAKDOWN),
        rule="cred-4",
    )
    width: int | None = _kept("Pixels, rounded to the grid (img-3).", value="assumed")
    height: int | None = _kept("Pixels, rounded to the grid (img-3).", value="assumed")
    image_count: int | None = column("Number of pictures.", seen="optional", like=COUNT, default=None)
    size_preset: str | None = _kept("The ``size``, as sent.", holds="word", like=SIZE, value="assumed")
    inference_type: str = column(
        "From text or pictures to an image or a video.",
        seen="optional",
        schema={"enum": ["t2i", "i2i", "t2v", "i2v"]},
        value="assumed",
    )
    cfg_rescale: float | None = _kept("As sent with an image, or 0 (img-5).", like=SHARE, value="or null")
    denoise_strength: float | None = _kept("As sent with an image.", like=SHARE, value="free")
    seed: int | None = _kept("As sent, or drawn by the fake; part of the picture.", like=SEED, value="form")
    video_duration: float | None = _kept("Seconds.", like=DURATION, value="assumed")
    video_resolution: str | None = _kept("As sent, or as in the style.", holds="word", like=RESOLUTION, value="assumed")
    video_ratio: str | None = _kept("As sent, or as in the style.", holds="word", like=RATIO, value="assumed")
    video_camera_fixed: bool | None = _kept("As sent with a video.", value="free")
    character_id: str | None = column(
        "The character that it shows, even if it was deleted since (img-12).", seen="optional", holds="id", default=None
    )
    loras: tuple[tuple[str, str], ...] | None = column(
        "The style, or None.",
        seen="null",
        write=lambda styles: styles and [{"id": style, "name": name} for style, name in styles],
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
        seen="optional",
        schema={**text_of("time"), "pattern": VERSION_FORM},
        default=VERSION,
        rule="ver-4",
    )
    creation_request_id: str | None = _kept("Id of the request that created it.", holds="id", value="form")
    completed_at: str | None = _kept("When its work ended.")
    team: str = column("Id of the owning team.", seen="never")
    plan: Plan = column("Its script.", seen="never")
    hold: int | None = column("The ledger's id of the credits held for it.", seen="never", default=None)
    charged: bool = column(
        "Whether its cost has been spent: at its end, or at its creation (cred-2).", seen="never", default=False
    )
    started: float = column("When it was requested, in epoch seconds.", seen="never")
    finished: float | None = column("When its work ended, in epoch seconds.", seen="never", default=None)
    webhook_url: str | None = column("A URL that is notified of its end, as sent.", seen="by tests", default=None)


def kept_until(world: World, row: GenerationRow) -> float:
    """Return the expiry of the output of a finished generation, in epoch seconds (time-4)."""
    return (row.finished or 0) + RETENTION[row.media_type][world.settings.reading("time-4")]


def render(world: World, row: GenerationRow) -> dict[str, Any]:
    out = to_wire(row, world.settings.sparse)
    if IMAGES.statuses[row.status].drawn:
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
