"""Faults, through the pipeline and without an HTTP client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import Aurous, AurousError, AurousLookupError
from pytest_aurous._core import faults
from pytest_aurous._core.faults.queue import FaultQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Call
    from pytest_aurous._core.faults import Faults
    from pytest_aurous._core.wire.reply import Break
    from tests.conftest import Api, Response

BALANCE: Final = "/v1/balance"
SYNTHESIS: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
KEY: Final = {"Idempotency-Key": "once"}
REFUSED: Final = "[Errno 111] Connection refused"


def create(api: Api, **sent: Any) -> Response:
    return api.post("/v1/characters", json=SYNTHESIS, **sent)


def no_create(api: Api, **sent: Any) -> Break:
    return api.broken("POST", "/v1/characters", json=SYNTHESIS, **sent)


def fired(api: Api) -> list[int]:
    return [fault.fired for fault in api.aurous.faults]


async def when_async(_: Call) -> bool:
    return True


# What the client meets


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request", "invalid_request"),
        (401, "authentication", "invalid_api_key"),
        (402, "invalid_request", "balance_too_low"),
        (403, "authentication", "missing_scope"),
        (404, "not_found", "resource_not_found"),
        (409, "invalid_request", "idempotency_key_in_use"),
        (410, "not_found", "output_expired"),
        (418, "invalid_request", "invalid_request"),
        (422, "invalid_request", "output_not_available"),
        (429, "rate_limit", "too_many_requests"),
        (500, "server_error", "internal_error"),
        (502, "server_error", "provider_unavailable"),
        (503, "server_error", "provider_unavailable"),
        (504, "server_error", "provider_timeout"),
        (599, "server_error", "internal_error"),
    ],
)
def test_a_status_comes_in_the_vendors_envelope(api: Api, status: int, kind: str, code: str) -> None:
    """The response has type and usual code of its status, and its own request id."""
    fault = api.aurous.faults.status("balance.retrieve", status)

    response = api.get(BALANCE)

    error = response.json["error"]
    assert (response.status, error["type"], error["code"]) == (status, kind, code)
    assert error["request_id"] == response.headers["Aurous-Request-Id"]
    assert str(status) in error["message"] or status == 429
    assert ("Retry-After" in response.headers) == (status == 429)
    call = api.aurous.calls.last
    assert (fault.fired, call.status, call.error_code, call.fault) == (1, status, code, f"status {status}")
    assert not call.committed


def test_a_405_has_its_documented_code(api: Api) -> None:
    """err-5 gives 405 one code."""
    api.aurous.faults.status("balance.retrieve", 405)

    assert api.get(BALANCE).json["error"]["code"] == "method_not_allowed"


def test_a_status_is_as_the_test_words_it(api: Api) -> None:
    """Code, message, headers and `Retry-After` are those given, 0 too."""
    faults = api.aurous.faults
    faults.status("*", 500, "provider_timeout", "Out for lunch.", {"X-Made-Up": "yes"}, retry_after=0)

    response = api.get(BALANCE)

    assert (response.json["error"]["code"], response.json["error"]["message"]) == ("provider_timeout", "Out for lunch.")
    assert (response.headers["X-Made-Up"], response.headers["Retry-After"]) == ("yes", "0")
    assert response.headers["X-RateLimit-Limit"] == "1200"


def test_a_status_replaces_headers_in_any_case(api: Api) -> None:
    """A header that is given is the only one of its name, and a number becomes text."""
    headers: Any = {
        "content-type": "text/html",
        "x-ratelimit-remaining": 3,
        "AUROUS-REQUEST-ID": "req_proxy",
        "X-Load": 0.5,
    }
    api.aurous.faults.status("*", 503, headers=headers)

    response = api.get(BALANCE)

    # `Headers` would show both of two namesakes
    assert {name: response.headers[name] for name in headers} == {name: str(value) for name, value in headers.items()}
    assert response.headers["X-RateLimit-Limit"] == "1200"
    assert response.json["error"]["code"] == "provider_unavailable"


def test_the_argument_retry_after_wins(api: Api) -> None:
    """Over a header of that name, in whatever case it was written; others are as they were given."""
    api.aurous.faults.status("*", 503, headers={"retry-after": "99", "X-Made-Up": "yes"}, retry_after=5)
    api.aurous.faults.status("*", 503, headers={"retry-after": "99"})

    first, second = api.get(BALANCE), api.get(BALANCE)

    assert (first.headers["Retry-After"], first.headers["X-Made-Up"]) == ("5", "yes")
    assert second.headers["Retry-After"] == "99"


def test_rate_limited_is_a_429_whatever_the_buckets_say(api: Api) -> None:
    """A full bucket answers as an empty one would, and names itself."""
    api.aurous.faults.rate_limited("balance.retrieve", retry_after=7)

    response = api.get(BALANCE)

    assert (response.status, response.json["error"]["code"]) == (429, "too_many_requests")
    assert response.json["error"]["type"] == "rate_limit"
    assert response.json["error"]["message"] == "Rate limit exceeded for reads. Retry after 7s."
    headers = {
        name: value for name, value in response.headers.items() if "rate" in name.lower() or "retry" in name.lower()
    }
    assert {name.lower(): value for name, value in headers.items()} == {
        "x-ratelimit-limit": "1200",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(api.clock.time()) + 7),
        "retry-after": "7",
    }
    assert api.aurous.limits["reads"].overruns == 0
    assert api.get(BALANCE).status == 200


def rates(response: Any) -> dict[str, str]:
    """Return the headers of a 429 that say how long to wait."""
    return {name: response.headers[name] for name in ("X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")}


@pytest.mark.parametrize("code", [None, "too_many_requests", "concurrency_limit_exceeded", "tpm_rate_limit_exceeded"])
@pytest.mark.parametrize("commit", [False, True])
def test_rate_2_a_status_429_is_complete(api: Api, code: str | None, *, commit: bool) -> None:
    """It has the code, the message and the headers of `rate_limited`; with tokens left it waits 1 s."""
    api.aurous.faults.status("balance.retrieve", 429, code, commit=commit)

    response = api.get(BALANCE)

    what = "Concurrency limit exceeded" if code == "concurrency_limit_exceeded" else "Rate limit exceeded for reads"
    assert (response.status, response.json["error"]["code"]) == (429, code or "too_many_requests")
    assert response.json["error"]["message"] == f"{what}. Retry after 1s."
    assert response.headers["X-RateLimit-Limit"] == "1200"
    assert rates(response) == {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(api.clock.time()) + 1),
        "Retry-After": "1",
    }


def test_a_status_429_can_have_a_message_of_the_test(api: Api) -> None:
    """It replaces the message of the API, and the headers stay."""
    api.aurous.faults.status("balance.retrieve", 429, message="Slow down.")
    response = api.get(BALANCE)
    assert (response.json["error"]["message"], response.headers["Retry-After"]) == ("Slow down.", "1")


def test_rate_2_a_status_429_waits_as_long_as_its_bucket(api: Api) -> None:
    """Where the bucket is empty, `Retry-After` is the time until it has a token."""
    api.aurous.limits["characters_synthesize"].exhaust()
    api.aurous.faults.status("characters.create", 429)

    response = api.post("/v1/characters", json={"name": "Aurora", "generate": True})

    assert response.headers["Retry-After"] == "10"
    assert response.json["error"]["message"].endswith("Retry after 10s.")
    assert api.aurous.limits["characters_synthesize"].overruns == 0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [({"retry_after": 30}, "30"), ({"headers": {"retry-after": "30"}}, "30"), ({"retry_after": 0}, "0")],
)
def test_a_status_429_waits_as_long_as_the_test_says(api: Api, given: Any, seconds: str) -> None:
    """As an argument or a header; message, headers and `X-RateLimit-Reset` agree."""
    api.aurous.faults.status("balance.retrieve", 429, **given)

    response = api.get(BALANCE)

    assert response.headers["Retry-After"] == seconds
    assert response.headers["X-RateLimit-Reset"] == str(int(api.clock.time()) + int(seconds))
    assert f"Retry after {seconds}s." in response.json["error"]["message"]


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "X-RateLimit-Limit", "x-ratelimit-remaining"])
def test_a_header_that_is_none_is_removed(api: Api, name: str) -> None:
    """A client that does not trust the headers of a 429 can be tested; all others stay."""
    api.aurous.faults.status("balance.retrieve", 429, headers={name: None})

    response = api.get(BALANCE)

    assert name not in response.headers
    assert len([one for one in response.headers if one.lower().startswith(("x-ratelimit", "retry-after"))]) == 3


def test_a_header_that_is_no_seconds_leaves_the_message_alone(api: Api) -> None:
    """`Retry-After` may be a date."""
    api.aurous.faults.status("balance.retrieve", 429, headers={"Retry-After": "Fri, 08 May 2026 10:00:00 GMT"})

    response = api.get(BALANCE)

    assert response.headers["Retry-After"].startswith("Fri")
    assert response.json["error"]["message"].endswith("Retry after 1s.")


def test_rate_1_a_signed_url_with_a_status_429_has_no_bucket(api: Api) -> None:
    """It says when to retry, and nothing of a bucket that is not there."""
    url = api.characters.add().refs[0].url
    api.aurous.faults.status("storage.get", 429)

    response = api.get(url, key=None)

    assert (response.headers["Retry-After"], "X-RateLimit-Reset" in response.headers) == ("1", False)
    assert response.json["error"]["message"] == "Rate limit exceeded for this URL. Retry after 1s."


def test_rate_4_a_429_by_fault_spends_nothing(api: Api) -> None:
    """A 429 costs no token, whoever wanted it."""
    api.aurous.faults.rate_limited("balance.retrieve")
    api.get(BALANCE)

    assert api.aurous.limits["reads"].remaining == 1200


def test_rate_1_a_signed_url_that_is_rate_limited_names_no_bucket(api: Api) -> None:
    """Where there is no bucket, no header tells of one, and no message has a hole."""
    url = api.characters.add().refs[0].url
    api.aurous.faults.rate_limited("storage.get")

    response = api.get(url, key=None)

    assert "for ." not in response.json["error"]["message"]
    assert "X-RateLimit-Remaining" not in response.headers


@pytest.mark.parametrize(
    ("give", "error", "message", "kind"),
    [
        (lambda f: f.timeout("*"), "ReadTimeout", "The read operation timed out.", "timeout (read)"),
        (lambda f: f.timeout("*", "connect"), "ConnectTimeout", "The connection timed out.", "timeout (connect)"),
        (lambda f: f.timeout("*", phase="write"), "WriteTimeout", "The write operation timed out.", "timeout (write)"),
        (
            lambda f: f.timeout("*", phase="pool"),
            "PoolTimeout",
            "No connection of the pool became free in time.",
            "timeout (pool)",
        ),
        (lambda f: f.connect_error("*"), "ConnectError", REFUSED, "connect_error"),
        (
            lambda f: f.disconnect("*"),
            "RemoteProtocolError",
            "Server disconnected without sending a response.",
            "disconnect",
        ),
        (lambda f: f.outage(60), "ConnectError", REFUSED, "outage of 60 s"),
    ],
    ids=["read", "connect", "write", "pool", "connect_error", "disconnect", "outage"],
)
def test_no_response_is_an_exception_of_the_clients_stack(
    api: Api, give: Callable[[Faults], object], error: str, message: str, kind: str
) -> None:
    """Nothing arrives, at no cost of time, and the call has no effect."""
    before = api.clock.time()
    give(api.aurous.faults)

    assert no_create(api) == (error, message, None, 0)

    call = api.aurous.calls.last
    assert (call.status, call.response, call.fault, call.committed) == (None, None, kind, False)
    assert (len(api.characters), api.money(), api.clock.time()) == (0, (1000, 0), before)
    assert fired(api) == [1]


def test_a_disconnect_inside_a_body_brings_its_beginning(api: Api) -> None:
    """The break carries the response that the call would have had, and how much of it arrives."""
    api.aurous.faults.disconnect("balance.retrieve", after_bytes=5)

    broken = api.broken("GET", BALANCE)

    assert (broken.error, broken.after_bytes) == ("RemoteProtocolError", 5)
    assert broken.message == "peer closed connection without sending complete message body"
    assert broken.reply is not None
    assert (broken.reply.status, broken.reply.body) == (200, api.get(BALANCE).body)
    assert [call.status for call in api.aurous.calls] == [None, 200]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("truncated", None),
        ("html", b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"),
        ("empty", b""),
        ("not_json", b"upstream connect error or disconnect/reset before headers"),
    ],
)
def test_malformed_spoils_the_body_alone(api: Api, kind: Any, body: bytes | None) -> None:
    """The status belongs to the call, and the length to what arrives."""
    api.aurous.faults.malformed("balance.retrieve", kind)

    response = api.get(BALANCE)

    whole = api.get(BALANCE).body
    assert (response.status, response.body) == (200, whole[: len(whole) // 2] if body is None else body)
    assert response.headers["Content-Length"] == str(len(response.body))
    assert api.aurous.calls.where("balance.retrieve")[0].fault == f"malformed ({kind})"


@pytest.mark.parametrize(("body", "content"), [({"credits": "many"}, b'{"credits":"many"}'), ("no JSON", b"no JSON")])
def test_body_is_another_one(api: Api, body: Any, content: bytes) -> None:
    """The status and the headers stay, but for the length."""
    api.aurous.faults.body("balance.retrieve", body)
    response = api.get(BALANCE)
    assert (response.status, response.body) == (200, content)
    assert response.headers["Content-Length"] == str(len(content))
    with pytest.raises(AurousError, match=r"faults\.body"):
        api.aurous.faults.body("balance.retrieve", {1, 2})


def test_malformed_is_truncated_where_nothing_is_said(api: Api) -> None:
    """The first kind is the default, and a refusal can be spoilt as well."""
    api.aurous.faults.malformed("characters.retrieve")

    response = api.get("/v1/characters/char_x")

    assert response.status == 404
    assert response.body.startswith(b'{"error":')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        assert response.json


# Slow responses


@pytest.mark.parametrize("patience", [None, 30, 31.5])
def test_a_slow_response_reaches_a_patient_client(api: Api, patience: float | None) -> None:
    """Who waits long enough gets the response at once, and the clock has moved on."""
    before = api.clock.time()
    fault = api.aurous.faults.delay("characters.create", 30)

    assert create(api, patience=patience).status == 201

    assert (api.clock.time() - before, len(api.characters), fault.fired) == (30, 1, 1)
    assert api.aurous.calls.last.committed


@pytest.mark.parametrize("patience", [0, 5, 29.5])
def test_a_slow_response_misses_an_impatient_client(api: Api, patience: float) -> None:
    """Whose timeout is shorter meets it, after that timeout on the clock, and the call never arrived."""
    before = api.clock.time()
    fault = api.aurous.faults.delay("characters.create", 30)

    assert no_create(api, patience=patience).error == "ReadTimeout"

    assert (api.clock.time() - before, len(api.characters), fault.fired) == (patience, 0, 1)
    assert not api.aurous.calls.last.committed
    assert create(api, patience=patience).status == 201


def test_idem_5_a_committed_slow_call_is_in_flight_until_the_clock_has_passed(api: Api) -> None:
    """Tried again with its key it is a 409 while the server works, and the replay afterwards; it was paid for once."""
    api.aurous.script("synthesizing! -> reviewing")
    api.aurous.faults.delay("characters.create", 30, commit=True)
    assert no_create(api, patience=5, headers=KEY).error == "ReadTimeout"
    assert (len(api.characters), api.money(), api.aurous.calls.last.committed) == (1, (1000, 4), True)

    api.clock.advance(seconds=24.5)
    busy = api.refused("POST", "/v1/characters", json=SYNTHESIS, headers=KEY, status=409, code="idempotency_key_in_use")
    api.clock.advance(seconds=0.5)
    replay = create(api, headers=KEY)

    assert "Retry-After" not in busy.headers
    assert api.characters.last.id.encode() not in busy.body
    assert (replay.status, replay.json["id"]) == (201, api.characters.last.id)
    assert replay.headers["Aurous-Idempotent-Replayed"] == "true"
    assert (len(api.characters), api.money()) == (1, (1000, 4))


def test_a_committed_slow_call_is_over_for_a_patient_client(api: Api) -> None:
    """Who waited for the response may replay it."""
    api.aurous.faults.delay("characters.create", 30, commit=True)

    first, second = create(api, headers=KEY, patience=60), create(api, headers=KEY)

    assert (first.body, first.status) == (second.body, second.status)
    assert [call.replayed for call in api.aurous.calls] == [False, True]


def test_an_outage_is_over_when_the_clock_has_passed(api: Api) -> None:
    """Every call fails to connect until then, signed URLs too, and none afterwards."""
    url = api.characters.add().refs[0].url
    fault = api.aurous.faults.outage(60)

    assert api.broken("GET", BALANCE).error == api.broken("GET", url, key=None).error == "ConnectError"
    api.clock.advance(seconds=59.5)
    assert no_create(api).error == "ConnectError"
    api.clock.advance(seconds=0.5)

    assert (api.get(BALANCE).status, api.get(url, key=None).status, create(api).status) == (200, 200, 201)
    assert fault.fired == 3


def test_an_outage_may_lose_the_responses_alone(api: Api) -> None:
    """With `commit` each call takes effect before the connection fails; afterwards all is well."""
    fault = api.aurous.faults.outage(60, commit=True)

    assert no_create(api, headers=KEY).error == "ConnectError"
    lost = api.aurous.calls.last
    assert (lost.committed, lost.fault, len(api.characters)) == (True, "outage of 60 s, committed", 1)
    api.clock.advance(seconds=60)
    again = create(api, headers=KEY)

    assert (again.json["id"], len(api.characters), fault.fired) == (api.characters.last.id, 1, 1)


# Which calls


def test_times_and_after_choose_the_calls(api: Api) -> None:
    """The first requests pass, the next meet the fault, and the rest pass again."""
    fault = api.aurous.faults.status("balance.retrieve", 503, times=2, after=3)

    assert [api.get(BALANCE).status for _ in range(7)] == [200, 200, 200, 503, 503, 200, 200]
    assert fault.fired == 2


def test_what_when_rejects_counts_for_nothing(api: Api) -> None:
    """A call that `when` rejects counts neither for `after` nor for `times`, and it sees the whole request."""
    seen: list[Any] = []

    def when(call: Call) -> bool:
        seen.append((call.operation, call.request.json, call.request.headers["X-Api-Key"], call.request.params))
        return bool(call.request.json["name"] == "B")

    api.aurous.faults.status("characters.create", 503, when=when, after=1)
    statuses = [api.post("/v1/characters?x=1", json={**SYNTHESIS, "name": name}).status for name in "AABABB"]

    assert statuses == [201, 201, 201, 201, 503, 201]
    assert seen[0] == ("characters.create", {**SYNTHESIS, "name": "A"}, api.aurous.api_key, {"x": "1"})


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("characters.*", ["characters.list", "characters.save", "characters.uploads.init", "characters.uploads.put"]),
        ("*.list", ["characters.list"]),
        ("characters.uploads.put", ["characters.uploads.put"]),
        ("storage.get", ["storage.get"]),
        (
            "*",
            [
                "characters.list",
                "characters.save",
                "characters.uploads.init",
                "characters.uploads.put",
                "storage.get",
                "balance.retrieve",
            ],
        ),
    ],
)
def test_an_operation_may_be_a_pattern(api: Api, pattern: str, met: list[str]) -> None:
    """Every operation that the pattern matches meets the fault, and no other."""
    character = api.characters.add()
    ticket = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
    upload = api.post("/v1/characters/uploads/init", json=ticket).json["upload_url"]
    api.aurous.faults.status(pattern, 503, times=99)

    responses = [
        api.get("/v1/characters"),
        api.post(f"/v1/characters/{character.id}/save"),
        api.post("/v1/characters/uploads/init", json=ticket),
        api.put(upload, content=b"abc"),
        api.get(character.refs[0].url, key=None),
        api.get(BALANCE),
    ]

    calls = list(api.aurous.calls)[1:]
    assert [call.operation for call in calls if call.status == 503] == met
    assert [response.status == 503 for response in responses] == [call.operation in met for call in calls]


def test_of_several_the_first_given_is_met_first(api: Api) -> None:
    """Each call meets one fault; a call that met another one counts for `after` all the same."""
    faults = api.aurous.faults
    faults.status("balance.*", 500)
    faults.status("*", 502)
    faults.status("balance.retrieve", 504, after=3)

    assert [api.get(BALANCE).status for _ in range(5)] == [500, 502, 200, 504, 200]
    assert fired(api) == [1, 1, 1]


def test_what_comes_first_in_the_pipeline_is_no_met_fault(api: Api) -> None:
    """A call that is refused for its key never met a `status`, which waits for the next."""
    fault = api.aurous.faults.status("balance.retrieve", 503)

    assert (api.get(BALANCE, key=None).status, fault.fired) == (401, 0)
    assert (api.get(BALANCE).status, fault.fired) == (503, 1)


def test_an_unmatched_request_meets_no_fault(api: Api) -> None:
    """Faults are for operations: what is none is told as unmatched."""
    fault = api.aurous.faults.status("*", 503)

    assert (api.get("/v1/balances").status, fault.fired) == (404, 0)


# What becomes of the call


COMMITTED: Final[dict[str, Callable[[Faults], object]]] = {
    "status": lambda f: f.status("characters.create", 503, commit=True),
    "rate_limited": lambda f: f.rate_limited("characters.create", commit=True),
    "timeout": lambda f: f.timeout("characters.create", commit=True),
    "connect_error": lambda f: f.connect_error("characters.create", commit=True),
    "disconnect": lambda f: f.disconnect("characters.create", commit=True),
    "inside": lambda f: f.disconnect("characters.create", after_bytes=3, commit=True),
    "malformed": lambda f: f.malformed("characters.create", "html", commit=True),
}


@pytest.mark.parametrize("kind", COMMITTED)
def test_with_commit_only_the_response_is_lost(api: Api, kind: str) -> None:
    """The call takes effect, and a retry with the key replays the 2xx that nobody saw."""
    api.aurous.script("synthesizing! -> reviewing")
    COMMITTED[kind](api.aurous.faults)

    api.outcome("POST", "/v1/characters", json=SYNTHESIS, headers=KEY)
    lost = api.aurous.calls.last
    again = create(api, headers=KEY)

    assert (lost.committed, lost.fault and lost.fault.endswith(", committed")) == (True, True)
    assert (again.status, again.json["id"]) == (201, api.characters.last.id)
    assert again.headers["Aurous-Idempotent-Replayed"] == "true"
    assert (len(api.characters), api.money()) == (1, (1000, 4))


def test_with_commit_and_without_a_key_it_happens_twice(api: Api) -> None:
    """That is the trap which `Idempotency-Key` is for."""
    api.aurous.faults.timeout("characters.create", commit=True)
    no_create(api)
    create(api)

    assert len(api.characters) == 2


def test_a_committed_fault_on_a_refused_call_loses_the_refusal(api: Api) -> None:
    """The client of a lost response cannot know that it was a 400; nothing took effect."""
    api.aurous.faults.timeout("characters.create", commit=True)

    assert api.broken("POST", "/v1/characters", json={}).error == "ReadTimeout"
    assert (fired(api), api.aurous.calls.last.committed) == ([1], False)
    assert api.aurous.calls.last.fault == "timeout (read), refused"


def test_a_committed_fault_on_a_call_without_a_key_says_that_it_was_refused(api: Api) -> None:
    """Whatever refused the call: it took no effect, and the timeline says no other."""
    api.aurous.faults.disconnect("characters.create", commit=True)

    api.broken("POST", "/v1/characters", json=SYNTHESIS, key=None)

    assert (api.aurous.calls.last.fault, api.aurous.calls.last.committed) == ("disconnect, refused", False)


@pytest.mark.parametrize("kind", ["status", "rate_limited"])
def test_a_committed_status_hides_a_refusal_as_well(api: Api, kind: str) -> None:
    """Only the response is lost: what a proxy says instead does not depend on what the server had to say."""
    COMMITTED[kind](api.aurous.faults)

    assert api.post("/v1/characters", json={}).status in {429, 503}
    assert fired(api) == [1]
    assert (api.aurous.calls.last.fault or "").endswith(", refused")
    assert api.aurous.calls.last.error_code in {"too_many_requests", "provider_unavailable"}


UNCOMMITTED: Final[dict[str, Callable[..., object]]] = {
    "status": lambda f, **terms: f.status("characters.retrieve", 503, **terms),
    "rate_limited": lambda f, **terms: f.rate_limited("characters.retrieve", **terms),
    "timeout": lambda f, **terms: f.timeout("characters.retrieve", **terms),
    "connect_error": lambda f, **terms: f.connect_error("characters.retrieve", **terms),
    "disconnect": lambda f, **terms: f.disconnect("characters.retrieve", **terms),
    "inside": lambda f, **terms: f.disconnect("characters.retrieve", after_bytes=3, **terms),
    "malformed": lambda f, **terms: f.malformed("characters.retrieve", "html", **terms),
    "delay": lambda f, **terms: f.delay("characters.retrieve", 30, **terms),
}


@pytest.mark.parametrize("kind", UNCOMMITTED)
@pytest.mark.parametrize("commit", [False, True])
def test_a_poll_counts_for_a_script_if_it_was_committed(api: Api, kind: str, commit: bool) -> None:  # noqa: FBT001
    """A poll that met a fault was not seen, unless the server had answered it."""
    character = api.synthesize("synthesizing*2 -> reviewing")
    UNCOMMITTED[kind](api.aurous.faults, times=2, commit=commit)

    for _ in range(2):
        api.outcome("GET", f"/v1/characters/{character.id}", patience=5)

    assert fired(api) == [2]
    rest = [] if commit else ["synthesizing"] * 2
    assert api.poll(character, len(rest) + 1) == [*rest, "reviewing"]


@pytest.mark.parametrize("kind", ["inside", "malformed"])
def test_a_rehearsed_response_leaves_no_trace(make_api: Callable[[], Api], kind: str) -> None:
    """The body that a spoilt response needs is made, and everything that making it changed is undone, chance too."""
    api, twin = make_api(), make_api()
    api.aurous.script("synthesizing*0 -> reviewing")
    twin.aurous.script("synthesizing*0 -> reviewing")
    before = api.state()
    fault: dict[str, Callable[[], object]] = {
        "inside": lambda: api.aurous.faults.disconnect("*", after_bytes=3),
        "malformed": lambda: api.aurous.faults.malformed("*"),
    }
    fault[kind]()

    api.outcome("POST", "/v1/characters", json=SYNTHESIS, headers=KEY)

    assert api.state() == before
    assert not api.aurous.calls.last.committed
    assert create(api, headers=KEY).json == create(twin).json
    assert not api.aurous.calls.last.replayed


# What a test author sees


def test_faults_are_a_collection(api: Api) -> None:
    """They are counted, walked in the order in which they were given, and shown."""
    other: object = "timeout"
    faults = api.aurous.faults
    given = [faults.timeout("*"), faults.outage(1.5)]

    assert (list(faults), len(faults), given[0] in faults, other in faults) == (given, 2, True, False)
    assert repr(faults).startswith("<Faults: [<Fault timeout (read) on *, added at ")
    assert "outage of 1.5 s" in repr(faults)


def test_a_fault_names_the_line_that_gave_it(api: Api) -> None:
    """Its repr says what it is, whom it waits for, where the test gave it, and how often it fired."""
    line = test_a_fault_names_the_line_that_gave_it.__code__.co_firstlineno + 3
    fault = api.aurous.faults.timeout("balance.*")

    assert repr(fault) == f"<Fault timeout (read) on balance.*, added at test_collection.py:{line}: fired 0>"
    api.broken("GET", BALANCE)
    assert repr(fault).endswith("fired 1>")


@pytest.mark.parametrize(
    "give",
    [
        lambda f, op: f.status(op, 503),
        lambda f, op: f.rate_limited(op),
        lambda f, op: f.timeout(op),
        lambda f, op: f.connect_error(op),
        lambda f, op: f.disconnect(op),
        lambda f, op: f.disconnect(op, after_bytes=1),
        lambda f, op: f.delay(op, 1),
        lambda f, op: f.malformed(op),
        lambda f, op: f.greased(op),
    ],
    ids=["status", "rate_limited", "timeout", "connect_error", "disconnect", "inside", "delay", "malformed", "greased"],
)
@pytest.mark.parametrize(
    ("operation", "hint"), [("characters.sav", "; did you mean 'characters.save'?"), ("zz.*", ".")]
)
def test_an_operation_that_is_none_is_refused_at_once(
    api: Api, give: Callable[[Faults, str], object], operation: str, hint: str
) -> None:
    """A misspelt name raises where it was written, with the nearest; no fault is given."""
    with pytest.raises(AurousLookupError, match=re.escape(f"No operation is called {operation!r}{hint}")):
        give(api.aurous.faults, operation)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (
            lambda f: f.timeout("*", "reed"),
            "faults.timeout(phase='reed'): expected 'connect', 'read', 'write' or 'pool'",
        ),
        (lambda f: f.timeout("*", "reed"), "did you mean 'read'?"),
        (
            lambda f: f.malformed("*", "xml"),
            "faults.malformed(kind='xml'): expected 'truncated', 'html', 'empty', 'not_json', 'half_event' or 'ends",
        ),
        (lambda f: f.greased("*", "off"), "faults.greased(kind='off'): expected 'fields' or 'all'"),
        (lambda f: f.status("*", 399), "faults.status(status=399): expected an error status, 400 to 599."),
        (lambda f: f.status("*", 200), "expected an error status"),
        (lambda f: f.status("*", 600), "expected an error status"),
        (lambda f: f.status("*", "503"), "faults.status(status='503'): expected an error status, 400 to 599."),
        (
            lambda f: f.stall("models.*"),
            "faults.stall(operation='models.*'): expected an operation whose response can be a stream: chat.create.",
        ),
        (lambda f: f.malformed("images.create", "half_event"), "faults.malformed(operation='images.create'): expected"),
        (
            lambda f: f.timeout("*", when=when_async),
            "expected a plain function of one argument, which is not async, or a dict",
        ),
        (
            lambda f: f.timeout("*", when=3),
            "faults.timeout(when=3): expected a plain function of one argument, which is not async, or a dict",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused(api: Api, give: Callable[[Any], object], message: str) -> None:
    """Another phase, kind or status raises, saying what is valid; no fault is given."""
    with pytest.raises(AurousError, match=re.escape(message)):
        give(api.aurous.faults)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    "give",
    [
        lambda f: f.delay("*", -1),
        lambda f: f.delay("*", float("nan")),
        lambda f: f.outage(-1),
        lambda f: f.timeout("*", times=0),
        lambda f: f.timeout("*", after=-1),
        lambda f: f.disconnect("*", after_bytes=-1),
        lambda f: f.disconnect("*", after_bytes=1.5),
        lambda f: f.status("*", 503, retry_after=1.5),
        lambda f: f.status("*", 503, retry_after=-1),
        lambda f: f.rate_limited("*", retry_after=1.5),
        lambda f: f.rate_limited("*", retry_after=-1),
        lambda f: f.timeout("*", after=0.5),
        lambda f: f.timeout("*", times="2"),
        lambda f: f.delay("*", seconds="5"),
        lambda f: f.outage("5"),
        lambda f: f.timeout("*", times=1.5),
        lambda f: f.timeout("*", times=True),
        lambda f: f.delay("*", seconds=True),
    ],
    ids=[
        "delay -1",
        "delay nan",
        "outage -1",
        "times 0",
        "after -1",
        "after_bytes -1",
        "after_bytes 1.5",
        "retry_after 1.5",
        "retry_after -1",
        "rate_limited 1.5",
        "rate_limited -1",
        "after 0.5",
        "times text",
        "delay text",
        "outage text",
        "times 1.5",
        "times true",
        "delay true",
    ],
)
def test_a_number_that_cannot_be_is_refused(api: Api, give: Callable[[Faults], object]) -> None:
    """An invalid count or time raises where it was written, not in the client that meets the fault."""
    with pytest.raises(AurousError, match=r"^faults\.\w+\(.*=.*\): expected a (whole )?number, [01] or more, such as "):
        give(api.aurous.faults)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    "headers", [{"X-Trace": "a\r\nSet-Cookie: b"}, {"X Trace": "a"}, {"": "a"}, {"X-Trace": "\u20ac"}, {"X-Trace": [1]}]
)
def test_a_header_that_cannot_be_sent_is_refused(api: Api, headers: dict[str, Any]) -> None:
    """It is told where it was given, not by the client that could not read the response."""
    with pytest.raises(AurousError, match="cannot be sent"):
        api.aurous.faults.status("*", 503, headers=headers)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize("kind", UNCOMMITTED)
@pytest.mark.parametrize(("name", "hint"), [("time", "; did you mean 'times'?"), ("zzz", ".")])
def test_an_argument_that_is_none_is_a_type_error(api: Api, kind: str, name: str, hint: str) -> None:
    """It names the nearest, and lists what every fault takes; no fault is given."""
    told = f"has no argument {name!r}{hint} It takes: times, after, when, commit."
    with pytest.raises(TypeError, match=rf"^faults\.\w+\(\) {re.escape(told)}\nRead on: pytest-aurous docs [^\n]+$"):
        UNCOMMITTED[kind](api.aurous.faults, **{name: 3})

    assert len(api.aurous.faults) == 0


def test_faults_offer_what_a_test_can_say(api: Api) -> None:
    """Completion shows the kinds of fault, and nothing of what the pipeline asks of them."""
    shown, asked = (
        {name for name in dir(kind) if not name.startswith("_")} for kind in (api.aurous.faults, FaultQueue)
    )

    assert {"status", "drop"} < shown
    assert shown & asked == {"unfired"}


def test_a_name_that_the_folder_does_not_have_is_an_attribute_error() -> None:
    """The folder has the names that it lists, and no others."""
    with pytest.raises(AttributeError, match=r"module 'pytest_aurous._core.faults' has no attribute 'Fault5'"):
        faults.Fault5  # noqa: B018 - that it raises is the point
    assert faults.Faults is type(Aurous().faults)


def test_a_fault_can_be_removed(api: Api) -> None:
    """Then no request meets it, and nothing misses it; a restore brings it back."""
    added = api.aurous.faults
    first = added.status("balance.retrieve", 503, times=3)
    second = added.status("balance.retrieve", 500)
    before = api.aurous.snapshot()
    assert api.get("/v1/balance").status == 503
    assert added[first.number] is first
    first.remove()
    assert api.get("/v1/balance").status == 500
    assert (list(added), added.unfired) == ([second], [])
    with pytest.raises(AurousLookupError, match="is not there anymore: it was removed"):
        first.remove()
    with pytest.raises(AurousLookupError, match=rf"there is no fault with that number.*\n?Numbers: {second.number} "):
        added[first.number]
    api.aurous.restore(before)
    assert api.get("/v1/balance").status == 503
    second.remove()
    first.remove()
    with pytest.raises(AurousLookupError, match="There are no faults"):
        added["1"]  # type: ignore[index]
