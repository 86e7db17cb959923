"""The schemas of requests and responses, with references resolved, for what walks through JSON beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .base.schema import HOLDS, VALUE, Shape
from .catalog import CATALOG
from .openapi import COMPONENTS

_STEP: Final = re.compile(r"[^.\[\]]+|\[\]")


class Shapes:
    """The schemas of requests and responses."""

    refusal: Shape = COMPONENTS["Error"]
    """The schema of a response with an error."""

    def of(self, operation: str) -> Shape:
        """Return the schema of a successful response; empty without one."""
        row = CATALOG.by_operation.get(operation)
        return {} if row is None else row.shape or {}

    def of_request(self, operation: str) -> Shape:
        """Return the schema of a request body; empty without one."""
        row = CATALOG.by_operation.get(operation)
        return {} if row is None else row.body or {}

    def at(self, operation: str, where: str) -> Shape:
        """Return the schema of a place in a response, such as ``body.data[].name`` or ``error.code``."""
        first, *steps = _STEP.findall(where)
        shape = self.resolved(self.refusal["properties"]["error"] if first == "error" else self.of(operation))
        for step in steps:
            shape = self.items(shape) if step == "[]" else self.field(shape, step)
        return shape

    def field(self, schema: Shape, name: str) -> Shape:
        """Return the resolved schema of a field of an object; empty for an unknown one."""
        return self.resolved(schema.get("properties", {}).get(name, {}))

    def items(self, schema: Shape) -> Shape:
        """Return the resolved schema of the items of an array, which hold what the array does."""
        items = self.resolved(schema.get("items", {}))
        return {**items, HOLDS: schema[HOLDS]} if items and HOLDS in schema else items

    def resolved(self, schema: Shape) -> Shape:
        """Return a schema, or that which it refers to; of several the first that is not null."""
        if "$ref" in schema:
            found: Shape = COMPONENTS[schema["$ref"].rpartition("/")[2]]
            return found
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if not options:
            return schema
        first = self.resolved(options[0])
        return {**first, **{name: schema[name] for name in (HOLDS, VALUE) if name in schema}}


def nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a value may be null."""
    kinds = schema.get("type", ())
    return "null" in kinds or any(one.get("type") == "null" for one in schema.get("anyOf", ()))
