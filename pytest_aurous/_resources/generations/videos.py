"""The video calls that are not those of images."""

from __future__ import annotations

from typing import Any, Final

from ..._endpoint import Context, Endpoint
from ..._fields import boolean, integer, number, one_of, read_fields, text, url
from ..._shape import body_of, reference
from ..styles import require_style
from . import machine
from .images import ESTIMATE, OF_BODY, draw_seed, estimated, reachable, retrieve
from .record import GenerationRow, render

__all__ = ("ENDPOINTS", "FACTORS", "PER_SECOND", "RATIOS")

PER_SECOND: Final = 0.5
FACTORS: Final = {"480p": 1, "720p": 1.5, "1080p": 2.5}
RATIOS: Final = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1), "3:4": (3, 4), "9:16": (9, 16), "21:9": (21, 9)}

CREATE: Final = {
    "video_lora_id": text(256),
    "prompt": text(4000),
    "first_frame_url": text(2048),
    "last_frame_url": text(2048),
    "resolution": one_of(tuple(FACTORS)),
    "ratio": one_of(tuple(RATIOS)),
    "duration": number(2, 12),
    "seed": integer(-1, 2**63 - 1),
    "camera_fixed": boolean,
    "watermark": boolean,
    "enhance_prompt": boolean,
    "webhook_url": url(2048),
}


def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/videos."""
    told, price = _read(ctx)
    hold = ctx.world.ledgers[ctx.team].hold(price["amount"], "balance_too_low")
    row = machine.add(ctx.world, ctx.team, "video", price, hold=hold, creation_request_id=ctx.request_id, **told)
    return render(ctx.world, row)


def estimate(ctx: Context) -> dict[str, Any]:
    """POST /v1/videos/estimate."""
    return estimated(_read(ctx)[1])


def price_of(resolution: str, seconds: float) -> dict[str, Any]:
    """Return the cost of a film: by the second, more in a finer resolution."""
    amount = PER_SECOND * FACTORS[resolution] * seconds
    return {"amount": amount, "currency": "credit", "breakdown": {"base": amount, "enhance": 0}}


def _read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    sent = read_fields(ctx.body, CREATE, required=("video_lora_id",))
    style = require_style(ctx.world, ctx.team, sent["video_lora_id"], "video", "video_lora_id")
    assert style is not None  # noqa: S101 - one was sent
    frames = [name for name in ("first_frame_url", "last_frame_url") if name in sent]
    for name in frames:
        reachable(ctx, sent[name], name)
    resolution = sent.get("resolution", style.default_resolution)
    seconds = sent.get("duration", style.default_duration)
    told = {
        "prompt": sent.get("prompt"),
        "seed": draw_seed(ctx, sent.get("seed")),
        "inference_type": "i2v" if frames else "t2v",
        "video_duration": seconds,
        "video_resolution": resolution,
        "video_ratio": sent.get("ratio", style.default_ratio),
        "video_camera_fixed": sent.get("camera_fixed", False),
        "loras": ((style.id, style.name),),
        "webhook_url": sent.get("webhook_url"),
    }
    return told, price_of(resolution, seconds)


ENDPOINTS: Final = (
    Endpoint(
        "videos.create",
        "POST",
        "/v1/videos",
        create,
        bucket="videos_post",
        status=201,
        idempotent=True,
        shape=reference(GenerationRow),
        body=body_of(CREATE, ("video_lora_id",)),
        errors=(*OF_BODY, "402 balance_too_low"),
        rules=("img-11",),
    ),
    Endpoint(
        "videos.estimate",
        "POST",
        "/v1/videos/estimate",
        estimate,
        bucket="estimate_post",
        shape=ESTIMATE,
        body=body_of(CREATE, ("video_lora_id",)),
        errors=OF_BODY,
    ),
    Endpoint("videos.retrieve", "GET", "/v1/videos/{id}", retrieve, bucket="reads", shape=reference(GenerationRow)),
)
