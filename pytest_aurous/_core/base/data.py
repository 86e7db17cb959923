"""Data that somebody else has written: files, and JSON of any shape.

Nothing here can fill the memory, and nothing raises an error because of the shape of what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, SupportsFloat, TypeGuard, cast

OPEN_ENUMS: Final = ("billing_mode",)
"""Fields of the API that may get other values, as the vendor says."""

View = dict[str, dict[str, Any]]
"""The state of a fake: sections by name, and in each what is in it by id."""

ULID: Final = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
"""A pattern for the characters of an id after its prefix."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""No more is read of one file, or decompressed of one body."""


class LimitError(Exception):
    """Something is too large to be read; the message says why, as the end of a sentence."""


def read_file(file: Path, most: int = MOST_BYTES) -> bytes:
    """Return what is in a file, or raise a `LimitError`: it may be too large, and a pipe or a device may never end."""
    if not S_ISREG(file.stat().st_mode):
        raise LimitError("it is not a regular file. Save it as one first")
    with file.open("rb") as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise LimitError(f"it is larger than {most // 1024 // 1024} MB")
    return raw


def read_json(text: bytes | str) -> Any:
    """Return JSON as data, or raise a `ValueError`, also for NaN, or a `RecursionError`; Python alone reads NaN."""
    return json.loads(text, parse_float=_finite, parse_constant=_finite)


def _finite(text: str) -> float:
    if not is_finite(number := float(text)):
        raise ValueError(f"{text:.40} is not a finite number")
    return number


def is_finite(number: SupportsFloat) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # a whole number of 400 digits
        return False


def parsed(body: bytes | str | None) -> Any:
    """Return JSON as data; None for anything else."""
    try:
        return read_json(body or b"")
    except (ValueError, RecursionError):  # ValueError also covers bytes that are not UTF-8
        return None


def in_strings(change: Callable[[str], str], value: Any) -> Any:
    """Return JSON data with each string in it changed, also those that are keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): in_strings(change, one) for key, one in as_object(value).items()}
    return [in_strings(change, one) for one in as_list(value)] if isinstance(value, list) else value


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON array; an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []  # type: ignore[redundant-cast]  # pyright finds list[Unknown]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def is_row(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, (list, tuple))
