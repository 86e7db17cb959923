"""Readers of request bodies; each refuses a value in the vendor's words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, cast

from ..base.data import read_json
from ..base.errors import shown
from . import messages as say
from .refusal import ApiProblem, missing_field, not_one_of

Shape = Mapping[str, Any]
Holds = Literal["id", "style", "url", "page", "word", "time", "param", "secret", "client", "schema"]
"""What is in a text that nobody has written: an id; name or slug of a public style; a URL; the address of a page of the
documentation; a word of the vendor; an instant or a date; the name of a field; a secret. In an object of the *client*,
the client chooses the names, too. In a JSON *schema*, its keywords and types are no free text."""
HOLDS: Final = "x-holds"
"""The keyword of a schema for what is in its text. Without it, and without an enum or a format, a text is free text."""
Reader = Callable[[Any, str], Any]
"""Takes a value and its name; returns the value, or raises `ApiProblem`."""

_HTTPS: Final = r"^https://[^\s/?#:@]"
_JSON_TYPES: Final[dict[type, str]] = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _refuse_type(param: str, expected: str, value: object) -> ApiProblem:
    return ApiProblem(
        400,
        "invalid_format",
        say.WRONG_TYPE.format(param=param, expected=expected, got=_JSON_TYPES.get(type(value)) or shown(value)),
        param,
    )


def described(reader: Reader, schema: dict[str, Any]) -> Reader:
    """Attach the JSON Schema of the accepted values to *reader*."""
    reader.__dict__["schema"] = schema
    return reader


def optional(reader: Reader, *, default: Any = None, note: str = "") -> Reader:
    """Read like *reader*; a field that was not sent is *default*, or what *note* says."""

    def read(value: Any, param: str) -> Any:
        return reader(value, param)

    added = {"default": default} if default is not None else {"description": note}
    return described(read, {**getattr(reader, "schema", {}), **added})


def text(high: int, low: int = 1, holds: Holds | None = None) -> Reader:
    """Read a string of *low* to *high* characters; *holds* says what it is if it is no free text."""

    def read(value: Any, param: str) -> Any:
        if not isinstance(value, str):
            raise _refuse_type(param, "a string", value)
        # JSON can escape a lone surrogate, which no response could carry. Most text is ASCII, where none can be.
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _refuse_type(param, "Unicode text", value)
        _check_length(value, param, low, high, "characters")
        return value

    schema = {"type": "string", "minLength": low, "maxLength": high}
    return described(read, schema if holds is None else {**schema, HOLDS: holds})


def integer(low: int, high: int) -> Reader:
    return number(low, high, whole=True)


def number(low: float, high: float, *, whole: bool = False) -> Reader:
    def read(value: Any, param: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise _refuse_type(param, "a whole number" if whole else "a number", value)
        if not low <= value <= high:
            message = f"{param} must be between {low} and {high}, not {shown(value)}."
            raise ApiProblem(400, "value_out_of_range", message, param)
        return value

    return described(read, {"type": "integer" if whole else "number", "minimum": low, "maximum": high})


def url(high: int) -> Reader:
    read_text = text(high)

    def read(value: Any, param: str) -> Any:
        if not is_https(read_text(value, param)):
            raise ApiProblem(400, "invalid_format", f"{param} must be an https URL, not {value!r}.", param)
        return value

    return described(read, {"type": "string", "maxLength": high, "pattern": _HTTPS, HOLDS: "url"})


def is_https(text: str) -> bool:
    return re.match(_HTTPS, text) is not None


def boolean(value: Any, param: str) -> Any:
    if not isinstance(value, bool):
        raise _refuse_type(param, "a boolean", value)
    return value


described(boolean, {"type": "boolean"})


def one_of(allowed: Collection[str], code: str = "invalid_format", also: Collection[str] = ()) -> Reader:
    """Read one of the *allowed* strings; *code* is the error code for any other value.

    The values in *also* are read, too, but neither the message nor the schema names them.
    """

    def read(value: Any, param: str) -> Any:
        if not isinstance(value, str) or value not in (*allowed, *also):
            raise not_one_of(param, allowed, json.dumps(value), code)
        return value

    return described(read, {"enum": list(allowed)})


def list_of(reader: Reader, low: int, high: int) -> Reader:
    def read(value: Any, param: str) -> Any:
        if not isinstance(value, list):
            raise _refuse_type(param, "an array", value)
        items = cast("list[Any]", value)  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
        _check_length(items, param, low, high, "items")
        try:
            return [reader(item, param) for item in items]
        except ApiProblem as problem:
            # Otherwise it names the place itself, such as messages[*].role.
            if problem.param == param:
                problem.message = f"An item of {problem.message}"
            raise

    schema = {"type": "array", "items": getattr(reader, "schema", {}), "minItems": low, "maxItems": high}
    return described(read, schema)


def object_of(readers: Mapping[str, Reader]) -> Reader:
    """Read an object with a closed set of fields, all optional."""

    def read(value: Any, param: str) -> Any:
        return read_fields(_object(value, param), readers, prefix=f"{param}.")

    return described(read, dict(body_of(readers)))


def dict_of(reader: Reader, high: int) -> Reader:
    def read(value: Any, param: str) -> Any:
        pairs = _object(value, param)
        _check_length(pairs, param, 0, high, "keys")
        return {name: reader(item, f"{param}.{name}") for name, item in pairs.items()}

    schema = {"type": "object", "additionalProperties": getattr(reader, "schema", {}), "maxProperties": high}
    return described(read, schema)


def _object(value: Any, param: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse_type(param, "an object", value)
    return cast("dict[str, Any]", value)


def read_body(content: bytes) -> dict[str, Any]:
    """Parse a JSON object (err-8)."""
    try:
        body = read_json(content)
    # Bytes that are not UTF-8 are a ValueError, too; a hundred thousand brackets are not.
    except (ValueError, RecursionError) as error:
        raise ApiProblem(400, "invalid_format", f"The request body is not valid JSON: {error}.") from None
    if not isinstance(body, dict):
        message = f"The request body must be a JSON object, not {_JSON_TYPES[type(body)]}."
        raise ApiProblem(400, "invalid_format", message)
    return cast("dict[str, Any]", body)


def without_nulls(body: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Leave out each null of an optional field, also in objects (err-9); unknown and required fields stay."""
    fields: Shape = shape.get("properties", {})
    kept: dict[str, Any] = {}
    for name, value in body.items():
        field: Shape | None = fields.get(name)
        if value is None and field is not None and name not in shape["required"]:
            continue
        if field is not None and isinstance(value, dict):
            kept[name] = without_nulls(cast("dict[str, Any]", value), field)
        else:
            kept[name] = value
    return kept


