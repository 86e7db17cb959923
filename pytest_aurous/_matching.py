"""Which calls an assertion means, and how to say it: partial JSON, counts in words, the closest calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from ._check import Check
from ._journal import line_of
from ._wire import Call
from .errors import hide_mistakes, shown

__all__ = ("check_counts", "check_headers", "closest", "differences", "expectation", "fits", "has", "in_words", "often")

__tracebackhide__ = hide_mistakes

_CLOSEST: Final = 3


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


def check_counts(check: Check, times: int | None, at_least: int | None, at_most: int | None) -> None:
    """Refuse counts that are not whole numbers, or that contradict each other."""
    for name, value in (("times", times), ("at_least", at_least), ("at_most", at_most)):
        if value is not None:
            check.whole(name, value, 0)
    if times is not None and not at_least is at_most is None:
        raise check.refuse("times", times, "either times, or at_least and at_most, and not both.")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise check.refuse("at_least", at_least, f"at_most={at_most} or less, since no count is both.")


def check_headers(check: Check, headers: object) -> None:
    """Refuse anything but a mapping of header names to text."""
    given = headers  # of `headers` type checkers know too little after the test
    if headers is not None and not (
        isinstance(headers, Mapping)
        and all(isinstance(part, str) for pair in cast("Mapping[Any, Any]", headers).items() for part in pair)  # type: ignore[redundant-cast]  # pyright
    ):
        raise check.refuse("headers", given, "a dict of text, such as {'Idempotency-Key': 'order-1'}.")


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
    parts = [f"json {shown(json)}"] if json is not None else []
    parts += [f"headers {shown(dict(headers))}"] if headers else []
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
            found.append(f"header {name}: {shown(sent) if sent is not None else 'not sent'}, wanted {shown(value)}")
    return found


def _of_json(path: str, part: Any, whole: Any) -> Iterator[str]:
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        for key, value in cast("Mapping[str, Any]", part).items():
            if key in whole:
                yield from _of_json(f"{path}.{key}", value, whole[key])
            else:
                yield f"{path}.{key}: not sent, wanted {shown(value)}"
    elif part != whole:
        wanted: object = cast("object", part)
        yield f"{path}: {shown(whole) if whole is not None else 'no JSON'}, wanted {shown(wanted)}"
