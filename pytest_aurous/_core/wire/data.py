"""JSON data of unknown shape."""

from __future__ import annotations

import json
from typing import Any, cast


def parsed(body: bytes | str | None) -> Any:
    """Return JSON as data; None for anything else."""
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):  # ValueError also covers bytes that are not UTF-8
        return None


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON array; an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
