"""Tables of what is in a record or a response: type and meaning of each field, from the code that writes it."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from inspect import getdoc
from typing import Any, Final

from shared import table, with_links

import pytest_aurous
from pytest_aurous._resources.base.schema import record
from pytest_aurous._resources.catalog import CATALOG
from pytest_aurous._resources.characters import CharacterRow
from pytest_aurous._resources.files import FileRow
from pytest_aurous._resources.generations import GenerationRow
from pytest_aurous._resources.styles import LoraRow, VideoLoraRow
from pytest_aurous._resources.uploads import UploadRow
from pytest_aurous._resources.webhooks import EndpointRow

__all__ = ("attributes", "fields")

_RECORDS: Final[dict[str, type[Any]]] = {
    kind.__name__.removesuffix("Row"): kind
    for kind in (CharacterRow, EndpointRow, FileRow, GenerationRow, LoraRow, UploadRow, VideoLoraRow)
}
_PLURALS: Final = {"string": "strings", "object": "objects"}


def fields(name: str) -> None:
    """Print the fields of a record, or, of an operation, those of its response.

    Raises:
        LookupError: If nothing says what one of them means.
    """
    rows = _of_record(_RECORDS[name]) if name in _RECORDS else _of_response(name)
    if silent := [field for field, _, meaning in rows if not meaning]:
        raise LookupError(f"nothing says what these of {name} mean: {', '.join(silent)}")
    table(["field", "type", "what it is"], [(f"`{field}`", kind, with_links(meaning)) for field, kind, meaning in rows])


def attributes(name: str, without: str = "") -> None:
    """Print what a test can read from an object: the attributes of its class, and then the properties."""
    kind = getattr(pytest_aurous, name)
    properties = [each for each, got in vars(kind).items() if isinstance(got, property)]
    shown = [each for each in properties if each not in without.split()]
    rows = [*_attributes(kind).items(), *((each, getdoc(getattr(kind, each)) or "") for each in shown)]
    table(["attribute", "what it is"], [(f"`{each}`", with_links(text)) for each, text in rows])


def _of_record(kind: type[Any]) -> list[tuple[str, str, str]]:
    meanings = _attributes(kind)
    rows = [(name, _type(schema), meanings.get(name, "")) for name, schema in record(kind)["properties"].items()]
    hidden = [field for field in fields_of(kind) if field.metadata.get("visible")]
    return rows + [(field.name, "*only in a test*", meanings.get(field.name, "")) for field in hidden]


def _of_response(operation: str) -> list[tuple[str, str, str]]:
    shape: Any = CATALOG.by_operation[operation].shape
    return [(name, _type(schema), schema.get("description", "")) for name, schema in shape["properties"].items()]


def _attributes(kind: type[Any]) -> dict[str, str]:
    """Read the section `Attributes` of a docstring."""
    _, _, section = (getdoc(kind) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        items = schema["items"]
        return f"array of {_type({**items, 'type': _PLURALS[items['type']]})}"
    inside = ", ".join(f"`{name}`" for name in schema.get("properties", ()))
    return f"{schema['type']}{f' with {inside}' if inside else ''}"
