"""Usage figures: the totals of a bucket, and the row of a generation."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles
from typing import Any, Final

from ..._time.clock import iso_milliseconds
from ..._world.ledger import json_number, total
from ..generations import GenerationRow

_STATUSES: Final = {"succeeded": "completed", "expired": "failed", "moderation_rejected": "failed"}
"""What usage calls the statuses that it has no word for; that it counts the last two as failed is an assumption."""


def key_of(row: GenerationRow) -> dict[str, Any]:
    """Return the fields that generations are grouped and filtered by."""
    return {
        "status": _STATUSES.get(row.status, row.status),
        "type": row.inference_type,
        "model": None,
        "api_key_id": None,
        "user_id": None,
    }


def bucket_of(start: int, width: int, groups: list[str], rows: list[GenerationRow]) -> dict[str, Any]:
    """Write the bucket of *width* seconds from *start*, with the totals of *rows* grouped by the fields in *groups*."""
    by_key: dict[tuple[Any, ...], list[GenerationRow]] = {}
    for row in rows:
        key = key_of(row)
        by_key.setdefault(tuple(key[name] for name in groups), []).append(row)
    return {
        "object": "usage.bucket",
        "bucket_start": iso_milliseconds(start),
        "bucket_end": iso_milliseconds(start + width),
        "groups": [
            {"key": dict(zip(groups, key, strict=True)), "metrics": _metrics(some)} for key, some in by_key.items()
        ],
    }


def _metrics(rows: list[GenerationRow]) -> dict[str, Any]:
    count = Counter(key_of(row)["status"] for row in rows)
    done = [row for row in rows if row.status == "succeeded"]
    durations = [row.duration_ms or 0 for row in done]
    return {
        "request_count": len(rows),
        "successful_count": count["completed"],
        "failed_count": count["failed"],
        "cancelled_count": count["cancelled"],
        "credits_used": json_number(total(row.cost["amount"] for row in done)),
        "duration_ms_p50": _percentile(durations, 50),
        "duration_ms_p95": _percentile(durations, 95),
        "image_count": sum(row.image_count or 0 for row in done),
        "video_seconds": json_number(total(row.video_duration or 0 for row in done)),
        "total_input_tokens": 0,
        "total_output_tokens": 0,
    }


def _percentile(values: list[int], percent: int) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 - quantiles() needs two values
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def event_of(row: GenerationRow) -> dict[str, Any]:
    """Write a generation as a usage event."""
    return {
        "id": row.id,
        "type": row.media_type,
        "model": None,
        "status": key_of(row)["status"],
        "created_at": iso_milliseconds(row.started),
        "completed_at": None if row.finished is None else iso_milliseconds(row.finished),
        "duration_ms": row.duration_ms,
        "input_tokens": None,
        "output_tokens": None,
        "credits_charged": row.cost["amount"] if row.status == "succeeded" else 0,
        "api_key_id": None,
        "user_id": None,
        "request_id": row.creation_request_id,
    }
