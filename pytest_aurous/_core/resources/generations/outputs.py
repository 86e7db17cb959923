"""Downloads of finished generations: real pictures and films, until they expire (img-8, time-4)."""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from ...wire import messages as say
from ...wire.refusal import ApiProblem, not_found
from ..base.endpoint import Context, Result
from ..content.films import mp4
from ..content.pictures import picture
from ..media import RATIOS
from .row import RUNNING, GenerationRow, kept_until

_RANGE: Final = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_MAX_DIGITS: Final = 12
"""More digits than any output or position needs; Python refuses to convert thousands of digits."""


def of_image(ctx: Context) -> bytes:
    """GET /v1/images/{id}/output/{n} (img-8)."""
    number = ctx.args["n"]
    anonymous = ctx.world.settings.reading("img-8") == "anonymous"
    row = _finished(ctx, f"/v1/images/{ctx.record}/output/{number}", anonymous=anonymous)
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


def of_video(ctx: Context) -> Result:
    """GET /v1/videos/{id}/output: the film, or the requested range of it."""
    row = _finished(ctx, f"/v1/videos/{ctx.record}/output")
    if row.media_type != "video":
        raise not_found("generation", ctx.record)
    film = draw_film(row)
    accepts = ("Accept-Ranges", "bytes")
    whole = Result(film, media_type="video/mp4", headers=(accepts,))
    asked = _RANGE.fullmatch(ctx.call.incoming.get("range", ""))
    if asked is None:
        return whole
    first, last = (int(end[-_MAX_DIGITS:]) if end else None for end in asked.groups())
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return whole  # an invalid range is ignored (RFC 9110)
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
    unit = 16 if wide < 10 else 12  # noqa: PLR2004 - about the size of a picture
    width, height = wide * unit, high * unit
    frames = [
        picture([f"{second + 1} of {seconds}", *lines], width, height, f"{row.seed}/{row.id}")
        for second in range(seconds)
    ]
    return mp4(frames, width, height)


def _finished(ctx: Context, path: str, *, anonymous: bool = False) -> GenerationRow:
    """Return the generation in the path, for a request with the URL's token or with an API key of its team.

    An *anonymous* request needs neither (img-8).

    Raises:
        ApiProblem: 401 or 403 without a valid token or key, 404 before the end of the work, 410 for an expired
            output, 422 for a generation without output.
    """
    world = ctx.world
    token = ctx.query.get("token")
    by_key = token is None and not anonymous
    if by_key:
        ctx.team = world.keys.authenticate(ctx.call.incoming, world.clock.time()).team
    elif token is not None and not anonymous:
        world.urls.expiry(path, token)
    row = world.row(ctx.record)
    if not isinstance(row, GenerationRow) or (by_key and row.team != ctx.team) or row.status in RUNNING:
        raise not_found("generation", ctx.record)
    if row.status != "succeeded":
        raise ApiProblem(422, "output_not_available", say.NO_OUTPUT.format(id=row.id, status=row.status))
    if kept_until(world, row) <= world.clock.time():
        raise ApiProblem(410, "output_expired", say.OUTPUT_EXPIRED.format(id=row.id))
    return row
