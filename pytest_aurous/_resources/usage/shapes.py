"""What the usage calls take and answer, as JSON Schema."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.schema import Shape, obj

__all__ = ("BUCKETS", "BUCKETS_QUERY", "EVENTS", "EVENTS_QUERY", "FILTERS", "GROUPS", "WIDTHS")

_DAY: Final = 86_400
WIDTHS: Final = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY}
"""The widths of a bucket, in seconds."""
GROUPS: Final = ("status", "type", "model", "api_key_id", "user_id")
FILTERS: Final = (*GROUPS, "lora_id", "character_id")


def _told(description: str, kind: str | list[str] = "string", **more: Any) -> Shape:
    return {"type": kind, "description": description, **more}


def _page(row: Shape, cursor: str) -> Shape:
    return obj(
        object={"const": "list"},
        data={"type": "array", "items": row},
        has_more=_told("Whether there is a further page.", "boolean"),
        **{cursor: _told("What leads to the further page; null where there is none.", ["string", "null"])},
    )


def _instant(description: str) -> Shape:
    return _told(description, format="date-time")


_STATUS: Final = {
    "enum": ["pending", "processing", "completed", "failed", "cancelled"],
    "description": "As in a generation, whose `succeeded` is called `completed` here.",
}
_WHO: Final = {
    "model": _told("Of a chat; null, as the fake has none.", ["string", "null"]),
    "api_key_id": _told("Whose key; null, as the fake gives keys no ids.", ["string", "null"]),
    "user_id": _told("Whose call; null, as the fake has no users.", ["string", "null"]),
}
_KEY: Final = {
    "type": "object",
    "description": "The fields that `group_by` asked for, and no others.",
    "properties": {"status": _STATUS, "type": {"enum": ["t2i", "i2i", "t2v", "i2v"]}, **_WHO},
    "additionalProperties": False,
}
_METRICS: Final = obj(
    request_count=_told("Generations that were asked for.", "integer"),
    successful_count=_told("Those that succeeded.", "integer"),
    failed_count=_told("Those that failed.", "integer"),
    cancelled_count=_told("Those that were cancelled.", "integer"),
    credits_used=_told("What those that succeeded have cost.", "number"),
    duration_ms_p50=_told("Half of those that succeeded took no longer; null where none has.", ["number", "null"]),
    duration_ms_p95=_told("95 of 100 took no longer; null where none has succeeded.", ["number", "null"]),
    image_count=_told("Pictures that were made.", "integer"),
    video_seconds=_told("Seconds of film that were made.", "number"),
    total_input_tokens=_told("Of chats: 0, as the fake has none.", "integer"),
    total_output_tokens=_told("Likewise.", "integer"),
)
BUCKETS: Final = _page(
    obj(
        object={"const": "usage.bucket"},
        bucket_start=_instant("Where the span begins."),
        bucket_end=_instant("Where it ends, which is not in it."),
        groups={"type": "array", "items": obj(key=_KEY, metrics=_METRICS)},
    ),
    "next_page",
)
EVENTS: Final = _page(
    obj(
        id=_told("Of the image or the video."),
        type={"enum": ["image", "video"]},
        model=_WHO["model"],
        status=_STATUS,
        created_at=_instant("When it was asked for."),
        completed_at=_told("When it reached its end; null until then.", ["string", "null"], format="date-time"),
        duration_ms=_told("How long it took; null until its end.", ["integer", "null"]),
        input_tokens=_told("Of a chat; null, as the fake has none.", ["integer", "null"]),
        output_tokens=_told("Likewise.", ["integer", "null"]),
        credits_charged=_told("What has left the team: 0 unless it succeeded.", "number"),
        api_key_id=_WHO["api_key_id"],
        user_id=_WHO["user_id"],
        request_id=_told("`Aurous-Request-Id` of the call that made it; null where a test did.", ["string", "null"]),
    ),
    "next_cursor",
)

_RANGE: Final = {
    "start_time": _instant("Where the range begins. Needed, unless a page token holds it."),
    "end_time": _instant("Where it ends, which is not in it; now unless told."),
}
_FILTERED: Final = {name: _told("One value, or several between commas.") for name in FILTERS}
BUCKETS_QUERY: Final[Shape] = {
    **_RANGE,
    "bucket_width": {"enum": list(WIDTHS), "default": "1d"},
    "group_by": _told(f"Of {', '.join(GROUPS)}: none, one, or several between commas."),
    **_FILTERED,
    "limit": _told("Buckets of a page.", "integer", minimum=1, maximum=100, default=24),
    "page_token": _told("`next_page` of the page before; it holds the whole query."),
}
EVENTS_QUERY: Final[Shape] = {
    **_RANGE,
    **_FILTERED,
    "limit": _told("Rows of a page.", "integer", minimum=1, maximum=500, default=100),
    "cursor": _told("`next_cursor` of the page before."),
}
