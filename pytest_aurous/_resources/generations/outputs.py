"""What a finished generation leads to: real pictures and films, until they are thrown away (img-8, time-4)."""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from ..._content.films import mp4
from ..._content.pictures import picture
from ..._framework.endpoint import Answer, Context, Endpoint
from ..._framework.schema import SIGNATURE
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, not_found
from . import machine
from .images import none_of
from .record import GenerationRow, kept_until
from .videos import RATIOS

__all__ = ("ENDPOINTS", "draw_film", "draw_image")

_RANGE: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_LONGEST: Final = 12
"""Digits of a number that can be meant."""


def of_image(ctx: Context) -> bytes:
    """GET /v1/images/{id}/output/{n} (img-8)."""
    row = finished(ctx, f"/v1/images/{ctx.args['id']}/output/{ctx.args['n']}")
    number = ctx.args["n"]
    if (
        row.media_type != "image"
        or not (number.isdecimal() and len(number) < _LONGEST)
        or int(number) >= (row.image_count or 0)
    ):
        raise not_found("output", number)
    return draw_image(row, int(number))


def draw_image(row: GenerationRow, number: int) -> bytes:
    """Return the picture: it says what it stands for."""
    lines = [row.id, f"{number + 1} of {row.image_count}  {row.width}x{row.height}  seed {row.seed}"]
    lines += [row.character_id] if row.character_id else []
    return picture(
        [*lines, row.prompt or ""], (row.width or 8) // 8, (row.height or 8) // 8, f"{row.seed}/{row.id}/{number}"
    )


def of_video(ctx: Context) -> Answer:
    """GET /v1/videos/{id}/output: the film, or a part of it."""
    row = finished(ctx, f"/v1/videos/{ctx.args['id']}/output")
    if row.media_type != "video":
        raise none_of(ctx)
    film = draw_film(row)
    whole = Answer(film, media_type="video/mp4", headers=(("Accept-Ranges", "bytes"),))
    asked = _RANGE.fullmatch(ctx.call.incoming.get("range", ""))
    if asked is None:
        return whole
    first, last = (int(end[-_LONGEST:]) if end else None for end in asked.groups())
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return whole  # it is no range (RFC 9110)
    start = max(0, len(film) - (last or 0)) if first is None else first
    end = len(film) if first is None or last is None else min(len(film), last + 1)
    if start >= end:
        beyond = (("Content-Range", f"bytes */{len(film)}"),)
        return Answer(b"", 416, "video/mp4", beyond)
    part = (("Accept-Ranges", "bytes"), ("Content-Range", f"bytes {start}-{end - 1}/{len(film)}"))
    return Answer(film[start:end], 206, "video/mp4", part)


def draw_film(row: GenerationRow) -> bytes:
    """Return a film of one picture a second, that says what it stands for."""
    wide, high = RATIOS[row.video_ratio or "16:9"]
    seconds = ceil(row.video_duration or 1)
    lines = [
        row.id,
        f"{row.video_resolution} {row.video_ratio}  {row.video_duration:g} s  seed {row.seed}",
        row.prompt or "",
    ]
    unit = 16 if wide < 10 else 12  # noqa: PLR2004 - about as large as a picture
    width, height = wide * unit, high * unit
    frames = [
        picture([f"{second + 1} of {seconds}", *lines], width, height, f"{row.seed}/{row.id}")
        for second in range(seconds)
    ]
    return mp4(frames, width, height)


def finished(ctx: Context, path: str) -> GenerationRow:
    """Return the generation of the path, whose output can be read now: by its token, or by a key of its team.

    Raises:
        ApiProblem: 401 or 403 without either, 404 before the end, 410 too late, 422 where there is no output.
    """
    world = ctx.world
    token = ctx.query.get("token")
    if token is not None:
        world.expiry(path, token)
    else:
        ctx.team = world.keys.authenticate(ctx.call.incoming, world.clock.time()).team
    row = world.row(ctx.args["id"])
    if not isinstance(row, GenerationRow) or (token is None and row.team != ctx.team) or row.status in machine.RUNNING:
        raise none_of(ctx)
    if row.status != "succeeded":
        raise ApiProblem(422, "output_not_available", say.NO_OUTPUT.format(id=row.id, status=row.status))
    if kept_until(world, row) <= world.clock.time():
        raise ApiProblem(410, "output_expired", say.OUTPUT_EXPIRED.format(id=row.id))
    return row


OF_OUTPUT: Final = (
    "401 invalid_api_key",
    "401 missing_api_key",
    "403 missing_scope",
    "404 resource_not_found",
    "410 output_expired",
    "422 output_not_available",
)

ENDPOINTS: Final = (
    Endpoint(
        "images.output",
        "GET",
        "/v1/images/{id}/output/{n}",
        of_image,
        signed=True,
        query={"token": SIGNATURE},
        media_type="image/png",
        errors=OF_OUTPUT,
        rules=("img-8", "time-4"),
    ),
    Endpoint(
        "videos.output",
        "GET",
        "/v1/videos/{id}/output",
        of_video,
        signed=True,
        query={"token": SIGNATURE},
        media_type="video/mp4",
        errors=(*OF_OUTPUT, "206", "416"),
        rules=("time-4",),
    ),
)
