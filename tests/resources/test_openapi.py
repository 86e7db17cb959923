"""The OpenAPI document says of the fake what the fake does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pytest_aurous._resources.base.endpoint import NO_RESPONSE, Context, Endpoint
from pytest_aurous._resources.base.fields import boolean, described, integer, list_of, number, one_of, text, url
from pytest_aurous._resources.base.schema import body_of, column, deleted, listing, obj, record, reference
from pytest_aurous._resources.catalog import ENDPOINTS
from pytest_aurous._resources.openapi import document
from pytest_aurous._wire.refusal import ApiProblem

DOCUMENT: Final = document()
OPERATIONS: Final = {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}
RECORDS: Final = ("Character", "Generation", "File", "Lora", "VideoLora", "Endpoint")


def fits(schema: Any, value: Any) -> bool:
    """Whether *value* is valid under *schema*, which must be a good one itself."""
    Draft202012Validator.check_schema(schema)
    return bool(Draft202012Validator(schema).is_valid(value))


# The document


def test_the_document_is_valid() -> None:
    """A validator of OpenAPI 3.1 finds nothing, and it survives the way through JSON."""
    validate(DOCUMENT)

    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_each_call_of_it_is_a_new_document() -> None:
    """Who changes the one that was returned changes no other."""
    document()["paths"].clear()

    assert document() == DOCUMENT


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_every_endpoint_is_in_it(row: Endpoint) -> None:
    """Under its path and method, with the parameters of its path."""
    told = DOCUMENT["paths"][row.template][row.method.lower()]

    assert told["operationId"] == row.operation
    assert told["summary"]
    inside = [one["name"] for one in told["parameters"] if one["in"] == "path"]
    assert all(f"{{{name}}}" in row.template for name in inside)
    assert len(inside) == row.template.count("{")
    assert {one["name"] for one in told["parameters"] if one["in"] == "query"} == set(row.query)
    assert ("Idempotency-Key" in [one["name"] for one in told["parameters"]]) is bool(row.idempotent)


def test_no_two_operations_share_a_name() -> None:
    """Generators of clients make methods of the names."""
    names = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]

    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert set(names) == {row.operation for row in ENDPOINTS}


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_every_outcome_is_in_it(row: Endpoint) -> None:
    """Each status that a call can come to, and the codes under it; a lost response is none."""
    told = OPERATIONS[row.operation]["responses"]
    pairs = [outcome.partition(" ")[::2] for outcome in row.outcomes if outcome != NO_RESPONSE]

    assert list(told) == sorted({status for status, _ in pairs})
    for status, response in told.items():
        codes = [code for one, code in pairs if one == status and code]
        if codes:
            assert response["description"] == ", ".join(codes)
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_every_good_response_has_its_media_type(row: Endpoint) -> None:
    """JSON with its shape, or bytes without one."""
    response = OPERATIONS[row.operation]["responses"][str(row.status)]

    if row.shape is not None:
        events: dict[str, Any] = {"text/event-stream": {}} if row.streams else {}
        assert response["content"] == {row.media_type: {"schema": row.shape}, **events}
    elif row.media_type != "application/json":
        assert response["content"] == {row.media_type: {}}
    else:
        assert "content" not in response


def test_what_is_empty_has_no_media_type() -> None:
    """The response to an upload, and to a range that a film does not have."""
    responses = (
        OPERATIONS["characters.uploads.put"]["responses"]["200"],
        OPERATIONS["videos.output"]["responses"]["416"],
    )

    assert [set(response) for response in responses] == [{"description"}, {"description"}]
    assert set(OPERATIONS["videos.output"]["responses"]["206"]["content"]) == {"video/mp4"}


def test_signed_urls_need_no_key_and_the_upload_host_is_named() -> None:
    """What differs from the other calls is said at the operation."""
    for row in ENDPOINTS:
        told = OPERATIONS[row.operation]
        assert (told.get("security") == []) is row.signed
        assert ("servers" in told) is (row.host == "upload")
        assert ("requestBody" in told) is (row.body is not None)


def test_a_path_of_before_says_where_its_call_is_today() -> None:
    """It is deprecated, and its 308 bears the new place and the last day; no other call does."""
    moved = {"Location", "Aurous-Deprecated", "Sunset"}
    for row in ENDPOINTS:
        told = OPERATIONS[row.operation]
        response = told["responses"][str(row.status)]
        legacy = row.operation.startswith("legacy.")
        assert told.get("deprecated", False) is legacy
        assert set(response.get("headers", {})) == (moved if legacy else set())
        assert all(header["required"] and header["description"] for header in response.get("headers", {}).values())


def objects(schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Each object that a part of the document speaks of, with its place."""
    if isinstance(schema, dict) and schema.get("type") == "object":
        yield place, schema
    if isinstance(schema, dict | list):
        for name, inner in schema.items() if isinstance(schema, dict) else enumerate(schema):
            yield from objects(inner, f"{place}/{name}")


