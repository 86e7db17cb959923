"""What holds on every call: ver-1 to ver-4, err-1 to err-7, rate-1, rate-4, time-1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Api, Response

BALANCE: Final = "/v1/balance"
GENERATE: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
IMAGE: Final = {"prompt": "A cat"}
URL: Final = "https://cdn.example/cat.png"
TICKET: Final = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
START: Final = 1_778_234_400  # 2026-05-08T10:00:00Z
BUCKETS: Final = {  # the contract's table: burst, and the seconds that one token takes
    "characters_get": (240, 0.5),
    "characters_post": (60, 2),
    "characters_synthesize": (12, 10),
    "reads": (1200, 0.1),
}
CALLS: Final = [
    ("GET", BALANCE, None, "reads"),
    ("GET", "/v1/characters", None, "characters_get"),
    ("GET", "/v1/characters/{id}", None, "characters_get"),
    ("POST", "/v1/characters/uploads/init", TICKET, "characters_post"),
    ("POST", "/v1/characters/uploads/classify", {"upload_id": "{upload}"}, "characters_post"),
    ("POST", "/v1/characters", {"name": "Aurora", "upload_ids": ["{upload}"]}, "characters_post"),
    ("POST", "/v1/characters", GENERATE, "characters_synthesize"),
    ("PATCH", "/v1/characters/{id}", {"name": "Iris"}, "characters_post"),
    ("POST", "/v1/characters/{id}/save", None, "characters_post"),
    ("POST", "/v1/characters/{id}/resynthesize", None, "characters_synthesize"),
    ("POST", "/v1/characters/{id}/refs/regenerate", {"pose": "front"}, "characters_synthesize"),
    ("DELETE", "/v1/characters/{id}", None, "characters_post"),
]
each_call = pytest.mark.parametrize(("method", "url", "body", "bucket"), CALLS, ids=lambda value: str(value)[:50])
RATES: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def call(api: Api, method: str, url: str, body: Any, **sent: Any) -> Response:
    """Send one of the calls, on what it needs."""
    character, upload = api.characters.add(status="reviewing"), api.uploads.add()
    filled = body and {
        name: [upload.id] if value == ["{upload}"] else upload.id if value == "{upload}" else value
        for name, value in body.items()
    }
    return api.send(method, url.format(id=character.id), json=filled, **sent)


def rates(response: Response) -> tuple[int, ...]:
    """Limit, remaining and reset."""
    return tuple(int(response.headers[name]) for name in RATES)


def signed_urls(api: Api) -> tuple[str, str]:
    """An upload URL and a ref URL."""
    upload = api.post("/v1/characters/uploads/init", json=TICKET).json["upload_url"]
    return upload, api.characters.add().refs[0].url


# versions


@each_call
def test_ver_1_ver_2_the_header_is_optional_and_echoed(api: Api, method: str, url: str, body: Any, bucket: str) -> None:
    """With the only version and without one each call is answered, and the version applied comes back."""
    for headers in ({}, {"Aurous-Version": "2026-05-15"}):
        response = call(api, method, url, body, headers=headers)
        assert response.status in {200, 201}, bucket
        assert response.headers["Aurous-Version"] == "2026-05-15"


def test_ver_2_err_3_are_on_every_response(api: Api) -> None:
    """Version and request id are on refusals, on signed URLs and on unknown paths too; no two ids are alike."""
    upload, ref = signed_urls(api)
    responses = [
        api.get(BALANCE),
        api.get(BALANCE, key=None),
        api.get("/v1/nowhere"),
        api.delete(BALANCE),
        api.get("/v1/characters/char_1"),
        api.put(upload, content=b"x"),
        api.put(upload[:-1]),
        api.get(ref, key=None),
        api.get(BALANCE, headers={"Aurous-Version": "2020-01-01"}),
    ]

    assert [response.status for response in responses] == [200, 401, 404, 405, 404, 200, 403, 200, 400]
    assert {response.headers["Aurous-Version"] for response in responses} == {"2026-05-15"}
    ids = [response.headers["Aurous-Request-Id"] for response in responses]
    assert all(re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", one) for one in ids)
    assert len(set(ids)) == len(ids)


@each_call
@pytest.mark.parametrize("version", ["2026-05-16", "2020-01-01", "latest", "2026-5-15", ""])
def test_ver_3_refuses_another_version(api: Api, version: str, method: str, url: str, body: Any, bucket: str) -> None:
    """A version that does not exist, or is no date, is refused on each route before anything happens."""
    filled = url.format(id=api.characters.add(status="reviewing").id)

    response = api.refused(
        method,
        filled,
        json=body,
        headers={"Aurous-Version": version},
        status=400,
        code="unknown_version",
        param="Aurous-Version",
    )

    assert repr(version) in response.json["error"]["message"], bucket


def test_ver_4_resources_carry_their_version(api: Api) -> None:
    """A character shows the version of its creation, from the create response on."""
    character = api.synthesize()

    responses = [
        api.get(f"/v1/characters/{character.id}").json,
        api.get("/v1/characters").json["data"][0],
        api.post(f"/v1/characters/{character.id}/save").json,
    ]

    assert {response["aurous_version"] for response in responses} == {"2026-05-15"}


# errors


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request", "missing_field"),
        (401, "authentication", "missing_api_key"),
        (402, "invalid_request", "insufficient_credits"),
        (403, "authentication", "missing_scope"),
        (404, "not_found", "resource_not_found"),
        (405, "invalid_request", "method_not_allowed"),
        (500, "server_error", "internal_error"),
    ],
)
def test_err_1_err_2_err_3_the_envelope(make_api: Callable[..., Api], status: int, kind: str, code: str) -> None:
    """Each status has its type, without an ``_error`` suffix, a link to its code, and the id of the header."""
    api = make_api(credits=0)
    response = {
        400: lambda: api.post("/v1/characters", json={}),
        401: lambda: api.get(BALANCE, key=None),
        402: lambda: api.post("/v1/characters", json=GENERATE),
        403: lambda: api.post("/v1/characters", json=GENERATE, key=api.team.add_key("read")),
        404: lambda: api.get("/v1/characters/char_1"),
        405: lambda: api.put(BALANCE, key=api.aurous.api_key),
        500: lambda: broken(api).get(BALANCE),
    }[status]()

    error = response.json["error"]
    assert response.status == status
    assert list(error) == ["type", "code", "message", "param", "doc_url", "request_id"]
    assert (error["type"], error["code"]) == (kind, code)
    assert error["doc_url"] == f"https://docs.aurous-labs.com/errors#{code}"
    assert error["request_id"] == response.headers["Aurous-Request-Id"]


def broken(api: Api) -> Api:
    """Take away what the balance call needs, as a bug of ours would."""
    api.app.world.accounts.clear()
    return api


def test_err_7_a_bug_of_ours_shows_no_internals(api: Api) -> None:
    """The client meets a plain 500, and the traceback is kept for the test."""
    response = broken(api).get(BALANCE)

    assert (response.status, response.json["error"]["message"]) == (500, "An internal error occurred.")
    (problem,) = api.app.problems
    assert "KeyError" in problem.trace
    assert problem.kind == "bug"


@pytest.mark.parametrize(
    ("url", "sent", "param"),
    [
        ("/v1/characters", {"json": {"name": 1}}, "name"),
        ("/v1/characters", {"json": {**GENERATE, "attributes": {"age": 1}}}, "attributes.age"),
        ("/v1/characters", {"json": {"name": "Aurora"}}, None),
        ("/v1/characters", {"content": b"{"}, None),
        (BALANCE, {"method": "GET", "headers": {"Aurous-Version": "x"}}, "Aurous-Version"),
        ("/v1/characters/char_1", {"method": "PATCH", "json": {"name": "x"}}, "character_id"),
        ("/v1/characters?limit=0", {"method": "GET"}, "limit"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_err_4_param_names_the_field(api: Api, url: str, sent: dict[str, Any], param: str | None) -> None:
    """`param` is the offending field, header or parameter, and null where no single one is to blame."""
    response = api.send(**{"method": "POST", "url": url, **sent})

    assert response.json["error"]["param"] == param


def test_err_5_every_code_is_a_documented_one(make_api: Callable[..., Api]) -> None:
    """Each refusal of the character calls has a code out of the contract's list, under its status."""
    api = make_api(credits=0)
    character, upload = api.characters.add(status="failed"), api.uploads.add()
    url = f"/v1/characters/{character.id}"
    responses = [
        api.get(BALANCE, key=None),
        api.get(BALANCE, key="x"),
        api.post(url, key=api.team.add_key("read")),
        api.post(f"{url}/save", key=api.team.add_key("read")),
        api.post("/v1/characters", json={}),
        api.post("/v1/characters", json={"name": 1}),
        api.post("/v1/characters", json={"name": ""}),
        api.get(BALANCE, headers={"Aurous-Version": "x"}),
        api.post("/v1/characters", json={"name": "x"}),
        api.post("/v1/characters", json={"name": "x", "upload_ids": ["x"]}),
        api.post("/v1/characters", json={"name": "x", "color": "x"}),
        api.post(f"{url}/save"),
        api.post("/v1/characters", json=GENERATE),
        api.get("/v1/characters/x"),
        api.get("/v1/characters?starting_after=x"),
        api.post("/v1/characters/uploads/classify", json={"upload_id": upload.id[:-1]}),
    ]

    assert [(response.status, response.json["error"]["code"]) for response in responses] == [
        (401, "missing_api_key"),
        (401, "invalid_api_key"),
        (405, "method_not_allowed"),
        (403, "missing_scope"),
        (400, "missing_field"),
        (400, "invalid_format"),
        (400, "value_out_of_range"),
        (400, "unknown_version"),
        (400, "parameter_invalid_combination"),
        (400, "upload_invalid"),
        (400, "invalid_request"),
        (400, "invalid_request_error"),
        (402, "insufficient_credits"),
        (404, "resource_not_found"),
        (400, "invalid_format"),
        (400, "upload_invalid"),
    ]


