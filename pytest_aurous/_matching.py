"""Which calls an assertion means, and how to say it: partial JSON, counts in words, the closest calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from ._journal import line_of
from ._wire import Call

__all__ = ("closest", "differences", "expectation", "fits", "has", "in_words", "often")

_CLOSEST: Final = 3
_LONGEST: Final = 60


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
    """Show the calls of that name that came closest, and where they differ from what was asked for."""
    if json is None and not headers:
        return ""
    others = [(differences(call, json, headers), call) for call in named if call not in matching]
    others.sort(key=lambda one: len(one[0]))
    lines = ["Closest:"] if others else []
    for found, call in others[:_CLOSEST]:
        lines += [line_of(call), *(f"       {difference}" for difference in found)]
    return "".join(f"{line}\n" for line in lines)


def differences(call: Call, json: Any, headers: Mapping[str, str] | None) -> list[str]:
    """Say where the request differs from the parts and headers that were asked for."""
    request = call.request
    found = [] if json is None else list(_of_json("json", json, request.json))
    for name, value in (headers or {}).items():
        sent = request.headers.get(name)
        if sent != value:
            found.append(f"header {name}: {_short(sent) if sent is not None else 'not sent'}, wanted {value!r}")
    return found


def _of_json(path: str, part: Any, whole: Any) -> Iterator[str]:
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        for key, value in cast("Mapping[str, Any]", part).items():
            if key in whole:
                yield from _of_json(f"{path}.{key}", value, whole[key])
            else:
                yield f"{path}.{key}: not sent, wanted {_short(value)}"
    elif part != whole:
        yield f"{path}: {_short(whole) if whole is not None else 'no JSON'}, wanted {_short(part)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
