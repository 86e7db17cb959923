"""The examples on the vendor's pages are valid under the OpenAPI document that the package ships.

The files in ``vendor_examples`` have the names and values of the examples. Where a page abbreviates a value, so do
they; where it has a type but no value, the value is of its type. ``except`` names what a generator got wrong on the
page.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from pytest_aurous._core.resources.openapi import document

FILES: Final = Path(__file__).with_name("vendor_examples")
EXAMPLES: Final = [
    example for file in sorted(FILES.glob("*.json")) for example in json.loads(file.read_text(encoding="utf-8"))
]
DOCUMENT: Final = json.loads(json.dumps(document()))
OPERATIONS: Final = {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}
each_example: Final = pytest.mark.parametrize(
    "example", EXAMPLES, ids=[f"{one['operation']}: {one['name']}" for one in EXAMPLES]
)


def schema_of(example: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the response; of the request where the example has no status."""
    operation = OPERATIONS[example["operation"]]
    part = operation["responses"][str(example["status"])] if "status" in example else operation["requestBody"]
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    return schema


def mistakes(example: dict[str, Any]) -> list[Any]:
    """Return what the document has against the example."""
    validator: Any = Draft202012Validator({**schema_of(example), "components": DOCUMENT["components"]})
    return list(validator.iter_errors(example["body"]))


@each_example
def test_each_vendor_example_is_valid(example: dict[str, Any]) -> None:
    """Nothing that the vendor shows is missing or wrong, but for what its generator wrote wrongly."""
    assert {error.path[-1] if error.path else error.message for error in mistakes(example)} == set(
        example.get("except", {})
    )


@each_example
def test_the_schemas_of_the_examples_refuse_what_is_wrong(example: dict[str, Any]) -> None:
    """No schema is so loose that it would accept anything: neither another type nor an empty object."""
    wrong: tuple[Any, ...] = ("text", [7], {})
    for body in wrong:
        assert mistakes({**example, "body": body})
