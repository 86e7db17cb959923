"""The video calls that are not those of images."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.endpoint import Context, Endpoint
from ..._framework.fields import boolean, number, one_of, read_fields, text
from ..._framework.schema import body_of, reference
from ..._world.ledger import json_number, product
from ..styles import VideoLoraRow, require_style
from .images import retrieve
from .orders import ERRORS, ESTIMATE, FIELDS, creation, draw_seed, estimation, require_picture
from .record import GenerationRow

__all__ = ("CREATE", "ENDPOINTS", "FACTORS", "PER_SECOND", "RATIOS", "price_of")

PER_SECOND: Final = 0.5
FACTORS: Final = {"480p": 1, "720p": 1.5, "1080p": 2.5}
RATIOS: Final = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1), "3:4": (3, 4), "9:16": (9, 16), "21:9": (21, 9)}

CREATE: Final = {
    **FIELDS,
    "video_lora_id": text(256),
    "first_frame_url": text(2048),
    "last_frame_url": text(2048),
    "resolution": one_of(tuple(FACTORS)),
    "ratio": one_of(tuple(RATIOS)),
    "duration": number(2, 12),
    "camera_fixed": boolean,
    "watermark": boolean,
}


def price_of(resolution: str, seconds: float) -> dict[str, Any]:
    """Return the cost of a film: by the second, more in a finer resolution."""
    amount = json_number(product(PER_SECOND, FACTORS[resolution], seconds))
    return {"amount": amount, "currency": "credit", "breakdown": {"base": amount, "enhance": 0}}


def _read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    sent = read_fields(ctx.body, CREATE, required=("video_lora_id",))
    style = require_style(ctx.world, ctx.team, sent["video_lora_id"], VideoLoraRow, "video_lora_id")
    frames = [name for name in ("first_frame_url", "last_frame_url") if name in sent]
    for name in frames:
        require_picture(ctx, sent[name], name)
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
        creation("video", _read),
        bucket="videos_post",
        status=201,
        idempotent=True,
        shape=reference(GenerationRow),
        body=body_of(CREATE, ("video_lora_id",)),
        errors=(*ERRORS, "402 balance_too_low"),
        rules=("img-11",),
    ),
    Endpoint(
        "videos.estimate",
        "POST",
        "/v1/videos/estimate",
        estimation(_read),
        bucket="estimate_post",
        shape=ESTIMATE,
        body=body_of(CREATE, ("video_lora_id",)),
        errors=ERRORS,
    ),
    Endpoint("videos.retrieve", "GET", "/v1/videos/{id}", retrieve, bucket="reads", shape=reference(GenerationRow)),
)
