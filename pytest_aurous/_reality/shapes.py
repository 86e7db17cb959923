"""The schemas of the responses, from the OpenAPI document of the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Shapes:
    """The schemas of the responses, from the OpenAPI document."""

    responses: Mapping[str, Any]
    components: Mapping[str, Any]

    def of(self, operation: str) -> Mapping[str, Any]:
        """Return the schema of a successful response."""
        shape: Mapping[str, Any] = self.responses.get(operation, {})
        return shape

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a schema, or that which it refers to; of several the first that is not null."""
        if "$ref" in schema:
            found: Mapping[str, Any] = self.components[schema["$ref"].rpartition("/")[2]]
            return found
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        return self.resolved(options[0]) if options else schema


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
    return Shapes(responses, document["components"]["schemas"])


def nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a value may be null."""
    kinds = schema.get("type", ())
    return "null" in kinds or any(one.get("type") == "null" for one in schema.get("anyOf", ()))