def test_every_object_is_closed() -> None:
    """A property that is not listed is a mistake; only what the client may fill as it likes is open.

    So are the requests that SDKs of others send (chat-2, emb-2).
    """
    found = {place for place, schema in objects(DOCUMENT, "") if schema.get("additionalProperties") is not False}
    theirs = ("/paths//v1/chat/completions/post/requestBody", "/paths//v1/embeddings")
    open_ones = {place for place in found if not place.startswith(theirs)}

    assert open_ones == {
        "/paths//v1/webhook_endpoints/post/requestBody/content/application/json/schema/properties/metadata",
        "/components/schemas/Endpoint/properties/metadata",
        "/components/schemas/File/properties/metadata/anyOf/0",
    }


@pytest.mark.parametrize("operation", ["usage.list", "usage.events"])
def test_what_usage_counts_is_explained(operation: str) -> None:
    """Each field says what it is, but for those that only hold others, or can have few values."""
    schema = OPERATIONS[operation]["responses"]["200"]["content"]["application/json"]["schema"]
    fields = [each for _, one in objects(schema, "") for each in one["properties"].items()]

    assert len(fields) > 15
    assert {name for name, field in fields if "description" not in field} <= {
        *("object", "data", "groups", "metrics", "type"),
    }


def test_a_document_of_some_rows() -> None:
    """It takes the rows that it is given; a handler without a docstring is called by its operation."""

    def handler(ctx: Context) -> None:
        del ctx

    row = Endpoint("things.touch", "POST", "/v1/things", handler)
    undescribed = document([row])["paths"]["/v1/things"]["post"]

    assert undescribed["summary"] == "things.touch"
    assert undescribed["responses"]["200"] == {"description": "OK"}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_no_other_properties(name: str) -> None:
    """A field that a schema does not know is a mistake, of ours or of the test's."""
    schema = DOCUMENT["components"]["schemas"][name]

    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])
    assert not {"team", "plan", "hold", "signing_secret"} & set(schema["properties"])


def test_an_error_fits_its_schema() -> None:
    """The envelope, whole and with nothing beside it."""
    schema = DOCUMENT["components"]["schemas"]["Error"]
    error = {"type": "not_found", "code": "c", "message": "m", "param": None, "doc_url": "u", "request_id": "r"}

    assert fits(schema, {"error": error})
    assert not fits(schema, {"error": {**error, "more": 1}})
    assert not fits(schema, {"error": {**error, "type": "unheard_of"}})


# Shapes


@dataclass(frozen=True, kw_only=True)
class SomeRow:
    """One of each kind of field."""

    id: str
    age: int | None = None
    price: float
    ready: bool
    tags: tuple[str, ...] = column(list)
    sizes: list[int]
    notes: dict[str, Any]
    raw: dict  # type: ignore[type-arg]
    anything: Any
    owner: str = column(hidden=True)
    extra: str = column(omitted=True)
    color: str = column(schema={"enum": ["red", "blue"]})


