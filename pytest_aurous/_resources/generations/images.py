"""The body of a create request for images."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.endpoint import Context
from ..._framework.fields import Reader, integer, list_of, number, one_of, read_fields, text
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem
from ..characters import require_ready
from ..styles import LoraRow, require_style
from . import sizes
from .orders import FIELDS, draw_seed, require_picture

_SIDE: Final = integer(*sizes.SIDES)
CREATE: Final[dict[str, Reader]] = {
    **FIELDS,
    "negative_prompt": text(4000),
    "lora_id": text(256),
    "character_id": text(256),
    "width": _SIDE,
    "height": _SIDE,
    "size": one_of(tuple(sizes.PRESETS)),
    "steps": integer(1, 100),
    "guidance_scale": number(0.1, 30),
    "cfg_rescale": number(0, 1),
    "denoise_strength": number(0, 1),
    "count": integer(1, 4),
    "reference_image_urls": list_of(text(2048), 1, 10),
}
"""The fields of POST /v1/images (img-1)."""


def read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of the image that the body asks for, and its cost."""
    world = ctx.world
    sent = read_fields(ctx.body, CREATE, required=("prompt",))
    if not sent["prompt"].strip():
        raise ApiProblem(400, "invalid_format", say.BLANK.format(param="prompt"), "prompt")
    width, height, preset = sizes.measured(sent)
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
    count = sent.pop("count", 1)
    cost = sizes.price_of(count, enhance=sent.pop("enhance_prompt", False))
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
