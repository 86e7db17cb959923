"""Compare two JSON values and a schema, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from .._resources.base.schema import HOLDS
from .._resources.shapes import Shapes, nullable
from .._wire.data import as_list, as_object
from .points import ABSENT, OTHER, SAME, Point
from .words import Words, name_of

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID: Final = re.compile(r"([a-z]+)_[0-9A-Za-z]{8,}")
_URL: Final = re.compile(r"https?://\S+")
_BOUND_NAMES: Final = ("url", "upload_url", "output_urls", "output_video_url", "next_page")
_LOOSE: Final = frozenset({"last_success_at", "last_failure_at", "description", "duration_ms"})
"""Fields that are null, or not, for a reason that no request shows."""
_EMPTY: Final = frozenset({"metadata", "output_urls", "reference_image_urls"})
"""Fields of which no page says whether null or nothing in them stands for nothing."""
_MAPS: Final = frozenset({"metadata", "upload_headers"})
"""Objects of the client's own: compared as a whole."""
_GENERATIONS: Final = {"id img", "id vid"}
_TYPES: Final[dict[type, str]] = {
    str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null"
}  # fmt: skip


class Values:
    """Compares two JSON values and a schema, side by side."""

    def __init__(
        self,
        shapes: Shapes,
        bind: Callable[[str, str], object],
        free: frozenset[str],
        *,
        values: bool,
        ignored: set[str],
    ) -> None:
        self._shapes = shapes
        self._bind = bind
        self._free = free
        self._values = values
        self._ignored = ignored

    def compare(self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str = "") -> Iterator[Point]:
        """Yield the points of one value and of all that is in it."""
        if where in self._ignored:
            if None not in (seen, fake) and _TYPES[type(seen)] != _TYPES[type(fake)]:
                yield Point(where, "json type", OTHER, Words(_TYPES[type(seen)]), Words(_TYPES[type(fake)]))
            return
        if seen is None or fake is None:
            yield from self._null(where, seen, fake, schema, name)
            return
        kinds = _TYPES[type(seen)], _TYPES[type(fake)]
        if kinds[0] != kinds[1]:
            yield Point(where, "json type", OTHER, Words(kinds[0]), Words(kinds[1]))
            return
        if name in _MAPS:
            yield Point(where, "value", seen != fake, seen, fake)
        elif isinstance(fake, dict):
            yield from self._object(where, as_object(seen), as_object(fake), self._shapes.resolved(schema))
        elif isinstance(fake, list):
            yield from self._array(where, as_list(seen), as_list(fake), self._shapes.resolved(schema), name)
        else:
            yield from self._scalar(where, seen, fake, self._shapes.resolved(schema), name)

    def _null(self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str) -> Iterator[Point]:
        """Compare null with a value, or with null."""
        if seen is fake:
            yield Point(where, "null", SAME)
        elif name in _EMPTY and (seen or fake) in ([], {}):
            yield Point(where, "omitted", OTHER, seen, fake)
        elif name not in _LOOSE:
            yield Point(where, "null", self._values or (seen is None and not nullable(schema)), seen, fake)

    def _object(
        self, where: str, seen: dict[str, Any], fake: dict[str, Any], schema: Mapping[str, Any]
    ) -> Iterator[Point]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        allowed = self._shapes.resolved(properties.get("status", {})).get("enum")
        if allowed is not None and isinstance(seen.get("status"), str) and seen["status"] not in allowed:
            yield Point(f"{where}.status", "enum", OTHER, seen["status"], fake.get("status"))
            return  # the fake cannot be brought there, so nothing else can be compared
        for name, value in fake.items():
            inner = f"{where}.{name}"
            if name in seen:
                yield from self.compare(inner, seen[name], value, properties.get(name, {}), name)
            else:
                optional = value is None and name not in schema.get("required", ())
                yield Point(inner, "omitted" if optional else "missing", OTHER, ABSENT, value)
        for name in [name for name in seen if name not in fake]:
            if seen[name] is None and name in properties:
                yield Point(f"{where}.{name}", "omitted", OTHER, None, ABSENT)
            else:
                shown = "*" if schema.get(HOLDS) == "client" else name_of(name)
                yield Point(f"{where}.{shown}", "added", OTHER, seen[name], ABSENT)

    def _array(
        self, where: str, seen: list[Any], fake: list[Any], schema: Mapping[str, Any], name: str
    ) -> Iterator[Point]:
        items = schema.get("items", {})
        if name in self._free:
            return
        if len(seen) != len(fake) and self._values:
            yield Point(where, "rows", OTHER, Words(f"{len(seen)} items"), Words(f"{len(fake)} items"))
        elif self._values and fake and not isinstance(fake[0], (dict, list)) and name not in _BOUND_NAMES:
            yield Point(where, "value", seen != fake, seen, fake)
        for one, other in zip(seen, fake, strict=False):
            yield from self.compare(f"{where}[]", one, other, items, name)

    def _scalar(self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str) -> Iterator[Point]:
        if name == "next_cursor":  # of usage, where it says nothing to a client
            self._bind(seen, fake)
            return
        if isinstance(fake, str):
            allowed = schema.get("enum", (schema["const"],) if "const" in schema else None)
            if allowed is not None:
                yield Point(where, "enum", seen not in allowed, seen, fake)
                if seen not in allowed:
                    return
            forms = form_of(seen), form_of(fake)
            if forms[1]:
                either = not self._values and set(forms) <= _GENERATIONS  # of a row that the fake does not have
                yield Point(where, "form", forms[0] != forms[1] and not either, f"{seen}", f"{fake}")
                if forms[1].startswith("url") or name in _BOUND_NAMES:
                    self._bind(seen, fake)
                if not forms[1].startswith("id"):
                    return
        else:
            yield from _bounds(where, seen, schema)
        if name == "next_page":
            self._bind(seen, fake)
        if self._values and name not in self._free:
            yield Point(where, "value", seen != fake, seen, fake)


def _bounds(where: str, seen: Any, schema: Mapping[str, Any]) -> Iterator[Point]:
    """Compare a number with the bounds that its schema has."""
    low, high = schema.get("minimum", seen), schema.get("maximum", seen)
    if not {"minimum", "maximum"}.isdisjoint(schema):
        yield Point(where, "limit", not low <= seen <= high, seen, Words(f"from {low} to {high}"))


def form_of(text: str) -> str:
    """Return the form of a text if it is a timestamp, an id or a URL; empty for any other text."""
    stamp = _STAMP.fullmatch(text)
    if stamp is not None:
        return f"timestamp {len(stamp[1] or '.') - 1} {'Z' if stamp[2] == 'Z' else 'offset'}"
    record = _ID.fullmatch(text)
    if record is not None:
        return f"id {record[1]}"
    return "url" if _URL.fullmatch(text) else ""
