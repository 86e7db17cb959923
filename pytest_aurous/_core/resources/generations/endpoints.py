"""The endpoints of images and videos, and what they draw."""

from __future__ import annotations

import re
from dataclasses import replace
from math import ceil
from typing import Any, Final

from ...wire.fields import body_of
from ...wire.refusal import BODY_ERRORS, ApiProblem, not_found
from ..base.endpoint import Context, Result, endpoint
from ..base.pages import PAGE, PAGE_ERRORS, page
from ..base.schema import SIGNATURE, listing, obj, reference
from ..content.films import mp4
from ..content.pictures import drawn, picture
from ..styles import RATIOS
from ..team import pay
from . import machine, orders
from .row import AMOUNT, BREAKDOWN, IMAGES, PREFIXES, GenerationRow, kept_until, render

_ONE: Final = reference(GenerationRow)
_ESTIMATE: Final = obj(
    object={"const": "estimate"},
    estimated_cost=obj(amount=AMOUNT, breakdown=BREAKDOWN),
    currency={"const": "credit"},
)
_VIDEO_ERRORS: Final = (*BODY_ERRORS, "400 unsupported_lora_for_mode", "404 resource_not_found")
_IMAGE_ERRORS: Final = (
    *_VIDEO_ERRORS,
    "400 character_not_ready",
    "400 mutually_exclusive_input",
    "400 parameter_invalid_combination",
)
_OUTPUT_ERRORS: Final = (
    "401 invalid_api_key",
    "401 missing_api_key",
    "403 missing_scope",
    "404 resource_not_found",
    "410 output_expired",
    "422 output_not_available",
)
_IMAGE: Final = body_of(orders.IMAGE, ("prompt",))
_IMAGE_SAMPLE: Final = {"prompt": "Aurora by the lake"}
_VIDEO: Final = body_of(orders.VIDEO, ("video_lora_id",))
_VIDEO_SAMPLE: Final = {"video_lora_id": "seedance-1-pro", "prompt": "She waves", "duration": 4}
# One range of bytes; several at once are ignored (vid-5).
_RANGE: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
# More digits than any output or position needs. Python refuses to convert thousands of digits.
_MAX_DIGITS: Final = 12


@endpoint(
    "images.create",
    "POST /v1/images",
    bucket="images_post",
    status=201,
    idempotent=True,
    shape=_ONE,
    body=_IMAGE,
    sample=_IMAGE_SAMPLE,
    errors=(*_IMAGE_ERRORS, "402 balance_too_low"),
    rules=("img-1", "img-2", "img-3", "img-4", "img-5", "img-11", "cred-4", "style-5"),
    makes=PREFIXES["image"],
)
def create_image(ctx: Context) -> dict[str, Any]:
    """Hold the cost and start the work (cred-2, cred-3)."""
    return _order(ctx, "image", *orders.read_image(ctx))


@endpoint(
    "images.estimate",
    "POST /v1/images/estimate",
    bucket="estimate_post",
    shape=_ESTIMATE,
    body=_IMAGE,
    sample=_IMAGE_SAMPLE,
    errors=_IMAGE_ERRORS,
    rules=("img-9",),
)
def estimate_image(ctx: Context) -> dict[str, Any]:
    """Return the cost of the same create request (img-9)."""
    return _estimate(*orders.read_image(ctx))


@endpoint(
    "videos.create",
    "POST /v1/videos",
    bucket="videos_post",
    status=201,
    idempotent=True,
    shape=_ONE,
    body=_VIDEO,
    sample=_VIDEO_SAMPLE,
    errors=(*_VIDEO_ERRORS, "402 balance_too_low"),
    rules=("vid-1", "vid-2", "img-5", "img-11", "style-5"),
    makes=PREFIXES["video"],
)
def create_video(ctx: Context) -> dict[str, Any]:
    """Hold the cost and start the work (cred-2, cred-3)."""
    return _order(ctx, "video", *orders.read_video(ctx))


