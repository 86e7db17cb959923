"""The body of a create request for images: its fields, sizes (img-2, img-3) and cost (cred-4)."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from ...wire import messages as say
from ...wire.refusal import ApiProblem, missing_field
from ..base.endpoint import Context
from ..base.fields import Reader, list_of, optional, read_fields, text
from ..characters import require_ready
from ..media import ASPECTS, COUNT, GUIDANCE, PROMPT, SHARE, SIDE, SIZE, STEPS, TIERS
from ..styles import LoraRow, require_style
from .orders import FIELDS, cost_of, draw_seed, require_picture

GRID: Final = 32
USUAL: Final = "2k_1_1"
"""The ``size`` of a request that sends neither a size nor sides."""


def snapped(pixels: float) -> int:
    """Return the nearest multiple of 32."""
    return int((pixels + GRID / 2) // GRID * GRID)


def _preset(side: int, wide: int, high: int) -> tuple[int, int]:
    unit = side / sqrt(wide * high)  # the same area as the square
    return snapped(wide * unit), snapped(high * unit)


PRESETS: Final = {
    f"{tier}_{wide}_{high}": _preset(side, wide, high) for tier, side in TIERS.items() for wide, high in ASPECTS
}
"""Width and height of each ``size``: all have about the area of the square (img-2)."""

CREATE: Final[dict[str, Reader]] = {
    **FIELDS,
    "negative_prompt": PROMPT,
    "lora_id": text(256, holds="id"),
    "character_id": text(256, holds="id"),
    "width": optional(SIDE, note="Both sides, in place of `size`; rounded to multiples of 32."),
    "height": optional(SIDE, note="Both sides, in place of `size`; rounded to multiples of 32."),
    "size": optional(SIZE, note=f"By default `{USUAL}`, unless the sides are sent."),
    "steps": optional(STEPS, note="Is not returned."),
    "guidance_scale": optional(GUIDANCE, note="Is not returned."),
    "cfg_rescale": optional(SHARE, default=0),
    "denoise_strength": SHARE,
    "count": optional(COUNT, default=1),
    "reference_image_urls": list_of(text(2048, holds="url"), 1, 10),
}
"""The fields of POST /v1/images (img-1)."""


def read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the image that the body asks for, and its cost."""
    world = ctx.world
    sent = read_fields(ctx.body, CREATE, required=("prompt",))
    if not sent["prompt"].strip():
        raise ApiProblem(400, "invalid_format", say.BLANK.format(param="prompt", got=sent["prompt"]), "prompt")
    width, height, preset = measured(sent)
    character, references = sent.pop("character_id", None), sent.pop("reference_image_urls", ())
    if character is not None and references:
        raise ApiProblem(400, "mutually_exclusive_input", say.ONE_SOURCE, "character_id")
    loras = None
    if "lora_id" in sent:
        style = require_style(world, ctx.team, sent.pop("lora_id"), LoraRow, "lora_id")
        loras = ((style.id, style.name),)
    if character is not None:
        require_ready(world, ctx.team, character)
    for picture in references:
        require_picture(ctx, picture, "reference_image_urls")
    count = sent.pop("count")
    cost = price_of(count, enhance=sent.pop("enhance_prompt"))
    for name in ("steps", "guidance_scale"):  # the API accepts them, and does not return them
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
    """Remove width, height and size from *sent*, and return width, height and preset (img-3).

    Raises:
        ApiProblem: 400 for one side without the other, or for sides together with a size.
    """
    width, height, size = sent.pop("width", None), sent.pop("height", None), sent.pop("size", None)
    if size is not None and (width is not None or height is not None):
        raise ApiProblem(400, "parameter_invalid_combination", say.SIZE_TWICE, "size")
    if width is None and height is None:
        size = size or USUAL
        return *PRESETS[size], size
    if width is None or height is None:
        raise missing_field("width" if width is None else "height")
    return snapped(width), snapped(height), None


def price_of(count: int, *, enhance: bool) -> dict[str, Any]:
    """Return the cost of *count* pictures (cred-4)."""
    return cost_of(count, count if enhance else 0)
