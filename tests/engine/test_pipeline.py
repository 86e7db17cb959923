"""The pipeline: who has the first word where a call is wrong in more than one way, and what is on every response."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous._core.engine.pipeline import App
from pytest_aurous._core.world.ledger import Ledger
from pytest_aurous._core.world.settings import Settings
from tests.conftest import SYNTHESIS, TICKET

ULID: Final = r"[0-9A-HJKMNP-TV-Z]{26}"
RATE: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

TYPES: Final = {"picture": "image/png", "upload": "application/octet-stream"}

# What can be wrong with a call, in the order in which it is found: the earlier one is what the client is told.
UNKNOWN_PATH: Final = "unknown path"
WRONG_METHOD: Final = "wrong method"
NO_KEY: Final = "no key"
BAD_KEY: Final = "bad key"
DEAD_KEY: Final = "dead key"
NARROW_KEY: Final = "narrow key"
EMPTY_BUCKET: Final = "empty bucket"
BAD_VERSION: Final = "bad version"
FAULT: Final = "fault"
USED_KEY: Final = "used idempotency key"
UNKNOWN_ID: Final = "unknown id"
BAD_BODY: Final = "bad body"

TOLD: Final = {
    UNKNOWN_PATH: (404, "resource_not_found"),
    WRONG_METHOD: (405, "method_not_allowed"),
    NO_KEY: (401, "missing_api_key"),
    BAD_KEY: (401, "invalid_api_key"),
    DEAD_KEY: (401, "invalid_api_key"),
    NARROW_KEY: (403, "missing_scope"),
    EMPTY_BUCKET: (429, "too_many_requests"),
    BAD_VERSION: (400, "unknown_version"),
    FAULT: (503, "provider_unavailable"),
    USED_KEY: (409, "idempotency_key_in_use"),
    UNKNOWN_ID: (404, "resource_not_found"),
    BAD_BODY: (400, "invalid_format"),
}

COMPETING: Final = [
    (UNKNOWN_PATH, BAD_KEY, BAD_VERSION),
    (UNKNOWN_PATH, EMPTY_BUCKET, BAD_BODY),
    (WRONG_METHOD, BAD_KEY, BAD_BODY),
    (WRONG_METHOD, NARROW_KEY, EMPTY_BUCKET, FAULT),
    (NO_KEY, BAD_VERSION, BAD_BODY),
    (BAD_KEY, BAD_VERSION, FAULT, BAD_BODY),
    (DEAD_KEY, NARROW_KEY),
    (NARROW_KEY, EMPTY_BUCKET),
    (NARROW_KEY, UNKNOWN_ID, BAD_BODY),
    (EMPTY_BUCKET, FAULT, BAD_BODY),
    (EMPTY_BUCKET, USED_KEY),
    (BAD_VERSION, FAULT),
    (BAD_VERSION, BAD_BODY, USED_KEY),
    (FAULT, USED_KEY),
    (FAULT, BAD_BODY),
    (USED_KEY,),
    (UNKNOWN_ID, BAD_BODY),
    (BAD_BODY,),
]


@pytest.mark.parametrize("wrong", COMPETING, ids=", ".join)
def test_the_first_mistake_is_the_one_that_is_told(make_api: Callable[..., Any], wrong: tuple[str, ...]) -> None:
    """Path and method before key, key before scope before limits and version before faults before the handler."""
    api = make_api(rate_limits="enforce")
    character = api.aurous.characters.add()
    path = f"/v1/characters/{'char_x' if UNKNOWN_ID in wrong else character.id}/resynthesize"
    headers = {}
    if USED_KEY in wrong:
        headers["Idempotency-Key"] = "used"
        api.post("/v1/characters", json=SYNTHESIS, headers=headers)
    if BAD_VERSION in wrong:
        headers["Aurous-Version"] = "2020-01-01"
    key = api.aurous.team.add_key("read" if NARROW_KEY in wrong else "write")
    if DEAD_KEY in wrong:
        key.revoke()
    if EMPTY_BUCKET in wrong:
        for limit in api.aurous.limits.values():
            limit.exhaust()
    if FAULT in wrong:
        api.aurous.faults.status("*", 503)

    status, code = TOLD[wrong[0]]
    api.refused(
        "PUT" if WRONG_METHOD in wrong else "POST",
        f"{path}/nonsense" if UNKNOWN_PATH in wrong else path,
        status=status,
        code=code,
        param="Aurous-Version" if wrong[0] == BAD_VERSION else None,
        key=None if NO_KEY in wrong else "al_live_x" if BAD_KEY in wrong else key,
        headers=headers,
        content=b"{" if BAD_BODY in wrong else b"",
    )

    assert len(api.app.problems) == (wrong[0] in {UNKNOWN_PATH, WRONG_METHOD})
    assert character.status == "ready"


def responses(api: Any) -> dict[str, Any]:
    """Return a response of each kind that the API knows."""
    ready = api.aurous.characters.add()
    upload = api.post("/v1/characters/uploads/init", json=TICKET)
    other = api.aurous.teams.add().api_key
    return {
        "200": api.get("/v1/balance"),
        "201": api.post("/v1/characters", json=SYNTHESIS),
        "list": api.get("/v1/characters"),
        "deleted": api.delete(f"/v1/characters/{api.aurous.characters.add().id}"),
        "picture": api.get(ready.refs[0].url, key=None),
        "upload": api.put(upload.json["upload_url"], content=b"abc"),
        "400": api.post("/v1/characters", json={}),
        "version": api.get("/v1/balance", headers={"Aurous-Version": "yesterday"}),
        "401": api.get("/v1/balance", key=None),
        "403": api.post("/v1/characters", key=api.aurous.team.add_key("read")),
        "403 signed": api.put(upload.json["upload_url"] + "x"),
        "404": api.get("/v1/characters/char_x"),
        "404 path": api.get("/v2/characters"),
        "404 team": api.get(f"/v1/characters/{ready.id}", key=other),
        "405": api.put("/v1/characters", key=other),
        "503": faulty(api, lambda: api.aurous.faults.status("balance.retrieve", 503)),
        "429": faulty(api, lambda: api.aurous.faults.rate_limited("balance.retrieve")),
    }


def faulty(api: Any, give: Callable[[], object]) -> Any:
    """Return the response to a call that meets a fault."""
    give()
    return api.get("/v1/balance")


def test_err_3_and_ver_2_are_on_every_response(api: Any) -> None:
    """Each response has its own `Aurous-Request-Id`, the version, its length, and the type of its body, if any."""
    given = responses(api)

    for kind, response in given.items():
        assert re.fullmatch(f"req_{ULID}", response.headers["Aurous-Request-Id"]), kind
        assert response.headers["Aurous-Version"] == "2026-05-15", kind
        assert response.headers["Content-Length"] == str(len(response.body)), kind
        assert response.headers.get("Content-Type") == (TYPES.get(kind, "application/json") if response.body else None)
    assert len({response.headers["Aurous-Request-Id"] for response in given.values()}) == len(given)


def test_err_2_err_1_err_3_err_4_are_on_every_refusal(api: Any) -> None:
    """Each refusal has the envelope: type, code, message, param, doc_url, and the id of its header."""
    for kind, response in responses(api).items():
        if response.status < 400:
            continue
        assert kind.startswith(str(response.status)) or kind == "version"
        error = response.json["error"]
        assert list(response.json) == ["error"]
        assert list(error) == ["type", "code", "message", "param", "doc_url", "request_id"]
        assert error["doc_url"] == f"https://docs.aurous-labs.com/errors#{error['code']}"
        assert error["request_id"] == response.headers["Aurous-Request-Id"]
        assert error["message"]


def test_rate_1_is_on_every_response_that_has_a_bucket(api: Any) -> None:
    """The three headers are on each response, but not on a 401, an unknown path or a signed URL."""
    for kind, response in responses(api).items():
        expected = kind not in {"401", "404 path", "405", "picture", "upload", "403 signed"}
        assert [name in response.headers for name in RATE] == [expected] * 3, kind


@pytest.mark.parametrize("sent", ["2026-05-15", None])
def test_ver_1_the_pinned_version_is_accepted(api: Any, sent: str | None) -> None:
    """The one version may be asked for, or left out."""
    headers = {} if sent is None else {"aurous-version": sent}
    assert api.get("/v1/balance", headers=headers).status == 200


@pytest.mark.parametrize(
    ("reading", "wrong_state", "poor"),
    [("page", "invalid_request_error", "insufficient_credits"), ("global", "invalid_request", "balance_too_low")],
)
def test_err_6_has_two_readings(make_api: Callable[..., Any], reading: str, wrong_state: str, poor: str) -> None:
    """The codes of a wrong state and of too little credit follow the page, or the global list."""
    api = make_api(readings={"err-6": reading}, credits=1)
    failed = api.aurous.characters.add(status="failed")

    api.refused("POST", f"/v1/characters/{failed.id}/save", status=400, code=wrong_state)
    api.refused("POST", f"/v1/characters/{failed.id}/resynthesize", status=402, code=poor)


def test_err_8_a_wrong_method_says_which_there_are(api: Any) -> None:
    """405 with an `Allow` header, on a path with parameters too."""
    response = api.send("PUT", "/v1/characters/char_x")

    assert (response.status, response.headers["Allow"]) == (405, "DELETE, GET, PATCH")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "get", "X"])
def test_err_8_any_other_method_is_refused(api: Any, method: str) -> None:
    """Methods that no page mentions are no exception."""
    assert api.send(method, "/v1/balance").status == 405
    assert [problem.kind for problem in api.app.problems] == ["unmatched"]


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/characters/", "//v1/characters", "/v1//characters", "/V1/characters", "/v1/balance/x"],
)
def test_err_8_an_unknown_path_is_404(api: Any, path: str) -> None:
    """Paths are exact: no slash too many, no other case."""
    api.refused("GET", path, status=404, code="resource_not_found")
    assert [problem.kind for problem in api.app.problems] == ["unmatched"]
    assert api.aurous.calls.last.operation is None


def test_a_bug_of_ours_is_a_500_in_the_vendors_envelope(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client meets a server error like any other, nothing has happened, and the next call gets a response."""
    monkeypatch.setattr(Ledger, "hold", lambda *_: 1 / 0)
    response = api.refused("POST", "/v1/characters", json=SYNTHESIS, status=500, code="internal_error")

    assert response.json["error"]["message"] == "An internal error occurred."
    assert "X-RateLimit-Limit" in response.headers
    assert (api.aurous.calls.last.error_code, api.aurous.calls.last.committed) == ("internal_error", False)
    assert api.get("/v1/characters").status == 200


