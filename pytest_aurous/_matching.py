"""Which calls an assertion means, and how to say it: partial JSON, counts in words, the closest calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ._journal import line_of
from ._wire import Call, to_json

__all__ = ("closest", "expectation", "fits", "has", "in_words", "often")


def has(call: Call, json: Any, headers: Mapping[str, str] | None) -> bool:
    """Whether the request has these parts and these headers."""
    request = call.request
    return (json is None or _part_of(json, request.json)) and all(
        request.headers.get(name) == value for name, value in (headers or {}).items()
    )


def _part_of(part: Any, whole: Any) -> bool:
    if isinstance(part, Mapping):
        parts = cast("Mapping[str, Any]", part)
        return isinstance(whole, Mapping) and all(
            key in whole and _part_of(value, whole[key]) for key, value in parts.items()
        )
    return bool(part == whole)


def fits(count: int, times: int | None, at_least: int | None, at_most: int | None) -> bool:
    """Whether *count* is as often as was asked for; nothing asked means once or more."""
    if times is not None:
        return count == times
    low = at_least if at_least is not None else (1 if at_most is None else 0)
    return low <= count and (at_most is None or count <= at_most)


def expectation(times: int | None, at_least: int | None, at_most: int | None) -> str:
    """Say how often was asked for."""
    if times is not None:
        return f"exactly {often(times)}" if times else "never"
    bounds = [f"at least {often(at_least)}"] if at_least is not None else []
    bounds += [f"at most {often(at_most)}"] if at_most is not None else []
    return " and ".join(bounds) or "at least once"


def often(number: int) -> str:
    """Say a count."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def in_words(json: Any, headers: Mapping[str, str] | None) -> str:
    """Say what else was asked of the calls."""
    parts = [f"json {json!r}"] if json is not None else []
    parts += [f"headers {dict(headers)!r}"] if headers else []
    return f" with {' and '.join(parts)}" if parts else ""


def closest(named: Sequence[Call], matching: list[Call], json: Any, headers: Mapping[str, str] | None) -> str:
    """Show the calls of that name that did not match, and what they had instead."""
    others = [call for call in named if call not in matching]
    if not others or (json is None and not headers):
        return ""
    lines = ["Closest:"]
    for call in others[-3:]:
        lines.append(line_of(call))
        if json is not None:
            sent = call.request.json
            shown = to_json(sent).decode() if sent is not None else "no JSON body"
            lines.append(f"       sent: {shown[:300]}")
        lines += [f"       {name}: {call.request.headers.get(name)}" for name in headers or ()]
    return "\n".join(lines) + "\n"
