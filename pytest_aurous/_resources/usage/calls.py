"""The usage endpoints: buckets and events."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any, Final

from ..._framework.endpoint import Context, Endpoint
from ..._framework.fields import integer, one_of
from ..._framework.pages import limit_of
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem
from ..generations import GenerationRow
from .figures import bucket_of, event_of, key_of
from .query import page_token, query_of, range_of, read_token
from .shapes import BUCKETS, BUCKETS_QUERY, EVENTS, EVENTS_QUERY, FILTERS, GROUPS, WIDTHS

_MAX_BUCKETS: Final = 10_000
_WIDTH: Final = one_of(tuple(WIDTHS))
_GROUP: Final = one_of(GROUPS)


def buckets(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage: totals per bucket of time, newest first, without empty buckets (A)."""
    query, now = query_of(ctx), ctx.world.clock.time()
    token = query.pop("page_token", None)
    before: float = inf
    if token is not None:
        first_query, before = read_token(ctx, token, now)
        if any(first_query.get(name) != value for name, value in query.items()):
            raise ApiProblem(400, "invalid_page_token", say.DRIFTED_PAGE, "page_token")
        query = first_query
    width = WIDTHS[_WIDTH(query.get("bucket_width", "1d"), "bucket_width")]
    start, end = range_of(query, now)
    if (end - start) / width > _MAX_BUCKETS:
        raise ApiProblem(400, "too_many_buckets", say.TOO_MANY_BUCKETS.format(most=_MAX_BUCKETS), "bucket_width")
    groups = [_GROUP(name, "group_by") for name in query.get("group_by", "").split(",") if name]
    limit = limit_of(query.get("limit"), 24, integer(1, 100))
    found: dict[int, list[GenerationRow]] = {}
    for row in _rows(ctx, query, start, end):
        found.setdefault(int(row.started // width * width), []).append(row)
    starts = sorted((bucket for bucket in found if bucket < before), reverse=True)
    shown = starts[:limit]
    more = len(starts) > limit
    return {
        "object": "list",
        "data": [bucket_of(bucket, width, groups, found[bucket]) for bucket in shown],
        "has_more": more,
        "next_page": page_token(ctx, query, shown[-1], now) if more else None,
    }


def events(ctx: Context) -> dict[str, Any]:
    """GET /v1/usage/events: one row per generation, newest first."""
    query, now = query_of(ctx), ctx.world.clock.time()
    start, end = range_of(query, now)
    limit = limit_of(query.get("limit"), 100, integer(1, 500))
    rows = sorted(_rows(ctx, query, start, end, medium=True), key=_order)
    cursor = query.get("cursor")
    if cursor is not None:
        last = ctx.world.table(GenerationRow).find(cursor, ctx.team)
        if last is None:
            raise ApiProblem(400, "invalid_format", say.UNKNOWN_CURSOR.format(param="cursor", got=cursor), "cursor")
        rows = [row for row in rows if _order(row) > _order(last)]
    more = len(rows) > limit
    return {
        "object": "list",
        "data": [event_of(row) for row in rows[:limit]],
        "has_more": more,
        "next_cursor": rows[limit - 1].id if more else None,
    }


def _rows(
    ctx: Context, query: dict[str, str], start: float, end: float, *, medium: bool = False
) -> Iterator[GenerationRow]:
    wanted = {name: query[name].split(",") for name in FILTERS if name in query}
    table = ctx.world.table(GenerationRow)
    for row in map(table.__getitem__, table.living(ctx.team)):
        has: dict[str, Any] = {
            **key_of(row),
            "character_id": row.character_id,
            "lora_id": row.loras[0][0] if row.loras else None,
        }
        if medium:
            has["type"] = row.media_type
        if start <= row.started < end and all(has[name] in values for name, values in wanted.items()):
            yield row


def _order(row: GenerationRow) -> tuple[float, str]:
    """Return the sort key of events, newest first."""
    return -row.started, row.id


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
    ),
)