@endpoint(
    "videos.estimate",
    "POST /v1/videos/estimate",
    bucket="estimate_post",
    shape=_ESTIMATE,
    body=_VIDEO,
    sample=_VIDEO_SAMPLE,
    errors=_VIDEO_ERRORS,
    rules=("vid-2", "vid-1", "img-9"),
)
def estimate_video(ctx: Context) -> dict[str, Any]:
    """Return the cost of the same create request (img-9)."""
    return _estimate(*orders.read_video(ctx))


def _order(ctx: Context, media_type: str, columns: dict[str, Any], cost: dict[str, Any]) -> dict[str, Any]:
    # Every check has come before the money, and the money comes before the record (cred-3).
    hold = pay(ctx.world, ctx.team, cost["amount"], "balance_too_low")
    columns |= {"hold": hold, "creation_request_id": ctx.request_id}
    return render(ctx.world, machine.add(ctx.world, ctx.team, media_type, cost, **columns))


def _estimate(_: dict[str, Any], cost: dict[str, Any]) -> dict[str, Any]:
    price = {"amount": cost["amount"], "breakdown": cost["breakdown"]}
    return {"object": "estimate", "estimated_cost": price, "currency": cost["currency"]}


@endpoint(
    "images.list",
    "GET /v1/images",
    bucket="reads",
    shape=listing(GenerationRow),
    query=PAGE,
    errors=PAGE_ERRORS,
    rules=("img-10", "list-1", "list-2", "list-3"),
)
def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/images: images and videos (img-10); a poll of each row on the page."""
    world = ctx.world
    table = world.table(GenerationRow)

    def show(row: GenerationRow) -> GenerationRow:
        world.runs.poll(row.id)
        return table[row.id]

    return page(table, ctx.team, ctx.query, show, lambda _: True, lambda row: render(world, row))


@endpoint(
    "images.retrieve",
    "GET /v1/images/{id}",
    bucket="reads",
    shape=_ONE,
    rules=("img-6", "img-5", "img-12", "vid-3"),
)
def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/images/{id} and /v1/videos/{id}: the poll."""
    row = ctx.row_of(GenerationRow, "generation")
    ctx.world.runs.poll(row.id)
    return render(ctx.world, ctx.world.table(GenerationRow)[row.id])


@endpoint(
    "images.cancel",
    "POST /v1/images/{id}/cancel",
    bucket="images_post",
    shape=_ONE,
    errors=("400 generation_not_cancellable",),
    rules=("img-7", "vid-3"),
)
def cancel(ctx: Context) -> dict[str, Any]:
    """POST /v1/images/{id}/cancel (img-7)."""
    return render(ctx.world, machine.cancel(ctx.world, ctx.row_of(GenerationRow, "generation")))


@endpoint(
    "images.output",
    "GET /v1/images/{id}/output/{n}",
    signed=True,
    query={"token": SIGNATURE},
    media_type="image/png",
    errors=_OUTPUT_ERRORS,
    rules=("img-8", "time-4"),
)
def of_image(ctx: Context) -> bytes:
    """GET /v1/images/{id}/output/{n} (img-8)."""
    number = ctx.args["n"]
    anonymous = ctx.world.settings.reading("img-8") == "anonymous"
    row = _finished(ctx, f"/v1/images/{ctx.record_id}/output/{number}", anonymous=anonymous)
    is_number = number.isdecimal() and len(number) < _MAX_DIGITS
    if row.media_type != "image" or not is_number or int(number) >= (row.image_count or 0):
        raise not_found("output", number)
    return draw_image(row, int(number))


