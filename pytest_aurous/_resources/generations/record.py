"""The generation as it is stored and as the API shows it (img-5): an attribute is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..._framework.schema import column, obj, to_wire
from ..._wire.version import VERSION
from ..._world.script import Plan
from ..._world.world import World

__all__ = ("AMOUNT", "BREAKDOWN", "RETENTION", "GenerationRow", "kept_until", "prefix_of", "render")

_DAY: Final = 86_400.0
RETENTION: Final = {"image": {"7d": 7 * _DAY, "24h": _DAY}, "video": {"7d": _DAY, "24h": _DAY}}
"""How long outputs live (time-4): by medium and reading."""
AMOUNT: Final = {"type": "number"}
BREAKDOWN: Final = obj(base=AMOUNT, enhance=AMOUNT)


@dataclass(frozen=True, kw_only=True)
class GenerationRow:
    """An image or a video as it is stored. What is not hidden is on the wire, under the same name.

    Attributes:
        id: ``img_`` or ``vid_`` and a ULID.
        object: Always ``inference``.
        status: ``pending``, ``processing``, ``succeeded``, ``failed`` or ``cancelled``.
        prompt: What to draw.
        created_at: ISO 8601 (time-1).
        media_type: ``image`` or ``video``.
        negative_prompt: What not to draw.
        output_urls: Where the pictures are; filled when it has succeeded.
        output_video_url: Where the film is.
        reference_image_urls: Pictures to draw from, as sent.
        error_message: Why it failed; None in any other status.
        duration_ms: How long the work took.
        cost: The price: what is held while it runs, and what was charged at its end.
        width: Pixels, as snapped (img-3).
        height: Likewise.
        image_count: How many pictures.
        size_preset: The ``size`` that was asked for.
        inference_type: ``t2i``, ``i2i``, ``t2v`` or ``i2v``.
        cfg_rescale: As sent with an image, 0 to 1.
        denoise_strength: Likewise.
        seed: As sent, or drawn; part of the picture.
        video_duration: Seconds.
        video_resolution: ``480p``, ``720p`` or ``1080p``.
        video_ratio: Such as ``16:9``.
        video_camera_fixed: As sent with a video, else false.
        character_id: Whom it shows; stays when the character is deleted (img-12).
        loras: The style, or None.
        aurous_version: The API version of its creation (ver-4).
        creation_request_id: The request that made it.
        completed_at: When it reached its end.
        team: Id of the owning team.
        plan: Its script.
        runs: How many runs of the script were taken: its only one.
        hold: The credits held for it.
        finished: When it reached its end, in epoch seconds.
        webhook_url: Where its maker wants to be told.
    """

    id: str
    object: str = "inference"
    status: str = "pending"
    prompt: str | None = None
    created_at: str
    media_type: str
    negative_prompt: str | None = None
    output_urls: tuple[str, ...] = column(list, default=())
    output_video_url: str | None = None
    reference_image_urls: tuple[str, ...] = column(list, default=())
    error_message: str | None = None
    duration_ms: int | None = None
    cost: dict[str, Any] = column(schema=obj(amount=AMOUNT, currency={"const": "credit"}, breakdown=BREAKDOWN))
    width: int | None = None
    height: int | None = None
    image_count: int | None = None
    size_preset: str | None = None
    inference_type: str
    cfg_rescale: float | None = None
    denoise_strength: float | None = None
    seed: int | None = None
    video_duration: float | None = None
    video_resolution: str | None = None
    video_ratio: str | None = None
    video_camera_fixed: bool | None = None
    character_id: str | None = None
    loras: tuple[tuple[str, str], ...] | None = column(
        lambda styles: styles and [{"id": style, "name": name} for style, name in styles],
        schema={
            "anyOf": [
                {"type": "array", "items": obj(id={"type": "string"}, name={"type": "string"})},
                {"type": "null"},
            ]
        },
        default=None,
    )
    aurous_version: str = VERSION
    creation_request_id: str | None = None
    completed_at: str | None = None
    team: str = column(hidden=True)
    plan: Plan = column(hidden=True)
    runs: int = column(hidden=True, default=1)
    hold: int | None = column(hidden=True, default=None)
    started: float = column(hidden=True)
    finished: float | None = column(hidden=True, default=None)
    webhook_url: str | None = column(hidden=True, told=True, default=None)


def prefix_of(media_type: str) -> str:
    """Return how ids of a medium begin."""
    return {"image": "img", "video": "vid"}[media_type]


def kept_until(world: World, row: GenerationRow) -> float:
    """Return when the output of a finished generation is thrown away (time-4)."""
    return (row.finished or 0) + RETENTION[row.media_type][world.settings.reading("time-4")]


def render(world: World, row: GenerationRow) -> dict[str, Any]:
    """Write a generation as the API shows it."""
    out = to_wire(row)
    if row.status == "succeeded":
        until = kept_until(world, row)
        if row.media_type == "image":
            paths = [f"/v1/images/{row.id}/output/{number}" for number in range(row.image_count or 0)]
            out["output_urls"] = [world.sign(world.settings.base_url, path, until, "token") for path in paths]
        else:
            out["output_video_url"] = world.sign(world.settings.base_url, f"/v1/videos/{row.id}/output", until, "token")
    return out
