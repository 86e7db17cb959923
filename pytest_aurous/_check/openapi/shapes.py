"""The schemas of requests and responses, from the OpenAPI document of the package."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ..._resources.base.schema import HOLDS, Shape
from ..._resources.catalog import CATALOG

_STEP: Final = re.compile(r"[^.\[\]]+|\[\]")


@dataclass(frozen=True)
class Shapes:
    """The schemas of requests and responses, from the OpenAPI document.

    Attributes:
        responses: Schemas of successful responses, by operation.
        requests: Schemas of request bodies, by operation.
        components: Schemas of records, by name.
    """

    responses: Mapping[str, Any]
    requests: Mapping[str, Any]
    components: Mapping[str, Any]

    def of(self, operation: str) -> Shape:
        """Return the schema of a successful response."""
        shape: Shape = self.responses.get(operation, {})
        return shape

    def of_request(self, operation: str) -> Shape:
        """Return the schema of a request body."""
        shape: Shape = self.requests.get(operation, {})
        return shape

    @property
    def refusal(self) -> Shape:
        """The schema of a response with an error."""
        shape: Shape = self.components["Error"]
        return shape

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
            found: Shape = self.components[schema["$ref"].rpartition("/")[2]]
            return found
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if not options:
            return schema
        found = self.resolved(options[0])
        return {**found, HOLDS: schema[HOLDS]} if HOLDS in schema else found


@cache
def load_shapes() -> Shapes:
    """Read the OpenAPI document of the package."""
    document = json.loads(files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8"))
    responses: dict[str, Any] = {}
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                if status.startswith("2"):
                    responses[operation["operationId"]] = content.get("schema", {})
    requests = {name: row.body for name, row in CATALOG.by_operation.items() if row.body is not None}
    return Shapes(responses, requests, document["components"]["schemas"])


def nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a value may be null."""
    kinds = schema.get("type", ())
    return "null" in kinds or any(one.get("type") == "null" for one in schema.get("anyOf", ()))
