"""The image calls; those on one generation serve videos too."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.endpoint import Context, Endpoint
from ..._framework.fields import integer, list_of, number, one_of, read_fields, text
from ..._framework.pages import PAGE, page
from ..._framework.schema import body_of, listing, reference
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, not_found
from ..characters import require_ready
from ..styles import LoraRow, require_style
from . import machine, sizes
from .orders import ERRORS, ESTIMATE, FIELDS, creation, draw_seed, estimation, require_picture
from .record import GenerationRow, render

__all__ = ("CREATE", "ENDPOINTS", "none_of", "retrieve")

_SIDE: Final = integer(*sizes.SIDES)
CREATE: Final = {
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
"""What POST /v1/images takes (img-1)."""


def _read(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns that the body tells, and the price."""
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
    price = sizes.price_of(count, enhance=sent.pop("enhance_prompt", False))
    for name in ("steps", "guidance_scale"):  # taken, and never shown again
        sent.pop(name, None)
    told = {
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
    return told, price


def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/images: the history of images and videos (img-10), a look at each row that the page holds."""
    world = ctx.world
    table = world.table(GenerationRow)

    def show(row: GenerationRow) -> GenerationRow:
        world.runs.look(row.id)
        return table[row.id]

    return page(table, ctx.team, ctx.query, show, lambda _: True, lambda row: render(world, row))


def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/images/{id} and /v1/videos/{id}: the poll."""
    row = find(ctx)
    ctx.world.runs.look(row.id)
    return render(ctx.world, ctx.world.table(GenerationRow)[row.id])


def cancel(ctx: Context) -> dict[str, Any]:
    """POST /v1/images/{id}/cancel (img-7)."""
    return render(ctx.world, machine.cancel(ctx.world, find(ctx)))


def find(ctx: Context) -> GenerationRow:
    """Return the generation of the path, of the calling team."""
    row = ctx.world.table(GenerationRow).find(ctx.args["id"], ctx.team)
    if row is None:
        raise none_of(ctx)
    return row


def none_of(ctx: Context) -> ApiProblem:
    """Return the refusal of an id that is none, or another team's (auth-7)."""
    return not_found("generation", ctx.args["id"])


_ONE: Final = reference(GenerationRow)
ENDPOINTS: Final = (
    Endpoint(
        "images.create",
        "POST",
        "/v1/images",
        creation("image", _read),
        bucket="images_post",
        status=201,
        idempotent=True,
        shape=_ONE,
        body=body_of(CREATE, ("prompt",)),
        errors=(*ERRORS, "402 balance_too_low"),
        rules=("img-1", "img-2", "img-3", "img-4", "img-5", "img-11", "cred-4"),
    ),
    Endpoint(
        "images.estimate",
        "POST",
        "/v1/images/estimate",
        estimation(_read),
        bucket="estimate_post",
        shape=ESTIMATE,
        body=body_of(CREATE, ("prompt",)),
        errors=ERRORS,
        rules=("img-9",),
    ),
    Endpoint(
        "images.list",
        "GET",
        "/v1/images",
        list_all,
        bucket="reads",
        shape=listing(GenerationRow),
        query=PAGE,
        errors=("400 invalid_format", "400 parameter_invalid_combination", "400 value_out_of_range"),
        rules=("img-10", "list-1", "list-2", "list-3"),
    ),
    Endpoint(
        "images.retrieve",
        "GET",
        "/v1/images/{id}",
        retrieve,
        bucket="reads",
        shape=_ONE,
        rules=("img-5", "img-6", "img-12"),
    ),
    Endpoint(
        "images.cancel",
        "POST",
        "/v1/images/{id}/cancel",
        cancel,
        bucket="images_post",
        shape=_ONE,
        errors=("400 generation_not_cancellable",),
        rules=("img-7",),
    ),
)
