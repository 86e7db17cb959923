"""Columns of records: which of them responses and tests show, their JSON Schemas, and their JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ...wire.fields import HOLDS, Holds, Shape
from ...world.settings import Sparse

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform  # type checkers bundle it

T = TypeVar("T")


Value = Literal["assumed", "form", "free", "null", "or null"]
VALUE: Final = "x-value"
"""The keyword of a schema for what the value of a response rests on, unless the request has sent it.

``assumed``: only a rule of ours states it. ``form``: no rule states it, only whether it is null, and its form.
``free``: no rule states more than the schema. Without it, a page of the vendor states it. ``null``: a page states that
it is null if unset; other fields that may be absent may also be an empty list or object. ``or null``: a page
states that it may be null, and no page says when."""

Presence = Literal["always", "optional", "null", "omitted", "by tests", "never"]
"""Who sees a column of a record.

``always``: each response has it. ``optional``: the vendor does not promise it, and under the setting ``sparse`` a
response may be without it where it is None. ``null``: neither does the vendor, but its page shows null where it is
None. ``omitted``: a response is without it where it is None, whatever the setting says. ``by tests``: no response has
it, but live records do. ``never``: nobody sees it."""
_ABSENT: Final[dict[str, tuple[Sparse, ...]]] = {"optional": ("optional",), "omitted": ("none", "optional")}
"""Under which values of the setting ``sparse`` a column is left out if it is None."""

SIGNATURE: Final = {"type": "string", "description": "Part of the signed URL; valid for its path, for a limited time."}

_STATED: Final = ("enum", "minimum", "maximum", "minLength", "maxLength", "maxProperties", "additionalProperties")
"""What a column takes from the field of a request."""
_SIMPLE: Final[dict[Any, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}


class RecordRow:  # noqa: PLW1641 - rows hold dicts, so nothing could hash them
    """What rows have in common: two are equal if all their fields are.

    Dataclasses would write these methods anew for each kind of row, which takes longer than a test.
    """

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def _cached(function: Callable[[type[Any]], T]) -> Callable[[type[Any]], T]:
    cached: Any = lru_cache(maxsize=64)(function)  # mypy does not accept classes as hashable
    return cast("Callable[[type[Any]], T]", cached)


def reference(kind: type[Any]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema_name(kind)}"}


def schema_name(kind: type[Any]) -> str:
    return kind.__name__.removesuffix("Row")


@_cached
def written_columns(kind: type[Any]) -> list[Field[Any]]:
    return [entry for entry in fields(kind) if entry.metadata.get("seen") not in {"by tests", "never"}]


@_cached
def record(kind: type[Any]) -> Shape:
    """Return the schema of a record in a response, which allows no other fields."""
    hints = get_type_hints(kind)
    written = written_columns(kind)
    return {
        "type": "object",
        "properties": {
            entry.name: _described(entry, entry.metadata.get("schema") or _of(hints[entry.name])) for entry in written
        },
        "required": [entry.name for entry in written if entry.metadata.get("seen", "always") == "always"],
        "additionalProperties": False,
    }


def _described(entry: Field[Any], schema: Shape) -> Shape:
    # The name of the record, always the same.
    if entry.name == "object":
        return {"const": entry.default}
    like: Any = entry.metadata.get("like")
    if like is not None:
        stated = {name: value for name, value in like.schema.items() if name in _STATED}
        # A null has no bounds.
        if "anyOf" in schema:
            schema = {"anyOf": [one if one.get("type") == "null" else {**one, **stated} for one in schema["anyOf"]]}
        else:
            schema = {**schema, **stated}
    holds = entry.metadata.get("holds")
    value = entry.metadata.get("value") or ("null" if entry.metadata.get("seen") == "null" else None)
    schema = schema if holds is None else {**schema, HOLDS: holds}
    return _timed(entry.name, schema if value is None else {**schema, VALUE: value})


def free(schema: Shape) -> Shape:
    """Return the schema of a value about which no rule states more."""
    return {**schema, VALUE: "free"}


def assumed(schema: Shape) -> Shape:
    """Return the schema of a value that only a rule of ours states."""
    return {**schema, VALUE: "assumed"}


def text_of(holds: Holds) -> Shape:
    """Return the schema of a text that is no free text."""
    return {"type": "string", HOLDS: holds}


PART: Final = {
    "type": "object",
    "properties": {
        "type": {"type": "string", HOLDS: "word"},
        "text": {"type": "string"},
        "image_url": {
            "type": "object",
            "properties": {"url": {"type": "string", HOLDS: "url"}, "detail": {"type": "string", HOLDS: "word"}},
        },
        "video_url": {"type": "object", "properties": {"url": {"type": "string", HOLDS: "url"}}},
    },
}
"""The schema of a part of a message or of an input."""


def listing(kind: type[Any]) -> Shape:
    """Return the schema of one page of a list (list-1)."""
    return obj(
        object={"const": "list"},
        data={"type": "array", "items": reference(kind)},
        has_more={"type": "boolean"},
        next_cursor={"type": ["string", "null"], HOLDS: "id"},
    )


def deleted(name: str) -> Shape:
    return obj(id=text_of("id"), object={"const": name}, deleted={"const": True})


def obj(optional: Collection[str] = (), /, **properties: Any) -> Shape:
    """Return the schema of an object with these properties and no others; those in *optional* may be absent."""
    return {
        "type": "object",
        "properties": {name: _timed(name, schema) for name, schema in properties.items()},
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _of(hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        parts = [_of(one) if one is not NoneType else {"type": "null"} for one in get_args(hint)]
        return {"anyOf": parts}
    if origin in {tuple, list}:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if origin is dict or hint is dict:
        return {"type": "object"}
    return {"type": _SIMPLE[hint]} if hint in _SIMPLE else {}


def _timed(name: str, schema: Shape) -> Shape:
    """Add the format of timestamps (time-1), whose names end in ``_at``."""
    if not name.endswith("_at"):
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [_timed(name, one) for one in schema["anyOf"]]}
    return {**schema, "format": "date-time"} if "string" in schema["type"] else schema


def column(
    means: str,
    /,
    *,
    write: Callable[[Any], Any] | None = None,
    seen: Presence = "always",
    schema: Mapping[str, Any] | None = None,
    like: Callable[[Any, str], Any] | None = None,
    holds: Holds | None = None,
    value: Value | None = None,
    rule: str = "",
    **options: Any,
) -> Any:
    """Declare what a field of a record means, and how it appears in responses.

    Args:
        means: What it means, as its page says it.
        write: Converts the value to JSON; None if it is JSON already.
        seen: Who sees it, and when.
        schema: Its JSON Schema, unless its type determines it.
        like: The field of a request that has the same enum and bounds.
        holds: What is in its text. None: free text, which sanitized recordings do not show, unless it has a format.
        value: What its value rests on. None: a page of the vendor states it.
        rule: The rule that its values rest on. Empty: the record's ``RULE``, or else the rule of a success.
        **options: For `dataclasses.field`.
    """
    metadata = {
        "means": means,
        "write": write,
        "seen": seen,
        "schema": schema,
        "like": like,
        "holds": holds,
        "value": value,
        "rule": rule,
    }
    return field(metadata=metadata, **options)


if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False, field_specifiers=(column,))
    def row_class(kind: type[T]) -> type[T]:
        """Declare the class of a row, which nothing changes: type checkers refuse to."""
        ...
else:  # a frozen dataclass takes twice as long to import, and to create
    row_class = dataclass(kw_only=True, eq=False, repr=False)


@_cached
def _columns(kind: type[Any]) -> tuple[tuple[str, Callable[[Any], Any] | None, tuple[Sparse, ...]], ...]:
    """Return name and writer of each field, and under which values of the setting ``sparse`` it is omitted if None."""
    return tuple(
        (entry.name, entry.metadata.get("write"), _ABSENT.get(entry.metadata.get("seen", ""), ()))
        for entry in written_columns(kind)
    )


@_cached
def visible(kind: type[Any]) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(kind) if entry.metadata.get("seen") != "never")


def to_wire(row: object, sparse: Sparse) -> dict[str, Any]:
    """Write a record as the API does, in the order of its fields; *sparse* is the setting."""
    out: dict[str, Any] = {}
    for name, write, omitted in _columns(type(row)):
        value = getattr(row, name)
        if value is None and sparse in omitted:
            continue
        out[name] = value if write is None else write(value)
    return out
