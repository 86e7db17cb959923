"""Usage: buckets and events, computed from the generations that the test has made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from math import inf
from statistics import quantiles
from typing import Any, Final
from urllib.parse import parse_qsl

from .. import _messages as say
from .._clock import parse_instant
from .._endpoint import Context, Endpoint
from .._fields import integer
from .._pages import limit_of
from .._wire import ApiProblem
from ..errors import AurousError
from .generations import GenerationRow
from .page_tokens import page_token, read_token
from .usage_shapes import BUCKETS, BUCKETS_QUERY, EVENTS, EVENTS_QUERY, FILTERS, GROUPS, WIDTHS

__all__ = ("ENDPOINTS",)

_MOST_BUCKETS, _LOOKBACK = 10_000, 730 * 86_400


def buckets(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage: sums by span of time, the newest first; empty spans are left out (A)."""
    query, now = _query(ctx), ctx.world.clock.time()
    token = query.pop("page_token", None)
    before = inf
    if token is not None:
        told = read_token(ctx, token, now)
        if any(told["q"].get(name) != value for name, value in query.items()):
            raise ApiProblem(400, "invalid_page_token", say.DRIFTED_PAGE, "page_token")
        query, before = told["q"], told["b"]
    width = WIDTHS[_choice(query, "bucket_width", tuple(WIDTHS), "1d")]
    start, end = _range(query, now)
    if (end - start) / width > _MOST_BUCKETS:
        raise ApiProblem(400, "too_many_buckets", say.TOO_MANY_BUCKETS.format(most=_MOST_BUCKETS), "bucket_width")
    groups = [name for name in query.get("group_by", "").split(",") if name]
    for name in groups:
        if name not in GROUPS:
            raise _none_of("group_by", name, GROUPS)
    limit = limit_of(query.get("limit"), 24, integer(1, 100))
    found: dict[int, list[GenerationRow]] = {}
    for row in _rows(ctx, query, start, end):
        found.setdefault(int(row.started // width * width), []).append(row)
    starts = sorted((one for one in found if one < before), reverse=True)
    shown = starts[:limit]
    more = len(starts) > limit
    return {
        "object": "list",
        "data": [_bucket(one, width, groups, found[one]) for one in shown],
        "has_more": more,
        "next_page": page_token(ctx, query, shown[-1], now) if more else None,
    }


def events(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage/events: one row for each request that costs credits, the newest first."""
    query, now = _query(ctx), ctx.world.clock.time()
    start, end = _range(query, now)
    limit = limit_of(query.get("limit"), 100, integer(1, 500))
    rows = sorted(_rows(ctx, query, start, end, medium=True), key=_place_of)
    cursor = query.get("cursor")
    if cursor is not None:
        last = ctx.world.table(GenerationRow).find(cursor, ctx.team)
        if last is None:
            raise ApiProblem(400, "invalid_format", say.UNKNOWN_CURSOR.format(param="cursor", got=cursor), "cursor")
        rows = [row for row in rows if _place_of(row) > _place_of(last)]
    more = len(rows) > limit
    return {
        "object": "list",
        "data": [_event(row) for row in rows[:limit]],
        "has_more": more,
        "next_cursor": rows[limit - 1].id if more else None,
    }


def _query(ctx: Context) -> dict[str, str]:
    """Return the query; a filter that was sent twice is a list."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(ctx.call.query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) if name in FILTERS else values[-1] for name, values in found.items()}


def _rows(
    ctx: Context, query: dict[str, str], start: float, end: float, *, medium: bool = False
) -> Iterator[GenerationRow]:
    wanted = {name: query[name].split(",") for name in FILTERS if name in query}
    table = ctx.world.table(GenerationRow)
    for one in table.living(ctx.team):
        row = table[one]
        has: dict[str, Any] = {**_key_of(row), "character_id": row.character_id, "lora_id": _style_of(row)}
        if medium:
            has["type"] = row.media_type
        if start <= row.started < end and all(has[name] in values for name, values in wanted.items()):
            yield row


def _place_of(row: GenerationRow) -> tuple[float, str]:
    """Return what events are sorted by: the newest first."""
    return -row.started, row.id


def _key_of(row: GenerationRow) -> dict[str, Any]:
    status = "completed" if row.status == "succeeded" else row.status
    return {"status": status, "type": row.inference_type, "model": None, "api_key_id": None, "user_id": None}


def _style_of(row: GenerationRow) -> str | None:
    return row.loras[0][0] if row.loras else None


def _bucket(start: int, width: int, groups: list[str], rows: list[GenerationRow]) -> dict[str, Any]:
    sorted_rows: dict[tuple[Any, ...], list[GenerationRow]] = {}
    for row in rows:
        key = _key_of(row)
        sorted_rows.setdefault(tuple(key[name] for name in groups), []).append(row)
    return {
        "object": "usage.bucket",
        "bucket_start": _precise(start),
        "bucket_end": _precise(start + width),
        "groups": [
            {"key": dict(zip(groups, key, strict=True)), "metrics": _metrics(some)} for key, some in sorted_rows.items()
        ],
    }


def _metrics(rows: list[GenerationRow]) -> dict[str, Any]:
    count = {status: sum(row.status == status for row in rows) for status in ("succeeded", "failed", "cancelled")}
    done = [row for row in rows if row.status == "succeeded"]
    took = [row.duration_ms or 0 for row in done]
    return {
        "request_count": len(rows),
        "successful_count": count["succeeded"],
        "failed_count": count["failed"],
        "cancelled_count": count["cancelled"],
        "credits_used": sum(row.cost["amount"] for row in done),
        "duration_ms_p50": _percentile(took, 50),
        "duration_ms_p95": _percentile(took, 95),
        "image_count": sum(row.image_count or 0 for row in done),
        "video_seconds": sum(row.video_duration or 0 for row in done),
        "total_input_tokens": 0,
        "total_output_tokens": 0,
    }


def _percentile(values: Iterable[int], percent: int) -> float | None:
    known = list(values)
    if len(known) < 2:  # noqa: PLR2004 - nothing to divide
        return known[0] if known else None
    return quantiles(known, n=100, method="inclusive")[percent - 1]


def _event(row: GenerationRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.media_type,
        "model": None,
        "status": _key_of(row)["status"],
        "created_at": row.created_at,
        "completed_at": row.completed_at,
        "duration_ms": row.duration_ms,
        "input_tokens": None,
        "output_tokens": None,
        "credits_charged": row.cost["amount"] if row.status == "succeeded" else 0,
        "api_key_id": None,
        "user_id": None,
        "request_id": row.creation_request_id,
    }


def _range(query: dict[str, str], now: float) -> tuple[float, float]:
    if "start_time" not in query:
        raise ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param="start_time"), "start_time")
    start, end = _instant(query, "start_time", now), _instant(query, "end_time", now + 1)
    if end <= start or now - start > _LOOKBACK:
        raise ApiProblem(400, "value_out_of_range", say.BAD_RANGE, "start_time")
    return start, end


def _instant(query: dict[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        return parse_instant(query[name].replace(" ", "+")).timestamp()  # a plus that nobody has quoted
    except AurousError:
        message = say.WRONG_TYPE.format(param=name, expected="an RFC 3339 instant", got=repr(query[name]))
        raise ApiProblem(400, "invalid_format", message, name) from None


def _choice(query: dict[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = query.get(name, default)
    if value not in known:
        raise _none_of(name, value, known)
    return value


def _none_of(name: str, value: str, known: tuple[str, ...]) -> ApiProblem:
    message = say.NOT_ONE_OF.format(param=name, allowed=", ".join(known), got=repr(value))
    return ApiProblem(400, "invalid_format", message, name)


def _precise(instant: float) -> str:
    return datetime.fromtimestamp(instant, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


_OF_QUERY: Final = ("400 invalid_format", "400 missing_field", "400 value_out_of_range")

ENDPOINTS: Final = (
    Endpoint(
        "usage.list",
        "GET",
        "/v1/usage",
        buckets,
        bucket="reads",
        shape=BUCKETS,
        query=BUCKETS_QUERY,
        errors=(*_OF_QUERY, "400 invalid_page_token", "400 too_many_buckets"),
    ),
    Endpoint(
        "usage.events",
        "GET",
        "/v1/usage/events",
        events,
        bucket="reads",
        shape=EVENTS,
        query=EVENTS_QUERY,
        errors=_OF_QUERY,
    ),
)
