"""JSON schemas as a chat request may send them: what is supported, a seeded value that fits, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor, inf
from random import Random
from typing import Any, Final

from ...base.data import is_array, is_finite, is_object
from ...base.errors import shown

Schema = Mapping[str, Any]

_UNSUPPORTED: Final = frozenset(
    {"allOf", "not", "if", "then", "else", "patternProperties", "propertyNames", "prefixItems", "contains"}
    | {"dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef"}
)
"""Keywords that the vendor does not list (chat-9)."""
_DEEP: Final = 4
"""From this depth on, a value has no more than it must, so that a schema that contains itself comes to an end."""
_DEEPEST: Final = 100
"""Levels that a value does not have: one that has to contain itself would."""
_MOST: Final = 1_000
"""The most that a value has of what a schema wants many of: characters, or items."""
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


def _is_schema(value: Any) -> bool:
    return is_object(value) or isinstance(value, bool)


def _are_schemas(values: Any) -> bool:
    return is_array(values) and bool(values) and all(map(_is_schema, values))


def _are_named(values: Any) -> bool:
    return is_object(values) and all(map(_is_schema, values.values()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_FORMS: Final[dict[str, Callable[[Any], bool]]] = {
    "type": lambda value: (
        bool(kinds := value if is_array(value) else [value]) and all(one in [*_TYPES] for one in kinds)
    ),
    "required": lambda value: is_array(value) and all(isinstance(one, str) for one in value),
    "enum": lambda value: is_array(value) and bool(value),
    "format": lambda value: isinstance(value, str),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("properties", "$defs", "definitions"), _are_named),
    **dict.fromkeys(("items", "additionalProperties"), _is_schema),
    **dict.fromkeys(("anyOf", "oneOf"), _are_schemas),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
}
"""What the value of each keyword must be."""
KEYWORDS: Final = frozenset({*_FORMS, *_TYPES, *_FORMATS, *_UNSUPPORTED, "$ref"})
"""The words of JSON Schemas that are judged here: keywords, types and formats."""


def invalid(schema: Any) -> str:
    """Return the first invalid part of a schema, such as ``type 'text'``; empty if the schema is valid."""
    return unsupported(schema, frozenset())


def unsupported(schema: Any, beyond: frozenset[str] = _UNSUPPORTED) -> str:
    """Return the first part of a schema that is outside the documented subset, such as ``allOf``; empty if none is."""
    if not is_object(schema):
        return "" if isinstance(schema, bool) else "a schema that is not an object"
    try:
        found = next(_unsupported(schema, schema, beyond), "")
    except RecursionError:
        return "a schema that is nested too deeply"
    return found or ("" if _Maker(schema).ends(schema) else f"a schema whose values have at least {_DEEPEST} levels")


def _unsupported(schema: Schema, root: Schema, beyond: frozenset[str]) -> Iterator[str]:
    for name, value in schema.items():
        if name in beyond:
            yield name
        elif (name == "$ref" and _target(root, value) is None) or not _FORMS.get(name, lambda _: True)(value):
            yield f"{name} {shown(value)}"
        elif name in {"properties", "$defs", "definitions"}:
            yield from (found for one in _schemas(value.values()) for found in _unsupported(one, root, beyond))
        elif name in {"items", "additionalProperties", "anyOf", "oneOf"}:
            inner = _schemas(value if is_array(value) else [value])
            yield from (found for one in inner for found in _unsupported(one, root, beyond))


def _schemas(values: Any) -> list[Schema]:
    return [one for one in values if is_object(one)]


def _target(root: Schema, reference: Any) -> Any:
    """Return what a local reference leads to, or None."""
    found: Any = root
    head, *parts = reference.split("/") if isinstance(reference, str) else [""]
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
    return schema if is_object(schema) else {}


def example(schema: Schema, random: Random) -> Any:
    """Return a seeded value that fits a schema of the documented subset."""
    return _Maker(schema).value(schema, random, 0)


class _Maker:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[tuple[int, int], float] = {}

    def ends(self, schema: Any) -> bool:
        """Whether some value of a schema comes to an end: it does not have to contain itself."""
        return self._levels(schema, _DEEPEST) < inf

    def value(self, schema: Any, random: Random, depth: int) -> Any:
        schema = _resolved(schema, self._root)
        choices = [one for one in _choices(schema) if self.ends(one)]
        if choices:
            # Far down, the flattest choice, so that the value comes to an end; before, the first that is not null.
            flat = min(choices, key=lambda one: self._levels(one, _DEEPEST))
            more = [one for one in choices if _resolved(one, self._root).get("type") != "null"]
            chosen = flat if depth >= _DEEP or not more else more[0]
            merged = {name: value for name, value in schema.items() if name not in {"anyOf", "oneOf"}}
            return self.value({**merged, **_resolved(chosen, self._root)}, random, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return random.choice(schema["enum"])
        kind = _kind(schema)
        if kind == "object":
            return {
                name: self.value(one, random, depth + 1)
                for name, one in _properties(schema).items()
                if name in schema.get("required", ()) or (depth < _DEEP and one is not False and self.ends(one))
            }
        if kind == "array":
            items = schema.get("items", {})
            count = max(schema.get("minItems", 0), int(depth < _DEEP and items is not False and self.ends(items)))
            return [
                self.value(items, random, depth + 1) for _ in range(min(count, schema.get("maxItems", _MOST), _MOST))
            ]
        return _scalar(kind, schema, random)

    def _levels(self, schema: Any, left: int) -> float:
        """Return how many levels the flattest value of a schema has, or infinity if they are more than *left*."""
        schema = _resolved(schema, self._root)
        if not schema or left == 0:
            return 0 if left else inf
        key = id(schema), left
        if key not in self._known:
            choices, kind = _choices(schema), _kind(schema)
            inner: list[Any] = []
            if kind == "object":
                inner = [_properties(schema)[name] for name in schema.get("required", ())]
            elif kind == "array" and schema.get("minItems"):
                inner = [schema.get("items", {})]
            flattest = min((self._levels(one, left - 1) for one in choices), default=0)
            self._known[key] = 1 + max([flattest, *(self._levels(one, left - 1) for one in inner)])
        return self._known[key]


def _choices(schema: Schema) -> list[Any]:
    found: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    return found


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else "string")
    return next((one for one in kind if one != "null"), "null") if is_array(kind) else kind


def _properties(schema: Schema) -> dict[str, Any]:
    """Return the schema of each property that is named or required."""
    others = schema.get("additionalProperties", {})
    return {**dict.fromkeys(schema.get("required", ()), others), **schema.get("properties", {})}


def _scalar(kind: str, schema: Schema, random: Random) -> Any:
    if kind == "string":
        text = _FORMATS.get(schema.get("format", "")) or random.choice(_WORDS)
        text += "." * (min(schema.get("minLength", 0), _MOST) - len(text))
        return text[: schema.get("maxLength", len(text))]
    if kind in {"integer", "number"}:
        return _number(kind, schema, random)
    return random.random() < 0.5 if kind == "boolean" else None  # noqa: PLR2004 - a coin


def _number(kind: str, schema: Schema, random: Random) -> float:
    """Return a multiple within the limits of a schema, exact to the last digit, or what lies in their middle."""
    step = Fraction(str(schema.get("multipleOf", 1)))
    if kind == "integer":
        step = Fraction(step.numerator)  # the least whole number that is a multiple
    highest = min(schema.get("maximum", inf), schema.get("exclusiveMaximum", inf))
    lowest = max(schema.get("minimum", -inf), schema.get("exclusiveMinimum", -inf))
    if lowest == -inf:
        lowest = 0 if highest >= 0 else highest - 100
    first, last = ceil(lowest / step), floor(min(highest, lowest + 100 * step) / step)
    first += _plain(first * step) == schema.get("exclusiveMinimum")
    last -= _plain(last * step) == schema.get("exclusiveMaximum")
    # No whole number lies between the limits, as between 0.2 and 0.8.
    if first > last and kind == "number" and step == 1:
        middle: float = (lowest + highest) / 2
        return middle
    return _plain(random.randint(first, max(first, last)) * step)


def _plain(exact: Fraction) -> float:
    return int(exact) if exact.denominator == 1 else float(exact)


def misfit(value: Any, schema: Schema) -> str:
    """Return what does not fit a schema, such as ``$.age: expected integer, got "28"``; empty if everything fits."""
    try:
        return _misfit(value, schema, schema, "$")
    except RecursionError:
        return "$: the schema contains itself without an end"


def _misfit(value: Any, schema: Any, root: Schema, path: str) -> str:
    if schema is False:
        return f"{path}: nothing is allowed here"
    schema = _resolved(schema, root)
    choices = _choices(schema)
    if choices:
        wrong = [_misfit(value, one, root, path) for one in choices]
        if all(wrong):
            # The choice that fits the deepest is the one that was meant.
            return max(wrong, key=lambda text: text.partition(":")[0].count("."))
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
