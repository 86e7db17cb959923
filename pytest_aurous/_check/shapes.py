"""The schemas of operations, as one walks through them beside a value, and the words of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from .._core.resources.base.schema import VALUE
from .._core.resources.catalog import CATALOG
from .._core.resources.chat.machine import CHUNK
from .._core.resources.content.schemas import KEYWORDS
from .._core.resources.models import MODELS
from .._core.resources.openapi import COMPONENTS, document
from .._core.resources.styles import IMAGE_STYLES, VIDEO_STYLES, LoraRow, VideoLoraRow
from .._core.wire.fields import HOLDS, Shape


class Schema:
    """What is known of one value: references are resolved, and of several schemas the first that is not null counts."""

    def __init__(self, stated: Shape, holds: str = "") -> None:
        shape = _resolved(stated)
        kinds: Any = shape.get("type", ())
        self._stated = stated
        self.properties: Mapping[str, Shape] = shape.get("properties", {})  # as they are stated
        self._items: Shape = shape.get("items", {})
        self._inner: dict[str, Schema] = {}
        self.nullable: bool = any("null" in one.get("type", ()) for one in (stated, *stated.get("anyOf", ())))
        self.types: tuple[str, ...] = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        self.allowed: Sequence[Any] | None = shape.get("enum", (shape["const"],) if "const" in shape else None)
        self.bounds: tuple[float | None, float | None] = shape.get("minimum"), shape.get("maximum")
        self.holds: str = holds or shape.get(HOLDS, "")  # what is in its text (`HOLDS`); empty for free text
        self.rests_on: str = shape.get(VALUE, "")  # of the value of a response (`VALUE`); empty if it is not said
        self.formatted: bool = "format" in shape  # a text, such as an instant
        self.required: tuple[str, ...] = tuple(shape.get("required", ()))

    def field(self, name: str) -> Schema:
        """Return the schema of a field of an object; of an unknown one, nothing is known."""
        if name not in self._inner:
            self._inner[name] = Schema(self.properties.get(name, {}))
        return self._inner[name]

    @property
    def items(self) -> Schema:
        """The schema of the items of an array, which hold what the array does."""
        if "[]" not in self._inner:
            self._inner["[]"] = Schema(self._items, self.holds if self._items else "")
        return self._inner["[]"]

    def fitting(self, value: object) -> Schema:
        """Return the schema that is of objects or arrays, as the value is, if there are several; else itself."""
        kind = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else ""
        return next((Schema(one) for one in self._stated.get("anyOf", ()) if kind and one.get("type") == kind), self)


def _resolved(schema: Shape) -> Shape:
    if "$ref" in schema:
        found: Shape = COMPONENTS[schema["$ref"].rpartition("/")[2]]
        return found
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if not options:
        return schema
    return {**_resolved(options[0]), **{name: schema[name] for name in (HOLDS, VALUE) if name in schema}}


STREAM: Final = Schema({"properties": dict.fromkeys(("first", "second", "last"), CHUNK)})
"""Of the events of a stream, as `form_of_stream` has them."""


@cache
def schema_of(operation: str, part: Literal["request", "success", "refusal"] = "success") -> Schema:
    """Return the schema of the body of a request, or of a response; without one, nothing is known."""
    if part == "refusal":
        return Schema(COMPONENTS["Error"])
    row = CATALOG.by_operation.get(operation)
    return Schema((row and (row.body if part == "request" else row.shape)) or {})


def schema_at(operation: str, where: str) -> Schema:
    """Return the schema of a place in a response, such as ``body.data[].name`` or ``error.code``."""
    first, *steps = re.findall(r"[^.\[\]]+|\[\]", where)
    schema = schema_of(operation, "refusal").field(first) if first == "error" else schema_of(operation)
    for step in steps:
        schema = schema.items if step == "[]" else schema.field(step)
    return schema


class Vocabulary(NamedTuple):
    """Texts that say nothing of a user."""

    words: frozenset[str]  # of the API: names of fields and parameters, enums, codes, and what stands in paths
    paths: frozenset[str]  # what stands in the paths of the API
    public: frozenset[str]  # the names of the public styles and models
    schemas: frozenset[str]  # the words of JSON Schemas: keywords, types and formats


@cache
def vocabulary() -> Vocabulary:
    rows = CATALOG.by_operation.values()
    paths = {part for row in rows for part in row.template.split("/") if not part.startswith("{")}
    codes = {part for row in rows for outcome in row.outcomes for part in outcome.split()}
    words = {*re.findall(r'"([^" \\]+)"', json.dumps(document())), *codes, *paths, "list", "*"}
    given: tuple[LoraRow | VideoLoraRow, ...] = (*IMAGE_STYLES, *VIDEO_STYLES)
    styles = [text for style in given for text in (style.name, style.slug)]
    models = [name for model in MODELS for name in (model.id, *model.aliases)]
    return Vocabulary(frozenset(words), frozenset(paths), frozenset((*styles, *models)), KEYWORDS)