def test_a_record_is_described_field_by_field() -> None:
    """By its types, unless a column says more; what is hidden is not there, and what is sparse may be missing."""
    schema = record(SomeRow)

    assert schema["properties"] == {
        "id": {"type": "string"},
        "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "price": {"type": "number"},
        "ready": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "notes": {"type": "object"},
        "raw": {"type": "object"},
        "anything": {},
        "extra": {"type": "string"},
        "color": {"enum": ["red", "blue"]},
    }
    assert set(schema["properties"]) - set(schema["required"]) == {"extra"}
    assert schema["additionalProperties"] is False


def test_a_record_has_its_place_without_row() -> None:
    """Its schema is named after the class, without our word for it."""
    assert reference(SomeRow) == {"$ref": "#/components/schemas/Some"}


def test_a_page_of_a_list() -> None:
    """Its four fields; the cursor may be null."""
    schema = {**listing(SomeRow), "components": {"schemas": {"Some": {"type": "integer"}}}}
    page = {"object": "list", "data": [1], "has_more": False, "next_cursor": None}

    assert fits(schema, page)
    assert not fits(schema, {**page, "data": ["x"]})
    assert not fits(schema, {**page, "more": 1})


def test_a_deletion() -> None:
    """It names what is gone."""
    schema = deleted("file")

    assert fits(schema, {"id": "file_1", "object": "file", "deleted": True})
    assert not fits(schema, {"id": "file_1", "object": "file", "deleted": False})


def test_an_object_is_closed() -> None:
    """All of its properties, and no others."""
    schema = obj(a={"type": "string"}, b={})

    assert fits(schema, {"a": "x", "b": 1})
    assert not fits(schema, {"a": "x"})
    assert not fits(schema, {"a": "x", "b": 1, "c": 2})


def test_a_body_is_made_of_its_readers() -> None:
    """A reader without a schema takes anything, as far as the document knows."""
    schema = body_of({"name": text(5), "free": lambda value, _: value}, ("name",))

    assert schema["properties"] == {"name": {"type": "string", "minLength": 1, "maxLength": 5}, "free": {}}
    assert fits(schema, {"name": "x", "free": [1]})
    assert not fits(schema, {"free": 1})
    assert not fits(schema, {"name": "x", "other": 1})
    assert body_of({})["required"] == []


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (text(3), ["a", "abc"], ["", "abcd", 1]),
        (text(3, low=0), [""], ["abcd"]),
        (integer(1, 3), [1, 3], [0, 4, 1.5, "1"]),
        (number(0.5, 2), [0.5, 2], [0.4, 2.1, "1"]),
        (url(20), ["https://a.example"], ["http://a.example", "https://a.example/long/path", 1]),
        (boolean, [True, False], ["true", None]),
        (one_of(["a", "b"]), ["a", "b"], ["c", None]),
        (list_of(text(2), 1, 2), [["a"], ["a", "b"]], [[], ["a", "b", "c"], ["abc"], "a"]),
        (list_of(lambda value, _: value, 0, 1), [[], [None]], [[1, 2]]),
    ],
    ids=["text", "text that may be empty", "integer", "number", "url", "boolean", "one of", "list", "list of anything"],
)
def test_a_reader_bears_the_schema_of_what_it_takes(reader: Any, good: list[Any], bad: list[Any]) -> None:
    """What it takes fits, and what it refuses does not."""
    assert all(fits(reader.schema, value) for value in good)
    assert all(reader(value, "field") == value for value in good)
    assert not any(fits(reader.schema, value) for value in bad)
    for value in bad:
        with pytest.raises(ApiProblem):
            reader(value, "field")


def test_a_reader_of_our_own_can_be_described() -> None:
    """It stays the same reader."""

    def read(value: Any, _param: str) -> Any:
        return value

    assert described(read, {"type": "object"}) is read
    assert vars(read)["schema"] == {"type": "object"}