def test_a_call_knows_what_became_of_it(api: Any) -> None:
    """Operation, team, status, code, effect and time are written down, whatever the response was."""
    calls = api.aurous.calls
    created = api.post("/v1/characters", json=SYNTHESIS)
    call = calls.last
    assert (call.operation, call.status, call.error_code) == ("characters.create", 201, None)
    assert (call.committed, call.replayed, call.fault) == (True, False, None)
    assert (call.team, call.at, call.number) == (api.aurous.team.id, api.clock.time(), 1)
    assert call.response.json["id"] == created.json["id"]

    api.get("/v1/characters")
    assert (calls.last.committed, calls.last.number) == (False, 2)
    api.post("/v1/characters", json={})
    assert (calls.last.committed, calls.last.status, calls.last.error_code) == (False, 400, "missing_field")
    api.get("/v1/balance", key=None)
    assert (calls.last.team, calls.last.operation) == (None, "balance.retrieve")
    api.get("/v1/nonsense")
    assert (calls.last.team, calls.last.operation, calls.last.status) == (None, None, 404)


@pytest.mark.parametrize(
    ("base_url", "host", "ours"),
    [
        ("http://localhost:8123/x", "localhost:8123", True),
        ("http://localhost:8123/x", "localhost", False),
        ("http://localhost:8123/x", "localhost:8124", False),
        ("http://localhost:8123/x", "api.aurous-labs.com", True),
        ("https://Gateway.Example:443", "gateway.example", True),
        ("http://gateway.example:443", "gateway.example:443", True),
        ("http://[::1]:8123", "[::1]:8123", True),
        ("https://B\u00fccher.example", "xn--bcher-kva.example", True),
    ],
)
def test_a_moved_fake_is_where_it_was_put(base_url: str, host: str, ours: bool) -> None:  # noqa: FBT001 - likewise
    """With another `base_url` that host and port are ours as well, and the vendor's stay ours."""
    assert (App(Settings(base_url=base_url)).addresses.claim(host) > 0) is ours