def read_fields(
    body: Mapping[str, Any], readers: Mapping[str, Reader], required: Collection[str] = (), prefix: str = ""
) -> dict[str, Any]:
    """Read a closed set of fields (err-8, patch-2).

    Unknown names are refused first, then missing fields, then invalid values. Fields that were not sent have their
    defaults, if they have one.
    """
    # A misspelled name explains a missing field, and a missing field matters more than a wrong value.
    unknown = [prefix + name for name in body if name not in readers]
    if unknown:
        message = f"Unknown or read-only fields: {', '.join(unknown)}. Allowed: {', '.join(readers)}."
        raise ApiProblem(400, "invalid_request", message, unknown[0])
    for name in required:
        if name not in body:
            raise missing_field(prefix + name)
    schemas = {name: getattr(reader, "schema", {}) for name, reader in readers.items()}
    defaults = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
    return defaults | {name: readers[name](value, prefix + name) for name, value in body.items()}


def _check_length(value: Collection[Any], param: str, low: int, high: int, unit: str) -> None:
    if not low <= len(value) <= high:
        message = say.LENGTH.format(param=param, low=low, high=high, unit=unit, got=len(value))
        raise ApiProblem(400, "value_out_of_range", message, param)


def body_of(readers: Mapping[str, Any], required: tuple[str, ...] = ()) -> Shape:
    return {
        "type": "object",
        "properties": {name: dict(getattr(reader, "schema", {})) for name, reader in readers.items()},
        "required": list(required),
        "additionalProperties": False,
    }
