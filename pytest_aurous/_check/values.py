"""Compare two JSON values and a schema, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from .._core.base.data import as_list, as_object
from .._core.resources.base.schema import VALUE
from .._core.resources.openapi import Shapes, nullable
from .._core.wire.fields import HOLDS
from .points import ABSENT, OTHER, SAME, Point
from .words import Words, name_of

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID: Final = re.compile(r"([a-z]+)_[0-9A-Za-z]{8,}")
_URL: Final = re.compile(r"https?://\S+")
_BOUND_NAMES: Final = ("url", "upload_url", "output_urls", "output_video_url")
_EMPTY: Final[tuple[Any, ...]] = (None, [], {})
"""The values of a field that is unset; which of them, no page says, unless the field is required."""
_MAPS: Final = frozenset({"metadata", "upload_headers"})
"""Objects of the client's own: compared as a whole."""
_RECORDS: Final = {f"id {prefix}" for prefix in ("img", "vid", "cmp", "emb", "lora", "team", "evt")}
"""The forms of ids that a row of the fake may have where another row was recorded."""
_UNSTATED: Final = ("form", "free")
_UNITS: Final = 0.00021
"""The largest error of a sum of two amounts that are each rounded to four decimals."""
_CURSORS: Final = ("next_page", "next_cursor")
"""Fields whose values are opaque, and sent back."""
_TYPES: Final[dict[type, str]] = {
    str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null"
}  # fmt: skip


class Values:
    """Compares two JSON values and a schema, side by side.

    Args:
        shapes: The schemas.
        bind: Learns the URLs and page tokens of the fake by those recorded.
        sent: The places of the fields that the request has sent: their values are stated, whatever the schema says.
        ignored: The places that say nothing.
    """

    def __init__(
        self,
        shapes: Shapes,
        bind: Callable[[str, str], object],
        *,
        sent: Collection[str] = (),
        ignored: Collection[str] = (),
    ) -> None:
        self._shapes = shapes
        self._bind = bind
        self._sent = sent
        self._ignored = ignored

    def compare(
        self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str = "", ground: str = ""
    ) -> Iterator[Point]:
        """Yield the points of one value and of all that is in it; *ground* is what it rests on (`VALUE`)."""
        ground = "" if where in self._sent else schema.get(VALUE, ground)
        for point in self._compare(where, seen, fake, schema, name, ground):
            yield point._replace(assumed=True) if ground == "assumed" else point

    def _compare(
        self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str, ground: str
    ) -> Iterator[Point]:
        if where in self._ignored:
            if None not in (seen, fake) and _TYPES[type(seen)] != _TYPES[type(fake)]:
                yield Point(where, "json type", OTHER, Words(_TYPES[type(seen)]), Words(_TYPES[type(fake)]))
            return
        if (seen is None) != (fake is None):
            unsaid = ground == "free" and (fake is None or nullable(schema))
            if not (unsaid or (seen is None and ground == "or null")):
                yield Point(where, "null", OTHER, seen, fake)
            return
        if seen is None:
            yield Point(where, "null", SAME)
            return
        kinds = _TYPES[type(seen)], _TYPES[type(fake)]
        if kinds[0] != kinds[1]:
            yield Point(where, "json type", OTHER, Words(kinds[0]), Words(kinds[1]))
            return
        if name in _MAPS:
            yield Point(where, "value", seen != fake, seen, fake)
        elif isinstance(fake, dict):
            yield from self._object(where, as_object(seen), as_object(fake), self._shapes.resolved(schema), ground)
        elif isinstance(fake, list):
            yield from self._array(where, as_list(seen), as_list(fake), self._shapes.resolved(schema), name, ground)
        else:
            yield from self._scalar(where, seen, fake, self._shapes.resolved(schema), name, ground)

    def _object(
        self, where: str, seen: dict[str, Any], fake: dict[str, Any], schema: Mapping[str, Any], ground: str
    ) -> Iterator[Point]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        allowed = self._shapes.resolved(properties.get("status", {})).get("enum")
        if allowed is not None and isinstance(seen.get("status"), str) and seen["status"] not in allowed:
            yield Point(f"{where}.status", "enum", OTHER, seen["status"], fake.get("status"))
            return  # the fake cannot be brought there, so nothing else can be compared
        for name, value in fake.items():
            inner, shape = f"{where}.{name}", properties.get(name, {})
            optional = name not in schema.get("required", ()) and inner not in self._sent
            unset = optional and (value in _EMPTY or (shape.get(VALUE, ground) == "free" and name not in seen))
            if name not in seen:
                yield Point(inner, "omitted" if unset else "missing", OTHER, ABSENT, value)
            elif not (unset and seen[name] in _EMPTY and shape.get(VALUE) != "null"):
                yield from self.compare(inner, seen[name], value, shape, name, ground)
        for name in [name for name in seen if name not in fake]:
            if seen[name] in _EMPTY and name in properties:
                yield Point(f"{where}.{name}", "omitted", OTHER, seen[name], ABSENT)
            else:
                shown = "*" if schema.get(HOLDS) == "client" else name_of(name)
                yield Point(f"{where}.{shown}", "added", OTHER, seen[name], ABSENT)

    def _array(
        self, where: str, seen: list[Any], fake: list[Any], schema: Mapping[str, Any], name: str, ground: str
    ) -> Iterator[Point]:
        items, stated = schema.get("items", {}), ground not in _UNSTATED
        if len(seen) != len(fake) and stated:
            yield Point(where, "rows", OTHER, Words(f"{len(seen)} items"), Words(f"{len(fake)} items"))
        elif stated and fake and not isinstance(fake[0], (dict, list)) and name not in _BOUND_NAMES:
            yield Point(where, "value", seen != fake, seen, fake)
        for one, other in zip(seen, fake, strict=False):
            record = str(as_object(one).get("id", ""))
            for point in self.compare(f"{where}[]", one, other, items, name, ground):
                yield point._replace(record=record) if point.differs and record else point

    def _scalar(
        self, where: str, seen: Any, fake: Any, schema: Mapping[str, Any], name: str, ground: str
    ) -> Iterator[Point]:
        if name in _CURSORS:
            self._bind(seen, fake)
            return
        if isinstance(fake, str):
            allowed = schema.get("enum", (schema["const"],) if "const" in schema else None)
            if allowed is not None:
                yield Point(where, "enum", seen not in allowed, seen, fake)
                if seen not in allowed:
                    return
            forms = form_of(seen), form_of(fake)
            if forms[1] and (ground != "free" or HOLDS in schema or "format" in schema):
                either = ground == "free" and set(forms) <= _RECORDS  # of a row that the fake does not have
                yield Point(where, "form", forms[0] != forms[1] and not either, f"{seen}", f"{fake}")
                if forms[1].startswith("url") or name in _BOUND_NAMES:
                    self._bind(seen, fake)
                if not forms[1].startswith("id"):
                    return
        else:
            yield from _bounds(where, seen, schema)
        if ground not in _UNSTATED:
            close = ground == "rounded" and abs(seen - fake) < _UNITS
            yield Point(where, "value", seen != fake and not close, seen, fake)


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
