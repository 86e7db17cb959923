"""Usage: buckets and events, computed from the images, videos, chats and embeddings that the fake has billed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from math import inf
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl
from zlib import crc32

from ..base.amounts import json_number, total
from ..base.errors import AurousError
from ..base.instants import iso_milliseconds, parse_instant
from ..wire import messages as say
from ..wire.fields import HOLDS, Shape, integer, one_of
from ..wire.refusal import ApiProblem, missing_field
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.pages import limit_of
from .base.schema import free, obj
from .chat.row import IN_PROGRESS, PUBLIC, CompletionRow, seen_at
from .embeddings import EmbeddingRow
from .generations.row import IMAGES, GenerationRow

_DAY: Final = 86_400
_WIDTHS: Final = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY}
_GROUPS: Final = ("status", "type", "model", "api_key_id", "user_id")
_FILTERS: Final = (*_GROUPS, "lora_id", "character_id")
_LISTS: Final = (*_FILTERS, "group_by")
"""The parameters with several values: separated by commas, or repeated."""
# The limits of usage-1: a mistyped width must not fill the memory, and the page looks back 730 days at most.
_MAX_BUCKETS: Final = 10_000
_LOOKBACK: Final = 730 * _DAY
# A page token is valid for a day (usage-2).
_TOKEN_LIFE: Final = float(_DAY)
_WIDTH: Final = one_of(tuple(_WIDTHS))
_GROUP: Final = one_of(_GROUPS)


class Billed(NamedTuple):
    """A request that usage counts."""

    id: str
    medium: str  # ``image``, ``video``, ``chat`` or ``embedding``
    type: str  # of inference, such as ``t2i``; for chats and embeddings, their medium
    status: str  # in the words of usage
    started: float  # when it was requested, in epoch seconds
    finished: float | None
    credits: float
    request_id: str | None
    model: str | None = None
    character_id: str | None = None
    lora_id: str | None = None
    images: int = 0
    seconds: float = 0
    input_tokens: int | None = None
    output_tokens: int | None = None  # with reasoning

    @property
    def duration_ms(self) -> int | None:
        return None if self.finished is None else round((self.finished - self.started) * 1000)


def billed(world: World, team: str) -> Iterator[Billed]:
    generations = world.table(GenerationRow)
    yield from (_generation(generations[row_id]) for row_id in generations.living(team))
    completions = world.table(CompletionRow)
    now = world.clock.time()
    yield from (_completion(seen_at(completions[row_id], now)) for row_id in completions.living(team))
    embeddings = world.table(EmbeddingRow)
    yield from (_embedding(embeddings[row_id]) for row_id in embeddings.living(team))


def _generation(row: GenerationRow) -> Billed:
    ended = IMAGES.statuses[row.status]
    return Billed(
        id=row.id,
        medium=row.media_type,
        type=row.inference_type,
        status=ended.end or row.status,
        started=row.started,
        finished=row.finished,
        credits=row.cost["amount"] if row.charged else 0,
        request_id=row.creation_request_id,
        character_id=row.character_id,
        lora_id=row.loras[0][0] if row.loras else None,
        images=(row.image_count or 0) if ended.drawn else 0,
        seconds=(row.video_duration or 0) if ended.drawn else 0,
    )


def _completion(row: CompletionRow) -> Billed:
    usage = row.usage or {}
    return Billed(
        id=row.id,
        medium="chat",
        type="chat",
        status="processing" if row.status == IN_PROGRESS else PUBLIC[row.status],
        started=row.started,
        finished=row.finished,
        credits=row.credits,
        request_id=row.creation_request_id,
        model=row.model,
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage["completion_tokens"] + usage.get("reasoning_tokens", 0) if usage else None,
    )


def _embedding(row: EmbeddingRow) -> Billed:
    return Billed(
        id=row.id,
        medium="embedding",
        type="embedding",
        status="completed",
        started=row.started,
        finished=row.started,
        credits=row.credits,
        request_id=row.creation_request_id,
        model=row.model,
        input_tokens=row.tokens,
        output_tokens=0,
    )


_ID: Final = {HOLDS: "id"}


def _field(description: str, kind: str | list[str] = "string", **more: Any) -> Shape:
    return {"type": kind, "description": description, **more}


def _page(row: Shape, cursor: str) -> Shape:
    return obj(
        object={"const": "list"},
        # What was billed before a recording began counts, too, and the recording does not show it.
        data=free({"type": "array", "items": row}),
        has_more=free(_field("Whether there is another page.", "boolean")),
        **{cursor: free(_field("Opaque cursor of the next page; null on the last page.", ["string", "null"]))},
    )


def _time(description: str) -> Shape:
    return _field(description, format="date-time")


_STATUS: Final = {
    "enum": ["pending", "processing", "completed", "failed", "cancelled"],
    "description": (
        "The status, with `completed` in place of `succeeded`, `processing` in place of `in_progress`, "
        "and `failed` in place of `expired` and `moderation_rejected`."
    ),
}
_WHO: Final = {
    "model": _field("Model of a chat or an embedding; null for images and videos.", ["string", "null"]),
    "api_key_id": _field("Id of the API key; null, as the keys of the fake have no ids.", ["string", "null"]),
    "user_id": _field("Id of the user; null, as the fake has no users.", ["string", "null"]),
}
_KEY: Final = {
    "type": "object",
    "description": "The fields in `group_by`.",
    "properties": {"status": _STATUS, "type": {"enum": ["t2i", "i2i", "t2v", "i2v", "chat", "embedding"]}, **_WHO},
    "additionalProperties": False,
}
_METRICS: Final = obj(
    ("total_input_tokens", "total_output_tokens"),
    request_count=_field("Number of requests.", "integer"),
    successful_count=_field("Requests that succeeded.", "integer"),
    failed_count=_field("Requests that failed.", "integer"),
    cancelled_count=_field("Requests that were cancelled.", "integer"),
    credits_used=_field("Credits charged.", "number"),
    duration_ms_p50=_field("Median duration of requests that succeeded; null without any.", ["number", "null"]),
    duration_ms_p95=_field("95th percentile of the durations; null without any.", ["number", "null"]),
    image_count=_field("Number of pictures.", "integer"),
    video_seconds=_field("Seconds of video.", "number"),
    total_input_tokens=_field("Input tokens of chats and embeddings.", "integer"),
    total_output_tokens=_field("Output tokens of chats.", "integer"),
)
BUCKETS: Final = _page(
    obj(
        object={"const": "usage.bucket"},
        bucket_start=_time("Start of the bucket."),
        bucket_end=_time("End of the bucket, exclusive."),
        groups={"type": "array", "items": obj(key=_KEY, metrics=_METRICS)},
    ),
    "next_page",
)
EVENTS: Final = _page(
    obj(
        id=_field("Id of the image, video, completion or embedding.", **_ID),
        type={"enum": ["image", "video", "chat", "embedding"]},
        model=_WHO["model"],
        status=_STATUS,
        created_at=_time("Time of the create request."),
        completed_at=_field("End of the work; null until then.", ["string", "null"], format="date-time"),
        duration_ms=_field("Duration of the work; null until its end.", ["integer", "null"]),
        input_tokens=_field("Input tokens of a chat or an embedding; null for others.", ["integer", "null"]),
        output_tokens=_field("Output tokens of a chat; null for images and videos.", ["integer", "null"]),
        credits_charged=_field("Credits charged: by default 0 unless it succeeded.", "number"),
        api_key_id=_WHO["api_key_id"],
        user_id=_WHO["user_id"],
        request_id=_field(
            "`Aurous-Request-Id` of the create request; null for a record that a test added.",
            ["string", "null"],
            **_ID,
        ),
    ),
    "next_cursor",
)
_RANGE: Final = {
    "start_time": _time("Start of the range. Required, unless a page token contains it."),
    "end_time": _time("End of the range, exclusive; now by default."),
}
_HOLDS: Final = {"status": "word", "type": "word", "lora_id": "id", "character_id": "id"}
_FILTERED: Final = {
    name: _field("One value, or several separated by commas.", **({HOLDS: _HOLDS[name]} if name in _HOLDS else {}))
    for name in _FILTERS
}
BUCKETS_QUERY: Final[Shape] = {
    **_RANGE,
    "bucket_width": {"enum": list(_WIDTHS), "default": "1d"},
    "group_by": _field(f"{', '.join(_GROUPS)}: none, one, or several separated by commas.", **{HOLDS: "word"}),
    "group_by[]": {"type": "array", "items": {"enum": list(_GROUPS)}, "description": "`group_by`, one by one."},
    **_FILTERED,
    "limit": _field("Maximum number of buckets on a page.", "integer", minimum=1, maximum=100, default=24),
    "page_token": _field("`next_page` of the previous page; it contains the whole query."),
}
EVENTS_QUERY: Final[Shape] = {
    **_RANGE,
    **_FILTERED,
    "limit": _field("Maximum number of rows on a page.", "integer", minimum=1, maximum=500, default=100),
    "cursor": _field("`next_cursor` of the previous page."),
}
_QUERY_ERRORS: Final = ("400 invalid_format", "400 missing_field", "400 value_out_of_range")


@endpoint(
    "usage.list",
    "GET /v1/usage",
    bucket="reads",
    shape=BUCKETS,
    query=BUCKETS_QUERY,
    errors=(*_QUERY_ERRORS, "400 invalid_page_token", "400 too_many_buckets"),
    rules=("usage-1", "usage-2"),
)
def buckets(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage: totals per bucket of time, newest first, without empty buckets (usage-1)."""
    query, now = _query_of(ctx), ctx.world.clock.time()
    token = query.pop("page_token", None)
    before: float = inf
    # A token has the whole first query: the client may repeat parts of it, and must not change any (usage-2).
    if token is not None:
        first_query, before = _read_token(ctx, token, now)
        if any(first_query.get(name) != value for name, value in query.items()):
            message = "page_token does not go with these query parameters: they have changed between the pages."
            raise ApiProblem(400, "invalid_page_token", message, "page_token")
        query = first_query
    name = _WIDTH(query.get("bucket_width", "1d"), "bucket_width")
    width = _WIDTHS[name]
    start, end = _range_of(query, now)
    if (end - start) / width > _MAX_BUCKETS:
        message = f"bucket_width {name!r} makes more than {_MAX_BUCKETS} buckets of this range: choose a wider one."
        raise ApiProblem(400, "too_many_buckets", message, "bucket_width")
    groups = [_GROUP(name, "group_by") for name in query.get("group_by", "").split(",") if name]
    limit = limit_of(query.get("limit"), 24, integer(1, 100))
    found: dict[int, list[Billed]] = {}
    for row in _rows(ctx, query, start, end):
        found.setdefault(int(row.started // width * width), []).append(row)
    starts = sorted((bucket for bucket in found if bucket < before), reverse=True)
    shown = starts[:limit]
    more = len(starts) > limit
    return {
        "object": "list",
        "data": [_bucket_of(bucket, width, groups, found[bucket]) for bucket in shown],
        "has_more": more,
        "next_page": _page_token(ctx, query, shown[-1], now) if more else None,
    }


@endpoint(
    "usage.events",
    "GET /v1/usage/events",
    bucket="reads",
    shape=EVENTS,
    query=EVENTS_QUERY,
    errors=_QUERY_ERRORS,
    rules=("usage-3",),
)
def events(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage/events: one row for each request that was billed, newest first."""
    query, now = _query_of(ctx), ctx.world.clock.time()
    start, end = _range_of(query, now)
    # Events are small, so a page has more of them than of buckets (usage-3).
    limit = limit_of(query.get("limit"), 100, integer(1, 500))
    rows = sorted(_rows(ctx, query, start, end, medium=True), key=_order)
    cursor = query.get("cursor")
    if cursor is not None:
        last = next((row for row in billed(ctx.world, ctx.team) if row.id == cursor), None)
        if last is None:
            raise ApiProblem(400, "invalid_format", say.UNKNOWN_CURSOR.format(param="cursor", got=cursor), "cursor")
        rows = [row for row in rows if _order(row) > _order(last)]
    more = len(rows) > limit
    return {
        "object": "list",
        "data": [_event_of(row) for row in rows[:limit]],
        "has_more": more,
        "next_cursor": rows[limit - 1].id if more else None,
    }


def _rows(ctx: Context, query: dict[str, str], start: float, end: float, *, medium: bool = False) -> Iterator[Billed]:
    wanted = {name: query[name].split(",") for name in _FILTERS if name in query}
    for row in billed(ctx.world, ctx.team):
        has: dict[str, Any] = {**_key_of(row), "character_id": row.character_id, "lora_id": row.lora_id}
        if medium:
            has["type"] = row.medium
        if start <= row.started < end and all(has[name] in values for name, values in wanted.items()):
            yield row


def _order(row: Billed) -> tuple[float, str]:
    return -row.started, row.id


def _key_of(row: Billed) -> dict[str, Any]:
    """Return the fields that requests are grouped and filtered by."""
    return {"status": row.status, "type": row.type, "model": row.model, "api_key_id": None, "user_id": None}


def _bucket_of(start: int, width: int, groups: list[str], rows: list[Billed]) -> dict[str, Any]:
    by_key: dict[tuple[Any, ...], list[Billed]] = {}
    for row in rows:
        key = _key_of(row)
        by_key.setdefault(tuple(key[name] for name in groups), []).append(row)
    return {
        "object": "usage.bucket",
        "bucket_start": iso_milliseconds(start),
        "bucket_end": iso_milliseconds(start + width),
        "groups": [
            {"key": dict(zip(groups, key, strict=True)), "metrics": _metrics(some)} for key, some in by_key.items()
        ],
    }


def _metrics(rows: list[Billed]) -> dict[str, Any]:
    count = Counter(_key_of(row)["status"] for row in rows)
    durations = [row.duration_ms or 0 for row in rows if row.status == "completed"]
    return {
        "request_count": len(rows),
        "successful_count": count["completed"],
        "failed_count": count["failed"],
        "cancelled_count": count["cancelled"],
        "credits_used": json_number(total(row.credits for row in rows)),
        "duration_ms_p50": _percentile(durations, 50),
        "duration_ms_p95": _percentile(durations, 95),
        "image_count": sum(row.images for row in rows),
        "video_seconds": json_number(total(row.seconds for row in rows)),
        "total_input_tokens": sum(row.input_tokens or 0 for row in rows),
        "total_output_tokens": sum(row.output_tokens or 0 for row in rows),
    }


def _percentile(values: list[int], percent: int) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 - quantiles() needs two values
        return values[0] if values else None
    # This module loads slowly, and few tests read percentiles.
    from statistics import quantiles

    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _event_of(row: Billed) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.medium,
        "model": row.model,
        "status": row.status,
        "created_at": iso_milliseconds(row.started),
        "completed_at": None if row.finished is None else iso_milliseconds(row.finished),
        "duration_ms": row.duration_ms,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "credits_charged": row.credits,
        "api_key_id": None,
        "user_id": None,
        "request_id": row.request_id,
    }


def _query_of(ctx: Context) -> dict[str, str]:
    """Return the query parameters; the values of a list, whose name may end in ``[]``, are joined by commas."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(ctx.call.query, keep_blank_values=True):
        plain = name.removesuffix("[]")
        found.setdefault(plain if plain in _LISTS else name, []).append(value)
    return {name: ",".join(values) if name in _LISTS else values[-1] for name, values in found.items()}


def _range_of(query: dict[str, str], now: float) -> tuple[float, float]:
    if "start_time" not in query:
        raise missing_field("start_time")
    # The end is exclusive, and what is billed at this very second has to be seen.
    start, end = _instant(query, "start_time", now), _instant(query, "end_time", now + 1)
    if end <= start or now - start > _LOOKBACK:
        got = f"from {iso_milliseconds(start)} to {iso_milliseconds(end)}"
        message = f"start_time must be before end_time and at most 730 days ago, not {got}."
        raise ApiProblem(400, "value_out_of_range", message, "start_time")
    return start, end


def _instant(query: dict[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        # An unquoted plus, as in +02:00, decodes as a space.
        return parse_instant(query[name].replace(" ", "+")).timestamp()
    except AurousError:
        message = say.WRONG_TYPE.format(param=name, expected="an RFC 3339 instant", got=repr(query[name]))
        raise ApiProblem(400, "invalid_format", message, name) from None


def _page_token(ctx: Context, query: dict[str, str], last: int, now: float) -> str:
    """Return the token of the page after the bucket that starts at *last*; it contains the whole query."""
    token = {
        "v": 1,
        "qf": crc32(json.dumps(query, sort_keys=True).encode()),
        "b": last,
        "x": now + _TOKEN_LIFE,
        "t": ctx.team,
        "q": query,
    }
    return urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode()


def _read_token(ctx: Context, token: str, now: float) -> tuple[dict[str, str], int]:
    """Return the query and the last bucket of a page token."""
    try:
        fields: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        team, expiry, last = fields["t"], float(fields["x"]), int(fields["b"])
        # Adding text raises for what is no text: anybody can write a token.
        query = {name: value + "" for name, value in fields["q"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token") from None
    if team != ctx.team:
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token")
    # Written this way, a token whose expiry is not a number has expired.
    if not expiry > now:
        raise ApiProblem(400, "invalid_page_token", "page_token has expired (token_expired).", "page_token")
    return query, last


ENDPOINTS: Final = (buckets, events)
