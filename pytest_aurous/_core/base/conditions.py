"""Conditions as data: which requests, deliveries or chats something of a test is for.

A condition is a dict, all of whose parts must hold:

- ``json``: the parts that the JSON body has, at least;
- ``path``: the path of the URL, a text or a pattern such as ``/v1/images/*``;
- ``header``: the name of a header that is there, or a dict of names and their values;
- ``pattern``: a regular expression, looked for in the body, or in the last message of a chat;
- ``system``: a text in the system messages of a chat;
- ``tool_result``: a text in the results of tools that a chat ends with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple, cast

from .arguments import Check
from .data import is_mapping
from .errors import choices, hide_mistakes, nearest, shown

__tracebackhide__ = hide_mistakes

OF_REQUESTS: Final = ("json", "path", "header", "pattern")
OF_DELIVERIES: Final = ("json", "path", "pattern")
OF_CHATS: Final = (*OF_REQUESTS, "system", "tool_result")


class Candidate(NamedTuple):
    """What a condition looks at: a request, a delivery, or a chat, whose *text* is its last message."""

    path: str
    headers: Mapping[str, str]
    json: Any
    text: str
    system: str = ""
    tool_result: str = ""


def read_condition(check: Check, name: str, condition: Mapping[Any, Any], known: Collection[str]) -> dict[str, Any]:
    """Return a copy of a condition whose parts are out of the *known* ones, or raise an `AurousError`."""
    found = dict(condition)
    for part, value in found.items():
        if part not in known:
            raise check.refuse(name, condition, f"parts out of {choices(known)}{nearest(part, known)}")
        if part == "header" and is_mapping(value):
            for header, text in check.pairs(name, value).items():
                check.instance(f"{name}['header'][{header!r}]", text, str, "text, such as '5'.")
        elif part != "json":
            check.text(f"{name}[{part!r}]", value, _EXAMPLES[part])
    if not found:
        raise check.refuse(name, condition, f"at least one part, such as {{'path': {_EXAMPLES['path']!r}}}.")
    if "pattern" in found:
        try:
            re.compile(found["pattern"])
        except re.error as error:
            raise check.refuse(name, condition, f"a regular expression ({error}).") from None
    check.json(name, found)
    return found


def fits(condition: Mapping[str, Any], seen: Candidate) -> bool:
    return all(_HOLDS[part](value, seen) for part, value in condition.items())


def json_differences(path: str, part: Any, whole: Any) -> Iterator[str]:
    """Yield where *whole* lacks what *part* has; in objects it may have more."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        for key, value in cast("Mapping[str, Any]", part).items():
            if key in whole:
                yield from json_differences(f"{path}.{key}", value, whole[key])
            else:
                yield f"{path}.{key}: not sent, wanted {shown(value)}"
    elif part != whole:
        wanted: object = cast("object", part)
        yield f"{path}: {shown(whole) if whole is not None else 'no JSON'}, wanted {shown(wanted)}"


def _has_headers(wanted: str | Mapping[str, str], seen: Candidate) -> bool:
    if isinstance(wanted, str):
        return wanted in seen.headers
    return all(seen.headers.get(name) == value for name, value in wanted.items())


_EXAMPLES: Final = {
    "path": "/v1/images/*",
    "header": "Idempotency-Key",
    "pattern": "hai?r",
    "system": "You are a poet.",
    "tool_result": "sunny",
}
_HOLDS: Final[dict[str, Callable[[Any, Candidate], bool]]] = {
    "json": lambda part, seen: not any(json_differences("", part, seen.json)),
    "path": lambda pattern, seen: fnmatchcase(seen.path, pattern),
    "header": _has_headers,
    "pattern": lambda pattern, seen: re.search(pattern, seen.text) is not None,
    "system": lambda text, seen: text in seen.system,
    "tool_result": lambda text, seen: text in seen.tool_result,
}
