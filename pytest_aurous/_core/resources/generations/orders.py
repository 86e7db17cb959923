"""The bodies of create requests: fields of images and videos, their sizes (img-2, img-3) and cost (cred-4, vid-2)."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from ...base.amounts import json_number, product
from ...wire.fields import Reader, boolean, integer, is_https, list_of, optional, read_fields, text, url
from ...wire.refusal import ApiProblem, missing_field
from ..base.endpoint import Context
from ..characters.machine import require_ready
from ..files import require_file
from ..styles import (
    DURATION,
    FACTORS,
    GUIDANCE,
    PER_SECOND,
    RATIO,
    RESOLUTION,
    SHARE,
    STEPS,
    LoraRow,
    VideoLoraRow,
    require_style,
)
from .row import ASPECTS, COUNT, PROMPT, SEED, SIZE, TIERS

FIELDS: Final[dict[str, Reader]] = {
    "prompt": PROMPT,
    "seed": optional(SEED, note="By default drawn, as for -1."),
    "enhance_prompt": optional(boolean, default=False),
    "webhook_url": url(2048),
}


def cost_of(base: float, enhance: float = 0) -> dict[str, Any]:
    return {"amount": base + enhance, "currency": "credit", "breakdown": {"base": base, "enhance": enhance}}


def draw_seed(ctx: Context, sent: int | None) -> int:
    """Return the seed that was sent; draw one for None and -1."""
    # Not negative, and of 31 bits, which every client can hold.
    return ctx.world.random.randrange(2**31) if sent is None or sent == -1 else sent


def require_picture(ctx: Context, reference: str, param: str) -> None:
    """Refuse a reference that is neither a file of the team nor an https URL."""
    if reference.startswith("file_"):
        require_file(ctx.world, ctx.team, reference, param)
    elif not is_https(reference):
        raise ApiProblem(400, "invalid_format", f"{param} must be file ids or https URLs, not {reference!r}.", param)


# Pixels: what a side may have, and what sides are multiples of (img-3).
SIDES: Final = (1024, 4096)
GRID: Final = 32
USUAL: Final = "2k_1_1"
"""The ``size`` of a request that sends neither a size nor sides."""


def snapped(pixels: float) -> int:
    """Return the nearest multiple of 32."""
    return int((pixels + GRID / 2) // GRID * GRID)


def _preset(side: int, wide: int, high: int) -> tuple[int, int]:
    # The same area as the square (img-2).
    unit = side / sqrt(wide * high)
    return snapped(wide * unit), snapped(high * unit)


PRESETS: Final = {
    f"{tier}_{wide}_{high}": _preset(side, wide, high) for tier, side in TIERS.items() for wide, high in ASPECTS
}
"""Width and height of each ``size``: all have about the area of the square (img-2)."""

IMAGE: Final[dict[str, Reader]] = {
    **FIELDS,
    "negative_prompt": PROMPT,
    "lora_id": text(256, holds="id"),
    "character_id": text(256, holds="id"),
    "width": optional(integer(*SIDES), note="Both sides, in place of `size`; rounded to multiples of 32."),
    "height": optional(integer(*SIDES), note="Both sides, in place of `size`; rounded to multiples of 32."),
    "size": optional(SIZE, note=f"By default `{USUAL}`, unless the sides are sent."),
    "steps": optional(STEPS, note="Is not returned."),
    "guidance_scale": optional(GUIDANCE, note="Is not returned."),
    "cfg_rescale": optional(SHARE, default=0),
    "denoise_strength": SHARE,
    "count": optional(COUNT, default=1),
    "reference_image_urls": list_of(text(2048, holds="url"), 1, 10),
}
"""The fields of POST /v1/images (img-1)."""


def read_image(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the image that the body asks for, and its cost."""
    world = ctx.world
    sent = read_fields(ctx.body, IMAGE, required=("prompt",))
    if not sent["prompt"].strip():
        raise ApiProblem(400, "invalid_format", f"prompt must have more than blanks, not {sent['prompt']!r}.", "prompt")
    width, height, preset = measured(sent)
    character, references = sent.pop("character_id", None), sent.pop("reference_image_urls", ())
    # What the body alone decides comes before what has to be looked up: styles, characters, files.
    if character is not None and references:
        message = "Send either character_id or reference_image_urls."
        raise ApiProblem(400, "mutually_exclusive_input", message, "character_id")
    loras = None
    if "lora_id" in sent:
        style = require_style(world, ctx.team, sent.pop("lora_id"), LoraRow, "lora_id")
        loras = ((style.id, style.name),)
    if character is not None:
        require_ready(world, ctx.team, character)
    for picture in references:
        require_picture(ctx, picture, "reference_image_urls")
    count = sent.pop("count")
    cost = image_price(count, enhance=sent.pop("enhance_prompt"))
    # The API accepts them, and does not return them.
    for name in ("steps", "guidance_scale"):
        sent.pop(name, None)
    columns = {
        **sent,
        "seed": draw_seed(ctx, sent.get("seed")),
        "width": width,
        "height": height,
        "size_preset": preset,
        "image_count": count,
        "inference_type": "i2i" if character or references else "t2i",
        "reference_image_urls": tuple(references),
        "character_id": character,
        "loras": loras,
    }
    return columns, cost


def measured(sent: dict[str, Any]) -> tuple[int, int, str | None]:
    """Remove width, height and size from *sent*, and return width, height and preset (img-3)."""
    width, height, size = sent.pop("width", None), sent.pop("height", None), sent.pop("size", None)
    if size is not None and (width is not None or height is not None):
        raise ApiProblem(400, "parameter_invalid_combination", "Send either size, or width and height.", "size")
    if width is None and height is None:
        size = size or USUAL
        return *PRESETS[size], size
    if width is None or height is None:
        raise missing_field("width" if width is None else "height")
    return snapped(width), snapped(height), None


def image_price(count: int, *, enhance: bool) -> dict[str, Any]:
    return cost_of(count, count if enhance else 0)


_STYLE: Final = "By default as in the style."

VIDEO: Final[dict[str, Reader]] = {
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


def video_price(resolution: str, seconds: float) -> dict[str, Any]:
    """Return the cost of a video: by the second, higher for a higher resolution."""
    return cost_of(json_number(product(PER_SECOND, FACTORS[resolution], seconds)))


def read_video(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the video that the body asks for, and its cost."""
    sent = read_fields(ctx.body, VIDEO, required=("video_lora_id",))
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
    return columns, video_price(resolution, seconds)
