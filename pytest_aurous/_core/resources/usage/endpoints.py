"""The usage endpoints: buckets and events, computed from what the fake has billed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from math import inf
from typing import Any, Final
from urllib.parse import parse_qsl
from zlib import crc32

from ...base.amounts import json_number, total
from ...base.errors import AurousError
from ...base.instants import iso_milliseconds, parse_instant
from ...wire import messages as say
from ...wire.refusal import ApiProblem, missing_field
from ..base.endpoint import Context, Endpoint
from ..base.fields import integer, one_of
from ..base.pages import limit_of
from .billed import Billed, billed
from .shapes import BUCKETS, BUCKETS_QUERY, EVENTS, EVENTS_QUERY, FILTERS, GROUPS, LISTS, WIDTHS

_MAX_BUCKETS: Final = 10_000
_LOOKBACK: Final = 730 * 86_400
_TOKEN_LIFE: Final = 86_400.0
_WIDTH: Final = one_of(tuple(WIDTHS))
_GROUP: Final = one_of(GROUPS)


def buckets(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage: totals per bucket of time, newest first, without empty buckets (usage-1)."""
    query, now = _query_of(ctx), ctx.world.clock.time()
    token = query.pop("page_token", None)
    before: float = inf
    if token is not None:
        first_query, before = _read_token(ctx, token, now)
        if any(first_query.get(name) != value for name, value in query.items()):
            raise ApiProblem(400, "invalid_page_token", say.DRIFTED_PAGE, "page_token")
        query = first_query
    name = _WIDTH(query.get("bucket_width", "1d"), "bucket_width")
    width = WIDTHS[name]
    start, end = _range_of(query, now)
    if (end - start) / width > _MAX_BUCKETS:
        message = say.TOO_MANY_BUCKETS.format(got=name, most=_MAX_BUCKETS)
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


def events(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage/events: one row for each request that was billed, newest first."""
    query, now = _query_of(ctx), ctx.world.clock.time()
    start, end = _range_of(query, now)
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
    wanted = {name: query[name].split(",") for name in FILTERS if name in query}
    for row in billed(ctx.world, ctx.team):
        has: dict[str, Any] = {**_key_of(row), "character_id": row.character_id, "lora_id": row.lora_id}
        if medium:
            has["type"] = row.medium
        if start <= row.started < end and all(has[name] in values for name, values in wanted.items()):
            yield row


def _order(row: Billed) -> tuple[float, str]:
    """Return the sort key of events, newest first."""
    return -row.started, row.id


def _key_of(row: Billed) -> dict[str, Any]:
    """Return the fields that requests are grouped and filtered by."""
    return {"status": row.status, "type": row.type, "model": row.model, "api_key_id": None, "user_id": None}


def _bucket_of(start: int, width: int, groups: list[str], rows: list[Billed]) -> dict[str, Any]:
    """Write the bucket of *width* seconds from *start*, with the totals of *rows* grouped by the fields in *groups*."""
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
    from statistics import quantiles  # loads slowly, and few tests read percentiles

    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _event_of(row: Billed) -> dict[str, Any]:
    """Write a usage event."""
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
        found.setdefault(plain if plain in LISTS else name, []).append(value)
    return {name: ",".join(values) if name in LISTS else values[-1] for name, values in found.items()}


def _range_of(query: dict[str, str], now: float) -> tuple[float, float]:
    """Return the start and the end of the range, in epoch seconds.

    Raises:
        ApiProblem: 400 for a range that is missing, invalid or too long ago.
    """
    if "start_time" not in query:
        raise missing_field("start_time")
    start, end = _instant(query, "start_time", now), _instant(query, "end_time", now + 1)
    if end <= start or now - start > _LOOKBACK:
        message = say.BAD_RANGE.format(start=iso_milliseconds(start), end=iso_milliseconds(end))
        raise ApiProblem(400, "value_out_of_range", message, "start_time")
    return start, end


def _instant(query: dict[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        return parse_instant(query[name].replace(" ", "+")).timestamp()  # an unquoted plus decodes as a space
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
    """Return the query and the last bucket of a page token.

    Raises:
        ApiProblem: 400 for an invalid token, another team's, or an expired one.
    """
    try:
        fields: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        team, expiry, last = fields["t"], float(fields["x"]), int(fields["b"])
        query = {name: value + "" for name, value in fields["q"].items()}  # + "" raises unless it is text
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token") from None
    if team != ctx.team:
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token")
    if not expiry > now:
        raise ApiProblem(400, "invalid_page_token", say.EXPIRED_PAGE, "page_token")
    return query, last


_QUERY_ERRORS: Final = ("400 invalid_format", "400 missing_field", "400 value_out_of_range")

ENDPOINTS: Final = (
    Endpoint(
        "usage.list",
        "GET",
        "/v1/usage",
        buckets,
        bucket="reads",
        shape=BUCKETS,
        query=BUCKETS_QUERY,
        errors=(*_QUERY_ERRORS, "400 invalid_page_token", "400 too_many_buckets"),
        rules=("usage-1", "usage-2"),
        refuses={"400": "usage-1", "400 invalid_page_token": "usage-2"},
        places={"body*": "usage-1", "request.query.*": "usage-1"},
    ),
    Endpoint(
        "usage.events",
        "GET",
        "/v1/usage/events",
        events,
        bucket="reads",
        shape=EVENTS,
        query=EVENTS_QUERY,
        errors=_QUERY_ERRORS,
        rules=("usage-3",),
        refuses={"400": "usage-3"},
        places={"body*": "usage-3", "request.query.*": "usage-3"},
    ),
)