@pytest.mark.parametrize(
    ("status", "code", "method", "url", "body"),
    [
        (400, "mutually_exclusive_input", "POST", "/v1/images", {"character_id": "x", "reference_image_urls": [URL]}),
        (400, "unsupported_lora_for_mode", "POST", "/v1/images", {"lora_id": "seedance-1-pro"}),
        (400, "character_not_ready", "POST", "/v1/images", {"character_id": "unready"}),
        (400, "generation_not_cancellable", "POST", "/v1/images/{done}/cancel", {}),
        (400, "invalid_page_token", "GET", "/v1/usage?page_token=x", {}),
        (402, "balance_too_low", "POST", "/v1/images", {"count": 4}),
        (404, "resource_not_found", "GET", "/v1/files/file_1", {}),
        (409, "idempotency_key_in_use", "POST", "/v1/images", {"seed": 1}),
        (410, "output_expired", "GET", "/v1/images/{done}/output/0", {}),
        (422, "output_not_available", "GET", "/v1/images/{failed}/output/0", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_err_5_other_operations_have_documented_codes_too(
    api: Api, status: int, code: str, method: str, url: str, body: dict[str, Any]
) -> None:
    """Images, videos, files and usage refuse with the codes of the list, each under its status."""
    used = {"Idempotency-Key": "used"}
    api.post("/v1/images", json=IMAGE, headers=used)
    ids = {
        "unready": api.characters.add(status="failed").id,
        "done": api.aurous.images.add().id,
        "failed": api.aurous.images.add(status="failed").id,
    }
    api.clock.advance(seconds=8 * 24 * 3600 if status == 410 else 0)
    api.team.credits = 2
    sent = {**IMAGE, **{name: ids.get(str(value), value) for name, value in body.items()}} if body else None

    response = api.send(method, url.format(**ids), json=sent, headers=used if status == 409 else {})

    assert (response.status, response.json["error"]["code"]) == (status, code)


def test_err_6_the_type_is_the_global_one_in_both_readings(make_api: Callable[..., Api]) -> None:
    """Only the code follows the reading: type, status and link do as everywhere."""
    found = []
    for reading in ("page", "global"):
        api = make_api(readings={"err-6": reading})
        error = api.post(f"/v1/characters/{api.characters.add(status='failed').id}/save").json["error"]
        found.append((error["type"], error["code"], error["doc_url"].rpartition("#")[2]))

    assert found == [
        ("invalid_request", "invalid_request_error", "invalid_request_error"),
        ("invalid_request", "invalid_request", "invalid_request"),
    ]


@pytest.mark.parametrize("path", ["/v1/character", "/v2/characters", "/v1/characters/", "/", "/v1//characters"])
def test_err_8_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    """A path that the API does not have is a 404, with a key and without, and the test will hear of it."""
    api.refused("GET", path, status=404, code="resource_not_found")
    api.refused("GET", path, key=None, status=404, code="resource_not_found")

    assert [problem.kind for problem in api.app.problems] == ["unmatched"] * 2


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/characters/char_1", "DELETE, GET, PATCH"),
        ("GET", "/v1/characters/char_1/save", "POST"),
        ("DELETE", "/v1/characters", "GET, POST"),
        ("POST", BALANCE, "GET"),
    ],
)
def test_err_8_a_wrong_method_is_not_allowed(api: Api, method: str, path: str, allowed: str) -> None:
    """A known path under another method is a 405 that says which methods there are."""
    response = api.refused(method, path, status=405, code="method_not_allowed")

    assert response.headers["Allow"] == allowed
    assert allowed in response.json["error"]["message"]


@pytest.mark.parametrize("character_id", ["%2e%2e", "char%201", "%F0%9F%8E%A8", "'", "%00", "x" * 500])
def test_err_8_any_segment_may_be_an_id(api: Api, character_id: str) -> None:
    """Whatever stands in the place of an id is an id that is not known."""
    api.refused("GET", f"/v1/characters/{character_id}", status=404, code="resource_not_found")

    assert api.app.problems == []


# rate limits


@each_call
def test_rate_1_each_call_spends_from_its_bucket(api: Api, method: str, url: str, body: Any, bucket: str) -> None:
    """A call shows the burst of its bucket, what is left after it, and when the bucket would be full again."""
    burst, seconds = BUCKETS[bucket]
    expected = (burst, burst - 1, START + max(1, int(seconds)))

    response = call(api, method, url, body)

    assert response.status in {200, 201}
    assert rates(response) == expected


def test_rate_1_one_bucket_serves_three_syntheses(api: Api) -> None:
    """Create, resynthesize and regenerate spend from one bucket, and the uploads flow from another."""
    api.aurous.script("synthesizing*0 -> ready")
    made = api.post("/v1/characters", json=GENERATE)
    url = f"/v1/characters/{made.json['id']}"
    again = api.post(f"{url}/resynthesize")
    pose = api.post(f"{url}/refs/regenerate", json={"pose": "back"})
    upload = api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [api.uploads.add().id]})

    assert [rates(one) for one in (made, again, pose)] == [
        (12, 11, START + 10),
        (12, 10, START + 20),
        (12, 9, START + 30),
    ]
    assert rates(upload) == (60, 59, START + 2)


