"""Tables of what is in a record or an answer: type and meaning of each field, from the code that writes it."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from inspect import getdoc
from typing import Any, ClassVar, Final

from shared import Generated

import pytest_aurous
from pytest_aurous._framework.schema import record
from pytest_aurous._resources.catalog import CATALOG
from pytest_aurous._resources.characters import CharacterRow
from pytest_aurous._resources.files import FileRow
from pytest_aurous._resources.generations import GenerationRow
from pytest_aurous._resources.styles import LoraRow, VideoLoraRow
from pytest_aurous._resources.uploads import UploadRow
from pytest_aurous._resources.webhooks import EndpointRow

__all__ = ("DIRECTIVES", "RULE")

_RECORDS: Final[dict[str, type[Any]]] = {
    kind.__name__.removesuffix("Row"): kind
    for kind in (CharacterRow, EndpointRow, FileRow, GenerationRow, LoraRow, UploadRow, VideoLoraRow)
}
RULE: Final = r"\b([a-z]+-\d+)\b(?=[,;)])"
"""The id of a rule in a docstring, which stands in parentheses."""
_PLURALS: Final = {"string": "strings", "object": "objects"}


class Fields(Generated):
    """The fields of a record, or, of an operation, those of its answer."""

    required_arguments = 1

    def _markdown(self) -> list[str]:
        name = self.arguments[0]
        rows = _of_record(_RECORDS[name]) if name in _RECORDS else _of_answer(name)
        silent = [field for field, _, meaning in rows if not meaning]
        if silent:
            raise self.error(f"nothing says what these of {name} mean: {', '.join(silent)}")
        lines = [f"| `{field}` | {kind} | {_linked(meaning)} |" for field, kind, meaning in rows]
        return ["| field | type | what it is |", "| --- | --- | --- |", *lines]


class Attributes(Generated):
    """What can be read from an object that a test is given: the attributes of its class, and then the properties."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"without": str.split}

    def _markdown(self) -> list[str]:
        kind = getattr(pytest_aurous, self.arguments[0])
        properties = [name for name, got in vars(kind).items() if isinstance(got, property)]
        shown = [name for name in properties if name not in self.options.get("without", ())]
        rows = [*_attributes(kind).items(), *((name, getdoc(getattr(kind, name)) or "") for name in shown)]
        return [
            "| attribute | what it is |",
            "| --- | --- |",
            *(f"| `{name}` | {_linked(text)} |" for name, text in rows),
        ]


def _of_record(kind: type[Any]) -> list[tuple[str, str, str]]:
    meanings = _attributes(kind)
    rows = [(name, _type(schema), meanings.get(name, "")) for name, schema in record(kind)["properties"].items()]
    hidden = [field for field in fields_of(kind) if field.metadata.get("visible")]
    return rows + [(field.name, "*only in a test*", meanings.get(field.name, "")) for field in hidden]


def _of_answer(operation: str) -> list[tuple[str, str, str]]:
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


def _linked(text: str) -> str:
    """Turn the marks that docstrings have into what a page shows."""
    text = re.sub(RULE, r"{rule}`\1`", text)
    return text.replace("(A)", "(assumed)").replace("|", "\\|")


DIRECTIVES: Final[dict[str, Any]] = {"fields": Fields, "attributes": Attributes}
