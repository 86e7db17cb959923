"""The OpenAPI document says of the fake what the fake does."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pytest_aurous._core.resources.base.endpoint import Context, Endpoint
from pytest_aurous._core.resources.base.schema import column, deleted, listing, obj, record, reference
from pytest_aurous._core.resources.catalog import ENDPOINTS
from pytest_aurous._core.resources.openapi import document
from pytest_aurous._core.wire.fields import body_of, boolean, described, integer, list_of, number, one_of, text, url
from pytest_aurous._core.wire.refusal import ApiProblem
from tests.conftest import Api

DOCUMENT: Final = document()
OPERATIONS: Final = {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}


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
        own = {name: header for name, header in response["headers"].items() if "$ref" not in header}
        assert set(own) == (moved if legacy else set())
        assert all(header["required"] and header["description"] for header in own.values())


RATES: Final = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_each_response_has_the_headers_that_all_share(row: Endpoint) -> None:
    """Its request and its version; a success that spends a token, and a 429, have the state of the rate bucket."""
    for status, response in OPERATIONS[row.operation]["responses"].items():
        success, limited = status < "300", status == "429"
        shared = {"Aurous-Request-Id", "Aurous-Version"} | (RATES if limited or (success and row.bucket) else set())
        shared |= {"Retry-After"} if limited else set()
        shared |= {"Aurous-Idempotent-Replayed"} if success and row.idempotent else set()
        assert {name for name, header in response["headers"].items() if "$ref" in header} == shared


def test_the_fake_sends_the_headers_of_the_document(make_api: Callable[..., Api]) -> None:
    """Each that is required, in its form; also a stored response, refusals, a redirect and a 429."""
    order = {"json": {"prompt": "On a bench"}, "headers": {"Idempotency-Key": "k"}}
    requests: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("images.create", "POST", "/v1/images", order),
        ("images.create", "POST", "/v1/images", order),
        ("images.create", "POST", "/v1/images", {"json": {}}),
        ("characters.retrieve", "GET", "/v1/characters/char_x", {}),
        ("legacy.images.list", "GET", "/v1/generations", {}),
        ("team.retrieve", "GET", "/v1/team", {"key": None}),
        ("team.retrieve", "GET", "/v1/team", {}),
        ("team.retrieve", "GET", "/v1/team", {}),
    )
    api = make_api(rate_limits="enforce")
    api.aurous.limits["reads"].set(burst=1)
    statuses: list[int] = []
    for operation, method, path, sent in requests:
        response = api.send(method, path, **sent)
        statuses.append(response.status)
        for name, header in OPERATIONS[operation]["responses"][str(response.status)]["headers"].items():
            stated = DOCUMENT["components"]["headers"].get(name, header)
            assert name in response.headers or not stated["required"]
            value = response.headers.get(name, "true")
            assert fits(stated["schema"], int(value) if stated["schema"].get("type") == "integer" else value)
    assert statuses == [201, 201, 400, 404, 308, 401, 200, 429]


STATED: Final[dict[str, dict[str, Any]]] = {
    "Character object": {"const": "character"},
    "Character refs items pose": {"enum": ["portrait", "front", "side", "back", "other"]},
    "Character aurous_version": {"pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "Character created_at": {"format": "date-time"},
    "Generation object": {"const": "inference"},
    "Generation media_type": {"enum": ["image", "video"]},
    "Generation image_count": {"minimum": 1, "maximum": 4},
    "File purpose": {"enum": ["reference", "first_frame", "last_frame"]},
    "File mime_type": {"enum": ["image/png", "image/jpeg", "image/webp"]},
    "File size_bytes": {"maximum": 10 * 1024 * 1024},
    "File width_px": {"maximum": 4096},
    "File height_px": {"maximum": 4096},
    "File expires_at": {"format": "date-time"},
    "Error error type": {"enum": ["invalid_request", "authentication", "not_found", "rate_limit", "server_error"]},
    "characters.create body upload_ids": {"minItems": 1, "maxItems": 6},
    "characters.create body client_reference_id": {"maxLength": 256},
    "characters.list query limit": {"minimum": 1, "maximum": 100, "default": 20},
    "characters.uploads.init body filename": {"minLength": 1, "maxLength": 120},
    "characters.uploads.init body extension": {"enum": ["jpeg", "jpg", "png", "webp"]},
    "characters.uploads.init body content_type": {"enum": ["image/jpeg", "image/png", "image/webp"]},
    "characters.uploads.classify response confidence": {"minimum": 0, "maximum": 1},
    "images.create body prompt": {"minLength": 1, "maxLength": 4000},
    "images.create body negative_prompt": {"minLength": 1, "maxLength": 4000},
    "images.create body width": {"minimum": 1024, "maximum": 4096},
    "images.create body steps": {"minimum": 1, "maximum": 100},
    "images.create body guidance_scale": {"minimum": 0.1, "maximum": 30},
    "images.create header Idempotency-Key": {"minLength": 1, "maxLength": 256},
    "images.create header Aurous-Version": {"pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "images.output path n": {"type": "integer", "minimum": 0},
    "videos.create body resolution": {"enum": ["480p", "720p", "1080p"]},
    "videos.create body ratio": {"enum": ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]},
    "videos.create body duration": {"minimum": 2, "maximum": 12},
    "images.create body cfg_rescale": {"minimum": 0, "maximum": 1},
    "images.create body denoise_strength": {"minimum": 0, "maximum": 1},
    "images.create body count": {"minimum": 1, "maximum": 4},
    "images.create body seed": {"minimum": -1},
    "images.create body reference_image_urls": {"minItems": 1, "maxItems": 10},
    "images.create body webhook_url": {"maxLength": 2048},
    "characters.create body name": {"minLength": 1, "maxLength": 120},
    "characters.create body attributes age": {"minimum": 18, "maximum": 120},
    "characters.create body attributes hair_style": {"minLength": 1, "maxLength": 200},
    "characters.create body attributes additional_details": {"minLength": 1, "maxLength": 1000},
    "characters.regenerate_ref body prompt_override": {"maxLength": 4000},
    "videos.create body prompt": {"minLength": 1, "maxLength": 4000},
    "videos.create body first_frame_url": {"maxLength": 2048},
    "usage.list query limit": {"minimum": 1, "maximum": 100, "default": 24},
    "usage.events query limit": {"maximum": 500, "default": 100},
    "usage.events query start_time": {"format": "date-time"},
    "models.list response data items aurous_metadata capabilities items": {"type": "string"},
    "pricing.retrieve response version": {"pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "pricing.retrieve response currency": {"const": "credit"},
    "chat.create body model": {"maxLength": 128},
    "chat.create body messages": {"minItems": 1, "maxItems": 200},
    "chat.create body messages items role": {"enum": ["system", "user", "assistant", "tool"]},
    "chat.create body reasoning_effort": {"enum": ["minimal", "low", "medium", "high"]},
    "embeddings.create body encoding_format": {"enum": ["float", "base64"]},
    "embeddings.create body input anyOf 1": {"maxItems": 16},
    "webhook_endpoints.create body url": {"maxLength": 2048},
    "webhook_endpoints.create body metadata": {"maxProperties": 50},
    "webhook_endpoints.create body metadata additionalProperties": {"maxLength": 500},
}


@pytest.mark.parametrize("place", STATED)
def test_what_the_documentation_states_is_in_it(place: str) -> None:
    """Enums, bounds and formats."""
    first, *steps = place.split(" ")
    schema: Any = DOCUMENT["components"]["schemas"].get(first)
    if schema is None:
        operation, part = OPERATIONS[first], steps.pop(0)
        row = next(row for row in ENDPOINTS if row.operation == first)
        if part in {"query", "path", "header"}:
            (schema,) = (one["schema"] for one in operation["parameters"] if one["name"] == steps[0])
            steps.clear()
        else:
            schema = row.shape if part == "response" else row.body
    for step in steps:
        schema = schema[int(step)] if step.isdecimal() else schema.get("properties", schema)[step]
    schema = schema.get("anyOf", [schema])[0]  # what may be null is stated of the rest

    assert {name: schema.get(name) for name in STATED[place]} == STATED[place]


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


def test_a_document_of_some_rows() -> None:
    """It takes the rows that it is given; a handler without a docstring is called by its operation."""

    def handler(ctx: Context) -> None:
        del ctx

    row = Endpoint("things.touch", "POST", "/v1/things", handler)
    undescribed = document([row])["paths"]["/v1/things"]["post"]

    assert undescribed["summary"] == "things.touch"
    assert undescribed["responses"]["200"]["description"] == "OK"


# Shapes


@dataclass(frozen=True, kw_only=True)
class SomeRow:
    """One of each kind of field."""

    id: str
    age: int | None = None
    price: float
    ready: bool
    tags: tuple[str, ...] = column("Words for it.", write=list)
    sizes: list[int]
    notes: dict[str, Any]
    raw: dict  # type: ignore[type-arg]
    anything: Any
    owner: str = column("Who owns it.", seen="never")
    extra: str = column("More of it.", seen="omitted")
    color: str = column("How it looks.", schema={"enum": ["red", "blue"]})


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


def test_the_shapes_of_responses() -> None:
    """A page may have no cursor; a deletion names what is gone; each is closed, as any object is."""
    assert reference(SomeRow) == {"$ref": "#/components/schemas/Some"}
    listed = {**listing(SomeRow), "components": {"schemas": {"Some": {"type": "integer"}}}}
    page = {"object": "list", "data": [1], "has_more": False, "next_cursor": None}
    gone = {"id": "file_1", "object": "file", "deleted": True}
    pair = {"a": "x", "b": 1}

    for schema, good, wrong in (
        (listed, page, {"data": ["x"]}),
        (deleted("file"), gone, {"deleted": False}),
        (obj(a={"type": "string"}, b={}), pair, {"a": 7}),
    ):
        assert fits(schema, good)
        assert not fits(schema, {**good, **wrong})
        assert not fits(schema, {**good, "more": 1})
        assert not fits(schema, dict([*good.items()][1:]))


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
