"""JSON schemas of requests: a seeded value that fits, and what does not fit."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_aurous._core.resources.content.schemas import example, invalid, misfit, unsupported

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]),
    st.just({"enum": ["x", 7]}),
    st.just({"const": "x"}),
    st.just({"type": ["null", "integer"]}),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-9, 9),
        st.integers(0, 9),
    ),
    st.builds(lambda size: {"type": "string", "minLength": size, "maxLength": size}, st.integers(0, 20)),
    st.just({"type": "number", "multipleOf": 5, "minimum": 7}),
    st.just({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 9}),
    st.just({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    st.just({"type": "integer", "maximum": -7}),
    st.sampled_from([{"type": "string", "format": name} for name in ("date", "date-time", "email", "uuid")]),
    st.just({"type": "object", "required": ["name", "age"], "additionalProperties": {"type": "integer"}}),
    st.just({"$ref": "#/$defs/list"}),
    st.just({"$ref": "#/$defs/tree"}),
    st.just({"$ref": "#/$defs/node"}),
)


def _object(properties: dict[str, Any], required: list[str], others: bool) -> dict[str, Any]:  # noqa: FBT001 - as Hypothesis draws it
    names = [name for name in required if name in properties]
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": others}


SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(_object, st.dictionaries(NAMES, inner), st.lists(NAMES, unique=True), st.booleans()),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 2)),
        st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
LIST = {
    "type": "object",
    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]}, "value": {"type": "integer"}},
    "required": ["next", "value"],
    "additionalProperties": False,
}
TREE = {
    "anyOf": [
        {"type": "object", "properties": {"of": {"$ref": "#/$defs/endless"}}, "required": ["of"]},
        {"type": "array", "items": {"$ref": "#/$defs/tree"}, "minItems": 2},
        {"type": "array", "items": {"$ref": "#/$defs/endless"}},
        {"type": "object", "properties": {"of": {"$ref": "#/$defs/endless"}, "no": False}},
    ]
}
ENDLESS = {"type": "object", "properties": {"next": {"$ref": "#/$defs/endless"}}, "required": ["next"]}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "value": {"type": "string"}}}


@given(schema=SCHEMAS, seed=st.integers(0, 99))
def test_chat_9_an_example_fits_its_schema(schema: dict[str, Any], seed: int) -> None:
    """A validator that others wrote says so, and so does ours."""
    whole = {**schema, "$defs": {"node": NODE, "list": LIST, "tree": TREE, "endless": ENDLESS}}
    value = example(whole, Random(seed))

    Draft202012Validator(whole).validate(value)
    assert misfit(value, whole) == ""
    assert unsupported(whole) == ""
    assert example(whole, Random(seed)) == value


@pytest.mark.parametrize(
    "name", ["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"]
)
def test_chat_9_an_example_has_its_format(name: str) -> None:
    """As far as jsonschema judges it without other packages."""
    value = example({"type": "string", "format": name}, Random(1))

    Draft202012Validator.FORMAT_CHECKER.check(value, name)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 20), st.sampled_from(["x", "", "amber"])),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=5,
)
PLAIN = st.recursive(
    st.sampled_from(
        [{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]
        + [{"enum": ["x", 7]}, {"const": "x"}, {"type": ["null", "integer"]}]
    ),
    lambda inner: st.one_of(
        st.builds(_object, st.dictionaries(NAMES, inner), st.lists(NAMES, unique=True), st.booleans()),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(schema=PLAIN, value=VALUES)
def test_chat_9_what_does_not_fit_is_named(schema: dict[str, Any], value: Any) -> None:
    """A validator that others wrote agrees."""
    assert bool(misfit(value, schema)) is not Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (
            {"type": "object", "properties": {"age": {"type": "integer"}}},
            {"age": "28"},
            "$.age: expected integer, got '28'",
        ),
        ({"type": "array", "items": {"enum": ["a"]}}, ["a", "b"], "$[1]: expected one of ['a'], got 'b'"),
        ({"required": ["name"]}, {}, "$: 'name' is missing"),
        ({"properties": {}, "additionalProperties": False}, {"x": 1}, "$: 'x' is not in the schema"),
        ({"const": 1}, 2, "$: expected 1, got 2"),
        ({"properties": {"x": False}}, {"x": 1}, "$.x: nothing is allowed here"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, 7, ""),
        ({"anyOf": [{"$ref": "#"}]}, 7, "$: the schema contains itself without an end"),
    ],
)
def test_a_misfit_says_where(schema: dict[str, Any], value: Any, text: str) -> None:
    """With what was expected, and what is there."""
    assert misfit(value, schema) == text


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"allOf": []}, "allOf"),
        ({"properties": {"a": {"not": {}}}}, "not"),
        ({"items": {"prefixItems": []}}, "prefixItems"),
        ({"additionalProperties": {"not": {}}}, "not"),
        ({"anyOf": [{"if": {}}]}, "if"),
        ({"$defs": {"a": {"contains": {}}}}, "contains"),
        ({"$ref": "https://example.com/schema"}, "$ref 'https://example.com/schema'"),
        ({"$ref": "#/nowhere/x"}, "$ref '#/nowhere/x'"),
        ({"$ref": 7}, "$ref 7"),
        ({"type": "text"}, "type 'text'"),
        ({"type": [{}]}, "type [{}]"),
        ({"properties": {"a": 7}}, "properties {'a': 7}"),
        ({"required": "name"}, "required 'name'"),
        ({"enum": []}, "enum []"),
        ({"anyOf": []}, "anyOf []"),
        ({"format": 7}, "format 7"),
        ({"minimum": True}, "minimum True"),
        ({"maximum": float("inf")}, "maximum inf"),
        ({"maximum": 10**400}, f"maximum 1{'0' * 38}...{'0' * 38}"),
        ({"multipleOf": 0}, "multipleOf 0"),
        ({"minLength": -1}, "minLength -1"),
        ({"$ref": "#/$defs/a", "$defs": {"a": ENDLESS}}, "$ref '#/$defs/endless'"),
        ({**ENDLESS, "$defs": {"endless": ENDLESS}}, "a schema whose values have at least 100 levels"),
        ({"anyOf": [{"$ref": "#"}]}, "a schema whose values have at least 100 levels"),
        ({"additionalProperties": False, "properties": {"a": True}}, ""),
        (True, ""),
        ([], "a schema that is not an object"),
    ],
)
def test_chat_9_what_is_unsupported_is_named(schema: Any, found: str) -> None:
    """The first part of it."""
    assert unsupported(schema) == found


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "multipleOf": 0.01},
        {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "exclusiveMaximum": 0.7},
        {"type": "integer", "multipleOf": 1.5, "exclusiveMinimum": 3},
    ],
    ids=str,
)
def test_chat_9_an_example_is_a_multiple_to_the_last_digit(schema: dict[str, Any]) -> None:
    """Steps may be fractions, whose binary errors do not show, and a whole number stays whole."""
    assert unsupported(schema) == ""
    found = [example(schema, Random(seed)) for seed in range(100)]

    assert {Decimal(str(one)) % Decimal(str(schema["multipleOf"])) for one in found} == {0}
    assert [misfit(one, schema) for one in found] == [""] * 100
    limits = {name: schema[name] for name in schema if name not in {"multipleOf", "type"}}
    assert all(Draft202012Validator(limits).is_valid(one) for one in found)


def test_an_example_is_never_huge() -> None:
    """Whatever a schema wants."""
    wanted = {"type": "array", "items": {"type": "string", "minLength": 10**9}, "minItems": 10**9}

    found = example(wanted, Random(0))

    assert (len(found), {len(one) for one in found}) == (1_000, {1_000})


def test_a_schema_may_only_be_invalid() -> None:
    """The schema of a tool may have what the subset has not."""
    assert (invalid({"allOf": [{}]}), invalid({"required": 7})) == ("", "required 7")


def test_chat_9_a_schema_that_never_ends_is_unsupported() -> None:
    """It is nested too deeply."""
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}

    assert unsupported(schema) == "a schema that is nested too deeply"
