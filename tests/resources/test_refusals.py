"""Every operation and every field: which values are taken, and which codes and messages a refusal has (err-5, err-7).

The bounds and types of fields are tested here alone, by what the schema says of them; `test_openapi.py` compares that
with what the vendor states. The messages are kept in ``tests/messages/the-api-refuses-a-request.txt``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from pytest_aurous._core.resources.base.endpoint import NO_RESPONSE, Endpoint
from pytest_aurous._core.resources.catalog import CATALOG, ENDPOINTS
from tests.conftest import Api, Response

CODES: Final = {  # err-5, written from the contract
    400: "missing_field invalid_format value_out_of_range unknown_version parameter_invalid_combination "
    "mutually_exclusive_input character_not_ready upload_invalid unsupported_lora_for_mode "
    "generation_not_cancellable invalid_page_token too_many_buckets invalid_request invalid_request_error "
    "max_tokens_exceeds_hard_cap max_input_tokens_exceeded model_wrong_kind tool_choice_required_unsupported "
    "response_format_unsupported embeddings_batch_not_supported embeddings_input_too_large "
    "embeddings_input_too_many_items embeddings_unsupported_dimensions embeddings_video_unsupported",
    401: "missing_api_key invalid_api_key revoked_api_key",
    402: "balance_too_low insufficient_credits",
    403: "missing_scope",
    404: "resource_not_found chat_cancel_target_not_found",
    405: "method_not_allowed",
    409: "idempotency_key_in_use chat_cancel_target_already_terminal chat_cancel_target_not_cancellable",
    410: "output_expired",
    422: "prompt_blocked reference_blocked output_moderation_rejected output_not_available",
    429: "too_many_requests concurrency_limit_exceeded tpm_rate_limit_exceeded",
    500: "internal_error",
    502: "chat_provider_unavailable chat_provider_unknown_error embeddings_provider_unknown_error",
    504: "provider_timeout",
}
LISTED: Final = {f"{status} {code}" for status, codes in CODES.items() for code in codes.split()}
CHAT: Final = "aurous-grow-2.0-pro"
START: Final = {"start_time": "2026-05-01T00:00:00Z"}
BODIES: Final = {row.operation: dict(row.sample) for row in ENDPOINTS if row.sample is not None}
"""A good body of each operation that takes JSON."""
CLOSED: Final = [name for name in BODIES if not name.startswith(("chat.", "embeddings."))]
"""The operations that refuse unknown fields; tests of their own have the fields of the others."""


class Wrong(NamedTuple):
    """A wrong value: the code and the words of its refusal, and the name behind the name of its field."""

    value: Any
    code: str
    words: tuple[str, ...]
    inside: str = ""


def wrong_values(schema: dict[str, Any]) -> Iterator[Wrong]:
    """Make values that are just outside of a schema, for each of its limits."""
    if "enum" in schema:
        for value, shown in (("nonsense", '"nonsense"'), (7, "7"), (None, "null")):
            yield Wrong(value, "invalid_format", (shown, *schema["enum"]))
        return
    ends: list[Any] = [next((schema[name] for name in schema if name.startswith(end)), None) for end in ("min", "max")]
    low, high = ends
    kind = schema["type"]
    names = {
        "string": "a string",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "a boolean",
        "array": "an array",
        "object": "an object",
    }
    other, got = ("nonsense", "a string") if kind != "string" else (7, "a number")
    yield Wrong(other, "invalid_format", (names[kind], got))
    if kind == "string":
        sizes = {"x" * (high + 1): high + 1, **({"": 0} if low else {})}
        yield from (Wrong(text, "value_out_of_range", (str(high), str(size))) for text, size in sizes.items())
        if "pattern" in schema:
            yield Wrong("http://plain.example", "invalid_format", ("https", "http://plain.example"))
    elif kind in {"number", "integer"}:
        yield Wrong([7], "invalid_format", (names[kind], "an array"))
        for value in (low - 1, high + 1):
            yield Wrong(value, "value_out_of_range", (str(low), str(high), str(value)))
    elif kind == "array":
        yield Wrong([], "value_out_of_range", (str(low), str(high), "0"))
        yield Wrong(["x"] * (high + 1), "value_out_of_range", (str(low), str(high), str(high + 1)))
        yield from (one._replace(value=[one.value]) for one in wrong_values(schema["items"]))
    elif kind == "object":
        yield from wrong_members(schema, high)


def wrong_members(schema: dict[str, Any], high: int | None) -> Iterator[Wrong]:
    """Make objects with a wrong member: of those that are listed, or of any name."""
    if high is not None:
        many = {str(number): "x" for number in range(high + 1)}
        yield Wrong(many, "value_out_of_range", (str(high), str(high + 1)))
        members = {"key": schema["additionalProperties"]}
    else:
        members = schema["properties"]
        yield Wrong({"wings": 2, "tail": 1}, "invalid_request", ("wings", "tail", *members), ".wings")
    for name, member in members.items():
        for one in wrong_values(member):
            yield one._replace(value={name: one.value}, inside=f".{name}{one.inside}")


def fields() -> Iterator[tuple[str, str, Wrong]]:
    """Return each wrong value of each field of each operation."""
    for operation in CLOSED:
        shape: Any = CATALOG.by_operation[operation].body
        for name, schema in shape["properties"].items():
            for one in wrong_values(schema):
                code = {"characters.update": "invalid_request"}.get(operation, one.code)
                if (operation, name, one.code) == ("characters.regenerate_ref", "pose", "invalid_format"):
                    code = "invalid_request_error"
                yield operation, name, one._replace(code=code)


FIELDS: Final = list(fields())


def path_of(api: Api, row: Endpoint, missing: str = "") -> str:
    """Return the path of an operation on records that exist, or on one that is *missing*."""
    if "{" not in row.template:
        return row.template
    fake = api.aurous
    ids = {
        "characters": lambda: fake.characters.add(status="reviewing").id,
        "images": lambda: fake.images.add(status="pending").id,
        "videos": lambda: fake.videos.add().id,
        "files": lambda: fake.files.add().id,
        "loras": lambda: fake.loras.last.id,
        "video_loras": lambda: fake.video_loras.last.id,
        "webhook_endpoints": lambda: fake.webhook_endpoints.add().id,
        "chat": lambda: fake.chat.completions.add().id,
    }
    family = row.template.split("/")[2]
    if family in ids or missing:
        return row.template.format(id=missing or ids[family]())
    return row.template.format(id=api.post(f"/v1/{family}", json=BODIES.get(f"{family}.create")).json["id"])


@pytest.mark.parametrize(
    ("operation", "name", "wrong"), FIELDS, ids=[f"{one[0]}-{one[1]}-{str(one[2].value)[:20]}" for one in FIELDS]
)
def test_err_7_every_refusal_of_a_field_says_what_is_wrong_and_what_is_allowed(
    api: Api, operation: str, name: str, wrong: Wrong
) -> None:
    """The message names the field, quotes the value (or its type, or its length), and says what would be right."""
    row = CATALOG.by_operation[operation]
    path = path_of(api, row)

    response = api.refused(
        row.method,
        path,
        json={**BODIES[operation], name: wrong.value},
        status=400,
        code=wrong.code,
        param=name + wrong.inside,
    )

    message = response.json["error"]["message"]
    assert [word for word in (name + wrong.inside, *wrong.words) if word not in message] == []
    assert len(message) < 500


def ends(schema: dict[str, Any]) -> list[Any]:
    """Make the smallest and the largest value that a schema allows; what has no size has none."""
    sizes: list[Any] = [next((schema[name] for name in schema if name.startswith(end)), None) for end in ("min", "max")]
    low, high = sizes
    kind = schema.get("type")
    if kind == "string" and high:
        return ["https://a.example/".ljust(high, "x")[:high], *(["x" * low] if low else [])]
    if kind in {"number", "integer"}:
        return [low, high]
    if kind == "array":
        item = schema["items"]["enum"][0] if "enum" in schema["items"] else "https://a.example/"
        return [[item] * low, [item] * high]
    if kind == "object" and high:
        return [{}, {str(number): "x" * schema["additionalProperties"]["maxLength"] for number in range(high)}]
    return [{name: value} for name, one in schema.get("properties", {}).items() for value in ends(one)]


@pytest.mark.parametrize("operation", CLOSED)
def test_err_7_the_ends_of_a_field_are_taken(api: Api, operation: str) -> None:
    """No value is out of range that the schema allows, even if it is refused for something else."""
    row: Any = CATALOG.by_operation[operation]
    sent = [(name, value) for name, schema in row.body["properties"].items() for value in ends(schema)]

    responses = [api.send(row.method, path_of(api, row), json={**BODIES[operation], **dict([pair])}) for pair in sent]

    found = [response.json["error"] for response in responses if response.status == 400]
    assert [
        error for error in found if "must be between" in error["message"] or " long, not " in error["message"]
    ] == []


@pytest.mark.parametrize("operation", CLOSED)
def test_err_7_every_refusal_of_unknown_fields_names_them_and_the_known(api: Api, operation: str) -> None:
    """All of the unknown ones, and each that there is."""
    row: Any = CATALOG.by_operation[operation]
    path = path_of(api, row)
    body = {**BODIES[operation], "wings": 2, "tail": 1}

    response = api.refused(row.method, path, json=body, status=400, code="invalid_request", param="wings")

    message = response.json["error"]["message"]
    assert [word for word in ("wings", "tail", *row.body["properties"]) if word not in message] == []


QUERIES: Final[list[tuple[str, dict[str, Any], str, tuple[str, ...]]]] = [
    ("limit", {"limit": "many"}, "invalid_format", ("whole number", "'many'")),
    ("limit", {"limit": 0}, "value_out_of_range", ("1", "0")),
    ("limit", {"limit": 501}, "value_out_of_range", ("1", "501")),
    ("starting_after", {"starting_after": "nobody"}, "invalid_format", ("'nobody'",)),
    ("ending_before", {"ending_before": "nobody"}, "invalid_format", ("'nobody'",)),
    ("cursor", {"cursor": "nobody"}, "invalid_format", ("'nobody'",)),
    ("start_time", {"start_time": "yesterday"}, "invalid_format", ("'yesterday'", "RFC 3339")),
    ("end_time", {"end_time": "tomorrow"}, "invalid_format", ("'tomorrow'", "RFC 3339")),
    (
        "start_time",
        {"start_time": "2026-05-03T00:00:00Z", "end_time": "2026-05-02T00:00:00Z"},
        "value_out_of_range",
        ("end_time", "730 days", "2026-05-03T00:00:00", "2026-05-02T00:00:00"),
    ),
    ("bucket_width", {"bucket_width": "2d"}, "invalid_format", ('"2d"', "1m", "30d")),
    ("bucket_width", {"bucket_width": "1m"}, "too_many_buckets", ("'1m'", "10000")),
    ("group_by", {"group_by": "lora_id"}, "invalid_format", ('"lora_id"', "status", "user_id")),
    ("status", {"status": "deleted"}, "invalid_request", ("'deleted'", "reviewing", "failed")),
]
LISTS: Final = [row for row in ENDPOINTS if row.query and not row.signed]


@pytest.mark.parametrize("row", LISTS, ids=lambda row: row.operation)
def test_err_7_every_refusal_of_a_query_says_what_is_wrong_and_what_is_allowed(api: Api, row: Endpoint) -> None:
    """As the values of a body do; a page token is opaque, so its refusal quotes nothing."""
    start = START if "start_time" in row.query else {}
    checked = {"page_token", *({"status"} if start else ()), "group_by[]"} & set(row.query)
    for param, query, code, words in QUERIES:
        if param not in row.query or (param == "status" and start):
            continue
        checked.add(param)
        response = api.refused(
            row.method, f"{row.template}?{urlencode({**start, **query})}", status=400, code=code, param=param
        )
        message = response.json["error"]["message"]
        assert [word for word in (param, *words) if word not in message] == []
    filters = {"type", "model", "api_key_id", "user_id", "lora_id", "character_id"}
    assert checked | filters >= set(row.query)


# Codes


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_err_5_every_documented_refusal_is_a_listed_one(row: Endpoint) -> None:
    """No operation has a code that the contract does not list, or a listed one under another status."""
    refusals = {outcome for outcome in row.outcomes if " " in outcome and outcome != NO_RESPONSE}

    assert refusals <= LISTED


def general(api: Api, row: Endpoint) -> Iterator[Response]:
    """Send what an operation refuses whatever it does: each time with one thing wrong."""
    path, body = path_of(api, row), BODIES.get(row.operation)

    def sent(path: str = path, **options: Any) -> Response:
        return api.send(row.method, path, **{"json": body, **options})

    yield sent(headers={"Idempotency-Key": "x" * 257})
    yield sent(headers={"Idempotency-Key": "k"})
    yield sent(headers={"Idempotency-Key": "k"}, json={**(body or {}), "wings": 2})
    yield sent(headers={"Aurous-Version": "yesterday"})
    yield sent(key=None)
    yield sent(key="al_live_x")
    yield sent(key=api.team.add_key("read"))
    yield sent(path_of(api, row, "nobody"))
    yield sent(json=None, content=b"{")
    yield sent(json={})
    for wrong in ("wings", *BODIES.get(row.operation, {})):
        yield sent(json={**(body or {}), wrong: {}})
    for name, one in ((name, one) for operation, name, one in FIELDS if operation == row.operation):
        yield sent(json={**(body or {}), name: one.value})
    for param, query, *_ in QUERIES:
        if param in row.query:
            yield sent(f"{path}?{urlencode({**(START if 'start_time' in row.query else {}), **query})}")


def exhausted(api: Api, row: Endpoint) -> Response:
    """Send a good request to an empty bucket."""
    path = path_of(api, row)
    for limit in api.aurous.limits.values():
        limit.exhaust()
    return api.send(row.method, path, json=BODIES.get(row.operation))


def of_lists(api: Api, row: Endpoint) -> Iterator[Response]:
    yield api.get(f"{row.template}?starting_after=a&ending_before=b")


def of_usage(api: Api, row: Endpoint) -> Iterator[Response]:
    yield api.get(row.template)
    yield api.get(f"{row.template}?page_token=x")


def of_characters(api: Api, row: Endpoint) -> Iterator[Response]:
    running = api.characters.add(status="synthesizing").id
    yield api.send(row.method, row.template.format(id=running), json=BODIES.get(row.operation))
    api.team.credits = 0
    yield api.send(row.method, path_of(api, row), json=BODIES.get(row.operation))


def of_new_characters(api: Api, row: Endpoint) -> Iterator[Response]:
    foreign = api.aurous.teams.add().uploads.add().id
    for body in ({}, {"upload_ids": ["upl_x"]}, {"upload_ids": [foreign]}):
        yield api.post(row.template, json={"name": "Aurora", **body})
    yield from of_characters(api, row)


def of_tickets(api: Api, row: Endpoint) -> Iterator[Response]:
    foreign = api.aurous.teams.add().uploads.add().id
    yield api.post(row.template, json={"upload_id": foreign})


def of_orders(api: Api, row: Endpoint) -> Iterator[Response]:
    body, fake = BODIES[row.operation], api.aurous
    both = {"character_id": api.characters.add().id, "reference_image_urls": ["https://x.example/a.png"]}
    other = {"lora_id": fake.video_loras.last.id, "video_lora_id": fake.loras.last.id}
    reviewing = api.characters.add(status="reviewing").id
    own = row.operation.partition(".")[0]
    extras: dict[str, list[dict[str, Any]]] = {
        "images": [
            {"character_id": reviewing},
            {"lora_id": "nobody"},
            {"lora_id": other["lora_id"]},
            {"size": "2k_1_1", "width": 2048, "height": 2048},
            both,
        ],
        "videos": [{"video_lora_id": "nobody"}, {"video_lora_id": other["video_lora_id"]}],
    }
    for extra in extras[own]:
        yield api.post(row.template, json={**body, **extra})
    api.team.credits = 0
    yield api.post(row.template, json=body)


def of_cancel(api: Api, row: Endpoint) -> Iterator[Response]:
    yield api.post(row.template.format(id=api.aurous.images.add().id))


def of_models(api: Api, row: Endpoint) -> Iterator[Response]:
    """Send what chats and embeddings refuse, by what the request says."""
    body, fake = BODIES[row.operation], api.aurous
    inside: dict[str, Any] = {"type": "image_url", "image_url": {"url": "https://localhost/a.png"}}
    for change in ({"model": "nobody"}, {"model": {"chat.create": "aurous-embed-vision"}.get(row.operation, CHAT)}):
        yield api.post(row.template, json={**body, **change})
    if row.operation == "chat.create":
        small = fake.models.add("small", context_window=4).id
        schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}
        tool = {"type": "function", "function": {"name": "x"}}
        changes: list[dict[str, Any]] = [
            {"model": small},
            {"max_tokens": 10_000},
            {"response_format": schema},
            {"model": fake.models.add("plain").id, "tools": [tool], "tool_choice": "required"},
            {"messages": [{"role": "user", "content": [inside]}]},
            {"max_tokens": 0},
        ]
    else:
        video, text = {"type": "video_url"}, {"type": "text", "text": "x"}
        inputs: list[Any] = [["a", "b"], "x" * 600_000, [text] * 17, [video], [inside], []]
        changes = [{"input": one} for one in inputs] + [{"dimensions": 7}]
    for change in changes:
        yield api.post(row.template, json={**body, **change})


def of_chats(api: Api, row: Endpoint) -> Iterator[Response]:
    body = BODIES[row.operation]
    for error in ("chat_provider_unavailable", "chat_provider_unknown_error", "provider_timeout"):
        api.aurous.chat.reply(error=error)
        yield api.post(row.template, json=body)
    yield from of_paid_tokens(api, row, "chat_tpm")


def of_embeddings(api: Api, row: Endpoint) -> Iterator[Response]:
    api.aurous.faults.status(row.operation, 502, code="embeddings_provider_unknown_error")
    yield api.post(row.template, json=BODIES[row.operation])
    yield from of_paid_tokens(api, row, "embeddings_tpm")


def of_paid_tokens(api: Api, row: Endpoint, bucket: str) -> Iterator[Response]:
    yield from of_models(api, row)
    api.team.credits = 0
    yield api.post(row.template, json=BODIES[row.operation])
    api.aurous.limits[bucket].exhaust()
    yield api.post(row.template, json=BODIES[row.operation])


def of_ended_chats(api: Api, row: Endpoint) -> Iterator[Response]:
    for status in ("completed", "in_progress"):
        yield api.post(row.template.format(id=api.aurous.chat.completions.add(status=status).id))


def of_large_input(make_api: Callable[..., Api], row: Endpoint) -> Iterator[Response]:
    """Send what has another code under a reading."""
    api = make_api(readings={"emb-6": "shared"})
    yield api.post(row.template, json={**BODIES[row.operation], "input": "x" * 600_000})


SPECIAL: Final[dict[str, Callable[[Api, Endpoint], Iterator[Response]]]] = {
    "characters.create": of_new_characters,
    "characters.save": of_characters,
    "characters.resynthesize": of_characters,
    "characters.regenerate_ref": of_characters,
    "characters.uploads.classify": of_tickets,
    "images.create": of_orders,
    "images.estimate": of_orders,
    "images.cancel": of_cancel,
    "videos.create": of_orders,
    "videos.estimate": of_orders,
    "usage.list": of_usage,
    "usage.events": of_usage,
    "chat.create": of_chats,
    "chat.cancel": of_ended_chats,
    "embeddings.create": of_embeddings,
    "embeddings.estimate": of_models,
}
"""What single operations refuse besides."""
KEYED: Final = [row for row in ENDPOINTS if not row.signed and row.takes == "application/json"]


def of_keyed(make_api: Callable[..., Api], row: Endpoint) -> list[Response]:
    """Send all that an operation on JSON refuses."""
    special = SPECIAL.get(row.operation)
    responses = list(special(make_api(rate_limits="enforce"), row)) if special else []
    responses += of_lists(make_api(), row) if "starting_after" in row.query else []
    responses += of_large_input(make_api, row) if row.operation.startswith("embeddings.") else []
    return [*responses, *general(make_api(), row), exhausted(make_api(rate_limits="enforce"), row)]


def check_codes(responses: Iterable[Response], row: Endpoint) -> None:
    """Compare the refusals with those that the document lists."""
    seen = {f"{response.status} {response.json['error']['code']}" for response in responses if response.status >= 400}

    documented = {outcome for outcome in row.outcomes if " " in outcome and outcome != NO_RESPONSE}
    assert seen == documented - {"500 internal_error"}


@pytest.mark.parametrize("row", KEYED, ids=lambda row: row.operation)
def test_err_5_every_documented_refusal_of_an_operation_happens(make_api: Callable[..., Api], row: Endpoint) -> None:
    """Each operation refuses with the codes that the document lists for it, all of them and no others."""
    check_codes(of_keyed(make_api, row), row)


def of_signed(api: Api, row: Endpoint) -> Iterator[Response]:
    """Send what a signed URL refuses, or a path of before."""
    fake = api.aurous
    ticket = api.post("/v1/characters/uploads/init", json=BODIES["characters.uploads.init"]).json["upload_url"]
    file = fake.files.add()
    urls = {
        "images.output": fake.images.add().output_urls[0],
        "videos.output": str(fake.videos.add().output_video_url),
        "storage.get": api.get(f"/v1/files/{file.id}").json["url"],
        "characters.uploads.put": ticket,
    }
    url = urls.get(row.operation) or row.template.format(id="img_x", n=0)
    yield api.send(row.method, url, key=None, headers={"Aurous-Version": "yesterday"})
    if row.operation in urls:
        yield api.send(row.method, f"{url}x", key=None)
    if row.operation == "storage.get":
        api.delete(f"/v1/files/{file.id}")
        yield api.get(url, key=None)
    if row.operation.endswith(".output") and row.operation in urls:
        path = url.partition("?")[0]
        yield api.get(path, key=None)
        yield api.get(path, key="al_live_x")
        yield api.get(row.template.format(id="nobody", n=0))
        failed = (
            fake.images.add(status="failed") if row.operation == "images.output" else fake.videos.add(status="failed")
        )
        yield api.get(row.template.format(id=failed.id, n=0))
        api.clock.advance(seconds=8 * 86_400)
        yield api.get(path)


@pytest.mark.parametrize("row", [row for row in ENDPOINTS if row.signed], ids=lambda row: row.operation)
def test_err_5_every_documented_refusal_of_a_signed_url_happens(api: Api, row: Endpoint) -> None:
    """Those that ask for no key of their own, too: all codes that the document lists, and no others."""
    check_codes(of_signed(api, row), row)


def form(**fields: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (name.encode(), data) for name, data in fields.items()) + b"--x--\r\n"


def of_form(make_api: Callable[..., Api]) -> list[Response]:
    """Send all that the one operation that takes no JSON refuses."""
    api, enforced = make_api(), make_api(rate_limits="enforce")
    file = api.aurous.files.add().data
    good = form(file=file, purpose=b"reference")
    enforced.aurous.limits["files_post"].exhaust()

    def sent(content: bytes = good, own: Api = api, key: str | None = None, **headers: str) -> Response:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return own.post(
            "/v1/files", content=content, key=own.aurous.api_key if key is None else key, headers={**kind, **names}
        )

    return [
        sent(Idempotency_Key="k"),
        sent(form(file=file, purpose=b"first_frame"), Idempotency_Key="k"),
        sent(Aurous_Version="yesterday"),
        sent(key=""),
        sent(key="al_live_x"),
        sent(key=api.team.add_key("read")),
        sent(b"{}"),
        sent(form(file=file)),
        sent(form(file=file, purpose=b"reference", wings=b"2")),
        sent(form(file=file + bytes(10 * 1024 * 1024), purpose=b"reference")),
        sent(own=enforced),
    ]


def test_err_5_every_documented_refusal_of_a_form_happens(make_api: Callable[..., Api]) -> None:
    """It refuses with the codes that the document lists for it, and no others."""
    check_codes(of_form(make_api), CATALOG.by_operation["files.create"])


BESIDES: Final[list[tuple[str, str, Any]]] = [
    ("GET", "/v1/nowhere", None),
    ("PUT", "/v1/balance", None),
    ("POST", "/v1/images", {"prompt": " "}),
    ("POST", "/v1/images", {"prompt": "x", "reference_image_urls": ["a.png"]}),
    ("POST", "/v1/characters/uploads/init", {**BODIES["characters.uploads.init"], "content_type": "image/webp"}),
    ("POST", "/v1/chat/completions", {**BODIES["chat.create"], "messages": [{"role": "developer", "content": "x"}]}),
    ("POST", "/v1/embeddings", {**BODIES["embeddings.create"], "input": ["x"]}),
]
"""Requests whose refusals have messages of their own, though not codes."""


def refusals(make_api: Callable[..., Api]) -> str:
    """Return the messages with which the API refuses: of those that differ in a name, a number or a quotation, one."""
    responses = [response for row in KEYED for response in of_keyed(make_api, row)] + of_form(make_api)
    responses += [response for row in ENDPOINTS if row.signed for response in of_signed(make_api(), row)]
    responses += [make_api().send(method, path, json=body) for method, path, body in BESIDES]
    found: dict[str, str] = {}
    for error in (response.json["error"] for response in responses if response.status >= 400):
        kind = re.sub(r"""\d+|'.*?'|".*?"|(?<=not ).*""", "", error["message"].replace(error["param"] or "-", ""))
        found.setdefault(f"{error['code']} {kind}", f"{error['code']}: {error['message']}")
    return "\n".join(sorted(found.values()))
