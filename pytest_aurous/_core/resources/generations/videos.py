"""The body of a create request for videos."""

from __future__ import annotations

from typing import Any, Final

from ...base.amounts import json_number, product
from ..base.endpoint import Context
from ..base.fields import Reader, boolean, optional, read_fields, text
from ..media import DURATION, FACTORS, RATIO, RESOLUTION
from ..styles import VideoLoraRow, require_style
from .orders import FIELDS, cost_of, draw_seed, require_picture

PER_SECOND: Final = 0.5
_STYLE: Final = "By default as in the style."

CREATE: Final[dict[str, Reader]] = {
    **FIELDS,
    "video_lora_id": text(256, holds="id"),
    "first_frame_url": text(2048, holds="url"),
    "last_frame_url": text(2048, holds="url"),
    "resolution": optional(RESOLUTION, note=_STYLE),
    "ratio": optional(RATIO, note=_STYLE),
    "duration": optional(DURATION, note=_STYLE),
    "camera_fixed": optional(boolean, default=False),
    "watermark": optional(boolean, note="Has no effect."),
}
"""The fields of POST /v1/videos."""


def price_of(resolution: str, seconds: float) -> dict[str, Any]:
    """Return the cost of a video: by the second, higher for a higher resolution."""
    return cost_of(json_number(product(PER_SECOND, FACTORS[resolution], seconds)))


def read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the video that the body asks for, and its cost."""
    sent = read_fields(ctx.body, CREATE, required=("video_lora_id",))
    style = require_style(ctx.world, ctx.team, sent["video_lora_id"], VideoLoraRow, "video_lora_id")
    frames = [name for name in ("first_frame_url", "last_frame_url") if name in sent]
    for name in frames:
        require_picture(ctx, sent[name], name)
    resolution = sent.get("resolution", style.default_resolution)
    seconds = sent.get("duration", style.default_duration)
    columns = {
        "prompt": sent.get("prompt"),
        "seed": draw_seed(ctx, sent.get("seed")),
        "inference_type": "i2v" if frames else "t2v",
        "video_duration": seconds,
        "video_resolution": resolution,
        "video_ratio": sent.get("ratio", style.default_ratio),
        "video_camera_fixed": sent["camera_fixed"],
        "loras": ((style.id, style.name),),
        "webhook_url": sent.get("webhook_url"),
    }
    return columns, price_of(resolution, seconds)
