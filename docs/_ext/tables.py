"""Tables from the code: operations, settings, fields, public names; and what a benchmark measured."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from importlib import import_module
from inspect import getdoc
from typing import Any, Final, get_args

from shared import DOCS, as_list, listing, table, with_links

import pytest_aurous
from pytest_aurous._core.resources.base.schema import record
from pytest_aurous._core.resources.catalog import CATALOG, LIFECYCLES
from pytest_aurous._core.resources.characters.row import CharacterRow
from pytest_aurous._core.resources.files import FileRow
from pytest_aurous._core.resources.generations.orders import PRESETS
from pytest_aurous._core.resources.generations.row import GenerationRow
from pytest_aurous._core.resources.styles import LoraRow, VideoLoraRow
from pytest_aurous._core.resources.uploads import UploadRow
from pytest_aurous._core.resources.webhooks import EndpointRow
from pytest_aurous._core.world.buckets import BUCKETS
from pytest_aurous._core.world.settings import ROWS, Use, used_for
from pytest_aurous._explore.kinds import END_PROCESS, KINDS
from pytest_aurous._explore.laws import LAWS
from pytest_aurous._serve.document import UNDO, requests
from pytest_aurous._serve.table import LEFT_OUT, REASONS

__all__ = (
    "attributes",
    "buckets",
    "control_reads",
    "control_requests",
    "costs",
    "explored_in_suites",
    "fields_in_tests",
    "lifecycle",
    "no_control_request",
    "public_names",
    "setting_names",
    "sizes",
    "speed_machine",
    "speed_table",
)

_RECORDS: Final[dict[str, type[Any]]] = {
    kind.__name__.removesuffix("Row"): kind
    for kind in (CharacterRow, EndpointRow, FileRow, GenerationRow, LoraRow, UploadRow, VideoLoraRow)
}
_PLURALS: Final = {"string": "strings", "object": "objects"}
_MANY: Final = 5
"""This many fields of an object are not named beside its type."""
_MOST: Final = 8
"""More values than these are not repeated."""
_MODULE: Final = re.compile(r"^\.\. py:module:: (\S+)$", re.MULTILINE)
_NAME: Final = re.compile(r"^\.\. auto(\w+):: ([\w.]+)", re.MULTILINE)


def buckets() -> None:
    """Print every rate bucket."""
    listing((f"`{name}`", f"{burst:,}, and {refill:,} a minute") for name, (burst, refill) in BUCKETS.items())


def explored_in_suites() -> None:
    """Print which laws and faults there are when whole tests are explored."""
    laws = [f"`{law.name}`" for law in LAWS.values() if law.in_suites]
    not_there = [f"`{name}`" for name in KINDS if name in END_PROCESS]
    print(f"The laws of a whole test are {', '.join(laws[:-1])} and {laws[-1]};", end=" ")
    print(f"the faults are all but {' and '.join(not_there)}.")


def lifecycle(resource: str) -> None:
    """Print what may follow each status in a script."""
    listing(
        (f"`{status}`", ", ".join(f"`{name}`" for name in following) or "nothing, it is final")
        for status, following in LIFECYCLES[resource].edges.items()
    )


def sizes() -> None:
    """Print every `size` of an image."""
    rows = []
    for ratio in dict.fromkeys(size.partition("_")[2] for size in PRESETS):
        small, large = ("x".join(map(str, PRESETS[f"{tier}_{ratio}"])) for tier in ("2k", "4k"))
        rows.append((f"`{ratio}`", small, large))
    table(["ratio", "`2k_...`", "`4k_...`"], rows)


_USES: Final[dict[Use, str]] = {
    "start": "How a fake starts",
    "responses": "How it responds",
    "address": "Its URL",
    "test": "What else happens in its test",
    "run": "What happens in the whole run",
}


def setting_names() -> None:
    """Print every setting with its default, by what it decides."""
    shown = {name: row["shown"] if row["shown"] == "none" else f"`{row['shown']}`" for name, row in ROWS.items()}
    for use, about in _USES.items():
        print(f"\n{about}:\n\n{as_list((f'[{name}](#{name})', shown[name]) for name in used_for(use))}")
    print()


# Fields


def fields_of(name: str) -> list[tuple[str, str, str]]:
    """Return the fields of a record, or of the response of an operation: names, type and meaning.

    Fields that are alike share a row.

    Raises:
        LookupError: If nothing says what one of them means.
    """
    found = _of_record(_RECORDS[name]) if name in _RECORDS else _of_response(name)
    if silent := [field for field, _, meaning in found if not meaning]:
        raise LookupError(f"nothing says what these of {name} mean: {', '.join(silent)}")
    rows: dict[tuple[str, str], list[str]] = {}
    for field, kind, meaning in found:
        if field == "object":  # always the same word, which its sample shows
            continue
        rows.setdefault((kind, with_links(meaning)), []).append(f"`{field}`")
    return [(", ".join(names), *row) for row, names in rows.items()]


def fields_in_tests(name: str) -> None:
    """Print the fields of a record that no response shows as a whole."""
    listing((field, ". ".join(rest)) for field, *rest in fields_of(name))


def attributes(name: str, without: str = "") -> None:
    """Print what a test can read from an object: the attributes of its class, and then the properties."""
    kind = getattr(pytest_aurous, name)
    properties = [each for each, got in vars(kind).items() if isinstance(got, property)]
    texts = _attributes(kind) | {each: getdoc(getattr(kind, each)) or "" for each in properties}
    shown = {each: text for each, text in texts.items() if each not in without.split()}
    listing((f"`{each}`", with_links(text)) for each, text in shown.items())


def _of_record(kind: type[Any]) -> list[tuple[str, str, str]]:
    columns = {field.name: field.metadata for field in fields(kind)}
    rows = [(name, _type(schema), columns[name]["means"]) for name, schema in record(kind)["properties"].items()]
    return rows + [
        (name, "*only in a test*", has["means"]) for name, has in columns.items() if has["seen"] == "by tests"
    ]


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
        return ", ".join(map(_type, schema["anyOf"]))
    if len(schema.get("enum", ())) > _MOST:
        return "as in the request"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        items = schema["items"]
        if len(items.get("enum", ())) > _MOST:
            return "array, as in the request"
        return f"array of {_type({**items, 'type': _PLURALS[items['type']]})}"
    names = [f"`{name}`" for name in schema.get("properties", ())]
    inside = f" with {', '.join(names)}" if 0 < len(names) < _MANY else ""
    return f"{schema['type']}{inside}"


# Public names


def public_names(part: str) -> None:
    """Print the names that the site documents by a file of `names`, and of each the first sentence."""
    text = (DOCS / "_ext" / "names" / f"{part}.txt").read_text(encoding="utf-8")
    module = next(iter(_MODULE.findall(text)), "pytest_aurous")
    listing(_name_row(module, *found) for found in _NAME.findall(text))


def _name_row(module: str, kind: str, name: str) -> tuple[str, str]:
    home, _, short = f"{module}.{name}".rpartition(".") if "." not in name else name.rpartition(".")
    value = getattr(import_module(home), short)
    if kind == "data":
        return f"`{short}`", f"a name, such as `{get_args(value)[0]}`"
    return f"`{short}{'()' if kind == 'function' else ''}`", _first_sentence(value)


def _first_sentence(value: Any) -> str:
    return with_links(" ".join((getdoc(value) or "").partition("\n\n")[0].split()))


# Speed


def speed_machine() -> None:
    """Print for each run where and when it was measured, and with what."""
    print()
    for run in _history():
        tools = ", ".join(f"{tool} {version}" for tool, version in run["versions"].items())
        print(f"- {run['name']}: {run['date']}, {run['python']}, {tools}; {run['cpu']}, {run['cores']} cores, ", end="")
        print(f"load average {run['load']} before")
    print()


def speed_table() -> None:
    """Print each row of the benchmark, with the figures of each run that was published."""
    history = _history()
    rows: list[tuple[str, ...]] = []
    for row in history[-1]["results"]:
        what = f"{row['what']}, {row['unit']}" if row["unit"] else row["what"]
        bar = "" if row["bar"] is None else f"{'>=' if row['at_least'] else '<='} {row['bar']:g}"
        rows.append((what, bar, *(_value(_row(entry, row["what"])) for entry in history)))
    table(["what", "bar", *(entry["name"] for entry in history)], rows)


def costs() -> None:
    """Print what the newest run of the benchmark says about an empty run, and about a test with a GET."""
    results = {row["what"]: row["value"] for row in _history()[-1]["results"]}
    empty = "CPU time of a run with one empty test, "
    print(
        f"\n- A run with one empty test takes {results[empty + 'pytest alone']:.0f} ms of CPU time with pytest alone, "
        f"{results[empty + 'with ours alone']:.0f} ms with pytest-aurous, and "
        f"{results[empty + 'with all plugins']:.0f} ms with the plugins of Faker, respx and anyio as well.\n"
        "- A test with a record and a GET takes "
        f"{results['what a test with a record and a GET adds, over httpx_mock']:.2f} times the instructions that it "
        f"takes with pytest-httpx, and {results['the same, over respx_mock']:.2f} times those with respx.\n"
    )


def _history() -> list[dict[str, Any]]:
    results = DOCS.parent / "benchmarks" / "results.json"
    history: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))
    return history


def _row(entry: Mapping[str, Any], what: str) -> dict[str, Any] | None:
    return next((row for row in entry["results"] if row["what"] == what), None)


def _value(row: Mapping[str, Any] | None) -> str:
    """Return a figure, in bold where it misses its bar."""
    if row is None:
        return ""
    value = f"{row['value']:,.{0 if row['value'] >= 100 else 2}f}"
    return f"**{value}**" if row["passed"] is False else value


def control_requests() -> None:
    """Print the control requests that change a fake with their arguments; those with the same share a line."""
    rows: dict[str, list[str]] = {}
    for one in requests().values():
        if one.body is not None:
            text = "" if one.takes is UNDO else f"{one.text.lower()}: "
            rows.setdefault(text + (", ".join(f"`{name}`" for name in one.body.schemas) or "nothing"), []).append(
                one.name
            )
    listing([*_names(rows), ("`?undo`, in the query of each", UNDO.schemas["undo"]["description"])])


def control_reads() -> None:
    """Print what can be read of a served fake."""
    rows: dict[str, list[str]] = {}
    for one in requests().values():
        if one.method == "GET" and one.name:
            rows[one.summary] = [one.name]
    listing(_names(rows))


def no_control_request() -> None:
    """Print the public names without a control request, with the reasons."""
    rows: dict[str, list[str]] = {}
    for name, reason in (REASONS | LEFT_OUT).items():
        rows.setdefault(reason, []).append(name)
    listing(_names(rows))


def _names(rows: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    return ((", ".join(f"`{name}`" for name in names), text) for text, names in rows.items())