def test_rate_1_refills_with_the_clock(api: Api) -> None:
    """Tokens come back at their rate, fractions counted, and never beyond the burst."""
    left = []
    for seconds in (0, 0, 10, 5, 5, 3600):
        api.clock.advance(seconds=seconds)
        left.append(rates(api.post("/v1/characters/char_1/resynthesize"))[1])

    assert left == [11, 10, 10, 9, 9, 11]


def test_rate_1_report_refuses_nobody(api: Api) -> None:
    """By default an empty bucket only shows: zero left, and the call is answered all the same."""
    responses = [api.post("/v1/characters/char_1/resynthesize") for _ in range(14)]

    assert {response.status for response in responses} == {404}
    assert [rates(response)[1] for response in responses] == [*range(11, -1, -1), 0, 0]
    assert rates(responses[-1])[2] == START + 120


def test_rate_3_auth_6_a_bucket_is_the_teams(api: Api) -> None:
    """The keys of a team share its buckets, and another team has its own."""
    keys = [api.team.api_key, api.team.add_key("read"), api.aurous.teams.add().api_key]

    assert [rates(api.get(BALANCE, key=key))[1] for key in keys] == [1199, 1198, 1199]


@pytest.mark.parametrize("where", ["401", "unknown path", "upload URL", "ref URL", "dead URL"])
def test_rate_1_is_not_told_where_there_is_no_bucket(api: Api, where: str) -> None:
    """Without a team, on unknown paths and on signed URLs there is nothing to tell."""
    upload, ref = signed_urls(api)
    response = {
        "401": lambda: api.get(BALANCE, key=None),
        "unknown path": lambda: api.get("/v1/nowhere"),
        "upload URL": lambda: api.put(upload, content=b"x"),
        "ref URL": lambda: api.get(ref),
        "dead URL": lambda: api.get(ref[:-1]),
    }[where]()

    assert not any(name in response.headers for name in RATES)


