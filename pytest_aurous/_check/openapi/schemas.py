"""What a schema of an OpenAPI document says of one value, with its references and compositions resolved."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..._base.errors import AurousError, see, shown
from ..._wire.data import as_list, as_object
from .document import Document

_LOW: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGH: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_MOST_STEPS: Final = 50_000
"""Refuse a document whose schemas contain each other in more ways than this; the fake's document has 4,000."""
_VALUES: Final = 10
"""This many values of an enum take as long as a schema."""
_TYPES: Final[dict[type, str]] = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What a schema says of a value, without the values in it; None if it says nothing.

    Attributes:
        types: The JSON types that it may have, without null.
        null: Whether it may be null.
        values: The values that it may have, as JSON.
        fields: The schemas of its fields.
        required: The fields that are always there.
        closed: Whether it has no other fields.
        others: The schema of its other fields.
        items: The schema of its items.
        limits: Its limits by their keywords.
        default: What it is by default, as JSON.
        form: Its format.
    """

    types: frozenset[str] | None = None
    null: bool | None = None
    values: frozenset[str] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    required: frozenset[str] | None = None
    closed: bool | None = None
    others: Any = None
    items: Any = None
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    default: str | None = None
    form: str = ""

    @property
    def only_null(self) -> bool:
        """Whether it is null and nothing else."""
        return self.types == frozenset() and self.null is True


class Schemas:
    """The schemas of one document.

    Attributes:
        document: The document.
        unread: References that lead out of it, or nowhere.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.unread: list[str] = []
        self._steps = 0
        self._says_null = any(map(_is_nullable, _objects(document.content)))

    def follow(self, part: Any) -> dict[str, Any]:
        """Return a part that is no schema, or what it refers to; empty where that cannot be read."""
        seen: dict[str, None] = {}
        found = as_object(part)
        while isinstance(found.get("$ref"), str):
            found = self._target(found["$ref"], seen)
        return found

    def shape(self, schema: Any, seen: Collection[str] = ()) -> Shape:
        """Return what a schema says, with all that it refers to and is composed of."""
        here = as_object(schema)
        self._step(1 + len(as_list(here.get("enum"))) // _VALUES)
        path = dict.fromkeys(seen)
        parts: list[Shape] = []
        if isinstance(here.get("$ref"), str):
            parts.append(self.shape(self._target(here["$ref"], path), path))
        if not parts or not self.document.old:
            parts.insert(0, self._own(here))
            parts += [self.shape(one, seen) for one in as_list(here.get("allOf"))]
            for name in ("oneOf", "anyOf"):
                if name in here:
                    parts.append(_either([self.shape(one, seen) for one in as_list(here[name])]))
        return parts[0] if len(parts) == 1 else _both(parts)

    def _step(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise too_many(self.document.name)

    def _target(self, reference: str, seen: dict[str, None]) -> dict[str, Any]:
        """Return what a reference leads to, and add it to those *seen* on the way."""
        self._step(1)
        if reference in seen:
            return self._leave(f"{shown(reference)} leads back to itself")
        seen[reference] = None
        if not reference.startswith("#"):
            return self._leave(f"{shown(reference)} is in another file, which is not read")
        found = self.document.at(reference)
        if not isinstance(found, dict):
            return {} if isinstance(found, bool) else self._leave(f"{shown(reference)} leads nowhere")
        return as_object(found)

    def _leave(self, note: str) -> dict[str, Any]:
        if note not in self.unread:
            self.unread.append(note)
        return {}

    def _own(self, schema: Mapping[str, Any]) -> Shape:
        """Return what a schema says itself."""
        kinds = {str(kind) for kind in _kinds(schema)}
        listed = as_list(schema.get("enum")) if "const" not in schema else [schema["const"]]
        types = kinds - {"null"} if kinds else None
        if types is None and listed:
            types = {_TYPES[type(one)] for one in listed if one is not None}
        null: bool | None = None
        if schema.get("nullable") is True:
            null = True
        elif kinds or listed:
            null = ("null" in kinds if kinds else None in listed) or (None if not self._says_null else False)
        required, more = schema.get("required"), schema.get("additionalProperties")
        return Shape(
            types=None if types is None else frozenset(types),
            null=null,
            values=frozenset(json.dumps(one) for one in listed if one is not None) if listed else None,
            fields=as_object(schema.get("properties")),
            required=frozenset(map(str, as_list(required))) if isinstance(required, list) else None,
            closed=None if more is None else more is False,
            others=more if isinstance(more, dict) else None,
            items=schema.get("items"),
            limits=_limits(schema, whole=types == {"integer"}),
            default=json.dumps(schema["default"], sort_keys=True) if "default" in schema else None,
            form=str(schema.get("format", "")),
        )


def too_many(name: str) -> AurousError:
    """Return the error for a document whose schemas cannot be resolved in reasonable time."""
    text = f"check --spec {name}: its schemas contain each other too often, or too deeply, or have too many values."
    return AurousError(f"{text}\n{see('reference/check.html#documents')}")


def _is_nullable(schema: Mapping[str, Any]) -> bool:
    return schema.get("nullable") is True or "null" in _kinds(schema) or None in as_list(schema.get("enum"))


def _kinds(schema: Mapping[str, Any]) -> list[Any]:
    kind = schema.get("type")
    return as_list(kind) if isinstance(kind, list) else [kind] if isinstance(kind, str) else []


def _objects(content: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in the document."""
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield as_object(one)
            waiting += as_object(one).values()
        waiting += as_list(one)


def _limits(schema: Mapping[str, Any], *, whole: bool) -> dict[str, float]:
    """Return the limits; of whole numbers those that they reach, and in 3.0 the exclusive ones as in 3.1."""
    found: dict[str, float] = {}
    for name in (*_LOW, *_HIGH):
        value = schema.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = value
    for name, step in (("Minimum", 1), ("Maximum", -1)):
        outer, inner = f"exclusive{name}", name.lower()
        if schema.get(outer) is True and inner in found:
            found[outer] = found.pop(inner)
        if whole and outer in found:
            found[inner] = found.pop(outer) + step
    return found


def _both(parts: Sequence[Shape]) -> Shape:
    """Return what is said by all of several schemas together; the first is that which has the others."""
    nulls = [one.null for one in parts if one.null is not None]
    fields: dict[str, Any] = {}
    for one in parts:
        for name, schema in one.fields.items():
            fields[name] = {"allOf": [fields[name], schema]} if name in fields else schema
    limits: dict[str, float] = {}
    for one in parts:
        for name, value in one.limits.items():
            tightest = max if name in _LOW else min
            limits[name] = tightest(value, limits.get(name, value))
    required = [one.required for one in parts if one.required is not None]
    items = [one.items for one in parts if one.items is not None]
    return Shape(
        types=_common(one.types for one in parts),
        null=True if parts[0].null else all(nulls) if nulls else None,
        values=_common(one.values for one in parts),
        fields=fields,
        required=_any(required),
        closed=_first(sorted((one.closed for one in parts if one.closed is not None), reverse=True)),
        others=_first(one.others for one in parts if one.others is not None),
        items=items[0] if len(items) == 1 else {"allOf": items} if items else None,
        limits=limits,
        default=_first(one.default for one in parts if one.default is not None),
        form=_first(one.form for one in parts if one.form) or "",
    )


def _either(parts: Sequence[Shape]) -> Shape:
    """Return what holds of a value for which one of several schemas does."""
    some = [one for one in parts if not one.only_null]
    if not some:
        return Shape(types=frozenset(), null=True) if parts else Shape()
    nulls = [one.null for one in parts]
    fields: dict[str, Any] = {}
    for one in some:
        for name, schema in one.fields.items():
            fields[name] = {"anyOf": [*as_list(as_object(fields.get(name)).get("anyOf")), schema]}
    required = [one.required for one in some if one.required is not None]
    types = [one.types for one in some if one.types is not None]
    values = [one.values for one in some if one.values is not None]
    items = [one.items for one in some if one.items is not None]
    shared = _first(required) if len(some) == 1 else frozenset(_first(required) or ()).intersection(*required) or None
    return Shape(
        types=_any(types) if len(types) == len(some) else None,
        null=True if True in nulls else None if None in nulls else False,
        values=_any(values) if len(values) == len(some) else None,
        fields=fields,
        required=shared,
        closed=True if all(one.closed for one in some) else _first(False for one in some if one.closed is False),
        others=_first(one.others for one in some if one.others is not None),
        items=items[0] if len(items) == 1 else {"anyOf": items} if items else None,
        limits=_loosest(some),
        default=_first(one.default for one in some if one.default is not None),
        form=some[0].form if len({one.form for one in some}) == 1 else "",
    )


def _loosest(parts: Sequence[Shape]) -> dict[str, float]:
    """Return the limits that each of the schemas has, where they are widest."""
    names = set(parts[0].limits).intersection(*(one.limits for one in parts))
    return {name: (min if name in _LOW else max)(one.limits[name] for one in parts) for name in sorted(names)}


def _common(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Return what all sets have that are there; of two that have nothing in common the first."""
    found: frozenset[str] | None = None
    for one in sets:
        found = one if found is None else (found & one or found) if one is not None else found
    return found


def _any(sets: Sequence[frozenset[str]]) -> frozenset[str] | None:
    """Return what is in any of the sets; None if there are no sets."""
    return frozenset(name for one in sets for name in one) if sets else None


def _first(some: Iterable[Any]) -> Any:
    return next(iter(some), None)
