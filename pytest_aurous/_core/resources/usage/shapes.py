"""JSON Schemas of the usage requests and responses."""

from __future__ import annotations

from typing import Any, Final

from ..base.schema import HOLDS, Shape, free, obj

_DAY: Final = 86_400
WIDTHS: Final = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY}
"""The widths of a bucket, in seconds."""
GROUPS: Final = ("status", "type", "model", "api_key_id", "user_id")
FILTERS: Final = (*GROUPS, "lora_id", "character_id")
LISTS: Final = (*FILTERS, "group_by")
"""The parameters with several values: separated by commas, or repeated."""
_ID: Final = {HOLDS: "id"}


def _field(description: str, kind: str | list[str] = "string", **more: Any) -> Shape:
    return {"type": kind, "description": description, **more}


def _page(row: Shape, cursor: str) -> Shape:
    return obj(
        object={"const": "list"},
        data=free({"type": "array", "items": row}),  # what was before the recording counts, too
        has_more=free(_field("Whether there is another page.", "boolean")),
        **{cursor: free(_field("Opaque cursor of the next page; null on the last page.", ["string", "null"]))},
    )


def _instant(description: str) -> Shape:
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
        bucket_start=_instant("Start of the bucket."),
        bucket_end=_instant("End of the bucket, exclusive."),
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
        created_at=_instant("Time of the create request."),
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
    "start_time": _instant("Start of the range. Required, unless a page token contains it."),
    "end_time": _instant("End of the range, exclusive; now by default."),
}
_HOLDS: Final = {"status": "word", "type": "word", "lora_id": "id", "character_id": "id"}
_FILTERED: Final = {
    name: _field("One value, or several separated by commas.", **({HOLDS: _HOLDS[name]} if name in _HOLDS else {}))
    for name in FILTERS
}
BUCKETS_QUERY: Final[Shape] = {
    **_RANGE,
    "bucket_width": {"enum": list(WIDTHS), "default": "1d"},
    "group_by": _field(f"{', '.join(GROUPS)}: none, one, or several separated by commas.", **{HOLDS: "word"}),
    "group_by[]": {"type": "array", "items": {"enum": list(GROUPS)}, "description": "`group_by`, one by one."},
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