def test_rate_1_rate_4_a_narrow_key_sees_the_bucket_and_spends_nothing(api: Api) -> None:
    """A 403 has a team and a bucket, so it carries the headers, with every token still there."""
    response = api.post("/v1/characters/char_1/save", key=api.team.add_key("read"))

    assert response.status == 403
    assert rates(response)[:2] == (60, 60)


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 401), ("read", 403)])
def test_rate_4_a_stranger_spends_nothing(api: Api, key: str | None, status: int) -> None:
    """A call that is refused with 401 or 403 takes no token."""
    sent = api.team.add_key("read") if key == "read" else key

    assert api.post("/v1/characters/char_1/save", key=sent).status == status
    assert rates(api.post("/v1/characters/char_1/save"))[1] == 59


@pytest.mark.parametrize(
    ("method", "url", "sent", "status"),
    [
        ("POST", "/v1/characters/char_1/save", {}, 404),
        ("POST", "/v1/characters", {"json": {}}, 400),
        ("POST", "/v1/characters", {"content": b"{"}, 400),
        ("POST", "/v1/characters/char_1/save", {"headers": {"Aurous-Version": "x"}}, 400),
        ("POST", "/v1/characters/uploads/init", {"json": TICKET}, 201),
    ],
    ids=str,
)
def test_rate_4_any_other_response_spends_one(
    api: Api, method: str, url: str, sent: dict[str, Any], status: int
) -> None:
    """A call that is answered takes one token, a refused one too."""
    response = api.send(method, url, **sent)

    assert (response.status, rates(response)[1]) == (status, 59)
    assert rates(api.post("/v1/characters/char_1/save"))[1] == 58


def test_rate_4_a_402_spends_one(make_api: Callable[..., Api]) -> None:
    """A synthesis that the team cannot pay takes its token all the same."""
    api = make_api(credits=0)

    assert [rates(api.post("/v1/characters", json=GENERATE))[1] for _ in range(2)] == [11, 10]


# time


def test_time_1_timestamps_are_utc_in_whole_seconds(make_api: Callable[..., Api]) -> None:
    """A timestamp ends in ``Z`` and has no fraction, whatever the clock has."""
    api = make_api(now="2026-12-31T23:59:59.999+00:00")
    made = api.post("/v1/characters", json=GENERATE).json
    ticket = api.post("/v1/characters/uploads/init", json=TICKET).json

    assert (made["created_at"], made["updated_at"]) == ("2026-12-31T23:59:59Z",) * 2
    assert ticket["expires_at"] == "2027-01-01T00:14:59Z"
