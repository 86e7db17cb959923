"""JSON schemas as a chat request may send them: what is supported, a seeded value that fits, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final, cast

from ..._base.parsed import is_array, is_object

Schema = Mapping[str, Any]

_UNSUPPORTED: Final = frozenset(
    {"allOf", "not", "if", "then", "else", "patternProperties", "propertyNames", "prefixItems", "contains"}
    | {"dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef"}
)
"""Keywords that the vendor does not list (chat-9)."""
_DEEP: Final = 4
"""From this depth on, a value has no more than it must, so that a schema that contains itself comes to an end."""
_WORDS: Final = ("amber", "birch", "cobalt", "dawn", "ember", "fern", "grove", "harbor", "indigo", "jasper", "linen")
_FORMATS: Final[dict[str, str]] = {
    "date": "2026-05-08",
    "date-time": "2026-05-08T10:00:00Z",
    "time": "10:00:00Z",
    "duration": "PT1H",
    "email": "aurora@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "6f1f3b1e-9a3c-4b5d-8e7f-0a1b2c3d4e5f",
}
_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": is_array,
    "object": is_object,
}


def unsupported(schema: Any) -> str:
    """Return the first part of a schema that is outside the documented subset, such as ``allOf``; empty if none is."""
    if not is_object(schema):
        return "" if isinstance(schema, bool) else "a schema that is not an object"
    try:
        return next(_unsupported(cast("Schema", schema), cast("Schema", schema)), "")
    except RecursionError:
        return "a schema that is nested too deeply"


def _unsupported(schema: Schema, root: Schema) -> Iterator[str]:
    for name, value in schema.items():
        if name in _UNSUPPORTED:
            yield name
        elif name == "$ref" and (not isinstance(value, str) or _target(root, value) is None):
            yield f"$ref {value!r}"
        elif name in {"properties", "$defs", "definitions"} and is_object(value):
            yield from (found for one in _schemas(value.values()) for found in _unsupported(one, root))
        elif name in {"items", "additionalProperties", "anyOf", "oneOf"}:
            yield from (
                found for one in _schemas(value if is_array(value) else [value]) for found in _unsupported(one, root)
            )


def _schemas(values: Any) -> list[Schema]:
    return [one for one in values if is_object(one)]


def _target(root: Schema, reference: str) -> Any:
    """Return what a local reference leads to, or None."""
    found: Any = root
    head, *parts = reference.split("/")
    if head != "#":
        return None
    for part in parts:
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if is_object(found) else None
    return found


def _resolved(schema: Any, root: Schema) -> Schema:
    """Return a schema without a reference at its top; an endless chain of references allows everything."""
    seen: set[str] = set()
    while is_object(schema) and "$ref" in schema:
        reference = str(schema["$ref"])
        if reference in seen:
            return {}
        seen.add(reference)
        schema = _target(root, reference)
    return cast("Schema", schema) if is_object(schema) else {}


def example(schema: Schema, random: Random) -> Any:
    """Return a seeded value that fits a schema of the documented subset."""
    return _example(schema, schema, random, 0)


def _example(schema: Any, root: Schema, random: Random, depth: int) -> Any:
    schema = _resolved(schema, root)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        plain = [one for one in choices if _resolved(one, root).get("type") != "null"]
        simple = sorted(plain or choices, key=lambda one: len(_resolved(one, root))) if depth >= _DEEP else plain
        merged = {name: value for name, value in schema.items() if name not in {"anyOf", "oneOf"}}
        return _example({**merged, **_resolved((simple or choices)[0], root)}, root, random, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return random.choice(schema["enum"])
    kind = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else "string")
    if is_array(kind):
        kind = next((one for one in kind if one != "null"), "null")
    if kind == "object":
        required = schema.get("required", ())
        return {
            name: _example(one, root, random, depth + 1)
            for name, one in schema.get("properties", {}).items()
            if name in required or depth < _DEEP
        }
    if kind == "array":
        count = max(schema.get("minItems", 0), int(depth < _DEEP))
        return [_example(schema.get("items", {}), root, random, depth + 1) for _ in range(count)]
    return _scalar(kind, schema, random)


def _scalar(kind: str, schema: Schema, random: Random) -> Any:
    if kind == "string":
        text = _FORMATS.get(schema.get("format", "")) or random.choice(_WORDS)
        text += "." * (schema.get("minLength", 0) - len(text))
        return text[: schema.get("maxLength", len(text))]
    if kind in {"integer", "number"}:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", max(low, schema.get("exclusiveMaximum", low + 100) - 1))
        step = schema.get("multipleOf", 1)
        return -(-low // step) * step if step != 1 else random.randint(int(-(-low // 1)), max(int(high), int(low)))
    return random.random() < 0.5 if kind == "boolean" else None  # noqa: PLR2004 - a coin


def misfit(value: Any, schema: Schema) -> str:
    """Return what does not fit a schema, such as ``$.age: expected integer, got "28"``; empty if everything fits."""
    return _misfit(value, schema, schema, "$")


def _misfit(value: Any, schema: Any, root: Schema, path: str) -> str:
    if schema is False:
        return f"{path}: nothing is allowed here"
    schema = _resolved(schema, root)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        wrong = [_misfit(value, one, root, path) for one in choices]
        if all(wrong):
            return max(wrong, key=lambda text: text.partition(":")[0].count("."))  # the best choice fits the deepest
    expected = _expected(value, schema)
    if expected:
        return f"{path}: expected {expected}, got {value!r}"
    if is_object(value):
        return _misfit_of_object(value, schema, root, path)
    values = value if is_array(value) else ()
    found = (_misfit(one, schema.get("items", {}), root, f"{path}[{at}]") for at, one in enumerate(values))
    return next(filter(None, found), "")


def _expected(value: Any, schema: Schema) -> str:
    """Return what a schema expects instead of a value; empty if its type and its choices fit."""
    if "const" in schema and value != schema["const"]:
        return repr(schema["const"])
    if "enum" in schema and value not in schema["enum"]:
        return f"one of {schema['enum']!r}"
    kinds = schema.get("type", [])
    kinds = kinds if is_array(kinds) else [kinds]
    return " or ".join(kinds) if kinds and not any(_TYPES.get(kind, bool)(value) for kind in kinds) else ""


def _misfit_of_object(value: dict[str, Any], schema: Schema, root: Schema, path: str) -> str:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{path}: {name!r} is missing"
    for name, one in value.items():
        if name not in properties and others is False:
            return f"{path}: {name!r} is not in the schema"
        if found := _misfit(one, properties.get(name, others), root, f"{path}.{name}"):
            return found
    return ""