def draw_image(row: GenerationRow, number: int) -> bytes:
    """Return the picture of an output, with its id, number, size, seed and prompt as text."""
    lines = [row.id, f"{number + 1} of {row.image_count}  {row.width}x{row.height}  seed {row.seed}"]
    lines += [row.character_id] if row.character_id else []
    return picture(
        [*lines, row.prompt or ""], (row.width or 8) // 8, (row.height or 8) // 8, f"{row.seed}/{row.id}/{number}"
    )


@endpoint(
    "videos.output",
    "GET /v1/videos/{id}/output",
    signed=True,
    query={"token": SIGNATURE},
    media_type="video/mp4",
    errors=(*_OUTPUT_ERRORS, "206", "416"),
    rules=("vid-5", "time-4"),
)
def of_video(ctx: Context) -> Result:
    """GET /v1/videos/{id}/output: the film, or the requested range of it."""
    row = _finished(ctx, f"/v1/videos/{ctx.record_id}/output")
    if row.media_type != "video":
        raise not_found("generation", ctx.record_id)
    film = draw_film(row)
    accepts = ("Accept-Ranges", "bytes")
    whole = Result(film, media_type="video/mp4", headers=(accepts,))
    asked = _RANGE.fullmatch(ctx.call.incoming.get("range", ""))
    if asked is None:
        return whole
    first, last = (int(end[-_MAX_DIGITS:]) if end else None for end in asked.groups())
    # An invalid range is ignored (RFC 9110).
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return whole
    # Without a first position, the last one says how many bytes from the end are wanted.
    start = max(0, len(film) - (last or 0)) if first is None else first
    end = len(film) if first is None or last is None else min(len(film), last + 1)
    if start >= end:
        return Result(b"", 416, "video/mp4", (("Content-Range", f"bytes */{len(film)}"),))
    return Result(
        film[start:end], 206, "video/mp4", (accepts, ("Content-Range", f"bytes {start}-{end - 1}/{len(film)}"))
    )


def draw_film(row: GenerationRow) -> bytes:
    """Return a film with a picture for each second, with its id, size, seed and prompt as text."""
    wide, high = RATIOS[row.video_ratio or "16:9"]
    seconds = ceil(row.video_duration or 1)
    lines = [
        row.id,
        f"{row.video_resolution} {row.video_ratio}  {row.video_duration:g} s  seed {row.seed}",
        row.prompt or "",
    ]
    unit = 108 // min(wide, high)  # small, and even in both directions
    return mp4(
        [
            drawn([f"{second + 1} of {seconds}", *lines], wide * unit, high * unit, f"{row.seed}/{row.id}")
            for second in range(seconds)
        ]
    )


def _finished(ctx: Context, path: str, *, anonymous: bool = False) -> GenerationRow:
    """Return the finished generation in the path, for a request with the URL's token or an API key of its team.

    An *anonymous* request needs neither (img-8).
    """
    world = ctx.world
    token = ctx.query.get("token")
    by_key = token is None and not anonymous
    if by_key:
        ctx.team = world.keys.authenticate(ctx.call.incoming, world.clock.time()).team
    elif token is not None and not anonymous:
        world.urls.expiry(path, token)
    # Who asks comes first, then whether there is such work, how it ended, and whether its output is still kept.
    row = world.row(ctx.record_id)
    if not isinstance(row, GenerationRow) or (by_key and row.team != ctx.team) or row.status in IMAGES.under_way:
        raise not_found("generation", ctx.record_id)
    if not IMAGES.statuses[row.status].drawn:
        raise ApiProblem(422, "output_not_available", f"Generation {row.id} is {row.status}: it never had an output.")
    if kept_until(world, row) <= world.clock.time():
        raise ApiProblem(410, "output_expired", f"The output of {row.id} has expired.")
    return row


ENDPOINTS: Final = (
    create_image,
    estimate_image,
    list_all,
    retrieve,
    cancel,
    create_video,
    estimate_video,
    replace(retrieve, operation="videos.retrieve", template="/v1/videos/{id}", rules=("vid-4",)),
    of_image,
    of_video,
)
