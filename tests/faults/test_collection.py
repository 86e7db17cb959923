"""Faults, through the pipeline and without an HTTP client."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousLookupError, Call
from pytest_aurous._core.faults.collection import Faults
from pytest_aurous._core.wire.reply import Break
from tests.conftest import SYNTHESIS, TICKET, Api, Response

BALANCE: Final = "/v1/balance"
KEY: Final = {"Idempotency-Key": "once"}
GIVE: Final[dict[str, Callable[..., object]]] = {
    "status": lambda f, op, **terms: f.status(op, 503, **terms),
    "rate_limited": lambda f, op, **terms: f.rate_limited(op, **terms),
    "timeout": lambda f, op, **terms: f.timeout(op, **terms),
    "connect_error": lambda f, op, **terms: f.connect_error(op, **terms),
    "disconnect": lambda f, op, **terms: f.disconnect(op, **terms),
    "inside": lambda f, op, **terms: f.disconnect(op, after_bytes=3, **terms),
    "delay": lambda f, op, **terms: f.delay(op, 30, **terms),
    "malformed": lambda f, op, **terms: f.malformed(op, "html", **terms),
}


def create(api: Api, **sent: Any) -> Response:
    return api.post("/v1/characters", json=SYNTHESIS, **sent)


def no_create(api: Api, **sent: Any) -> Break:
    return api.broken("POST", "/v1/characters", json=SYNTHESIS, **sent)


def fired(api: Api) -> list[int]:
    return [fault.fired for fault in api.aurous.faults]


# What the client meets


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request", "invalid_request"),
        (401, "authentication", "invalid_api_key"),
        (402, "invalid_request", "balance_too_low"),
        (403, "authentication", "missing_scope"),
        (404, "not_found", "resource_not_found"),
        (405, "invalid_request", "method_not_allowed"),
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
def test_err_1_err_5_a_status_comes_in_the_vendors_envelope(api: Api, status: int, kind: str, code: str) -> None:
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


def test_a_status_is_as_the_test_words_it(api: Api) -> None:
    """Code, message and headers are those of the test, in any case the only ones of their names; a number is text."""
    headers: Any = {
        "content-type": "text/html",
        "x-ratelimit-remaining": 3,
        "AUROUS-REQUEST-ID": "req_proxy",
        "X-Load": 0.5,
    }
    api.aurous.faults.status("*", 500, "provider_timeout", "Out for lunch.", headers, retry_after=0)

    response = api.get(BALANCE)

    assert (response.json["error"]["code"], response.json["error"]["message"]) == ("provider_timeout", "Out for lunch.")
    # `Headers` would show both of two namesakes
    assert {name: response.headers[name] for name in headers} == {name: str(value) for name, value in headers.items()}
    assert (response.headers["X-RateLimit-Limit"], response.headers["Retry-After"]) == ("1200", "0")


def test_rate_4_rate_limited_is_a_429_whatever_the_buckets_have(api: Api) -> None:
    """A full bucket says what an empty one would, and spends nothing."""
    api.aurous.faults.rate_limited("balance.retrieve", retry_after=7)

    response = api.get(BALANCE)

    assert (response.status, response.json["error"]["code"]) == (429, "too_many_requests")
    assert response.headers["X-RateLimit-Limit"] == "1200"
    assert rates(api, response) == (0, 7, 7)
    assert (api.aurous.limits["reads"].overruns, api.aurous.limits["reads"].remaining) == (0, 1200)
    assert api.get(BALANCE).status == 200


def rates(api: Api, response: Response) -> tuple[int, int, int]:
    """Return what the headers of a 429 say: the tokens that are left, and how long to wait, twice."""
    left, full, wait = (
        int(response.headers[one]) for one in ("X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")
    )
    return left, full - int(api.clock.time()), wait


@pytest.mark.parametrize("code", [None, "too_many_requests", "concurrency_limit_exceeded", "tpm_rate_limit_exceeded"])
@pytest.mark.parametrize("commit", [False, True])
def test_rate_2_a_status_429_is_complete(api: Api, code: str | None, *, commit: bool) -> None:
    """It has the code and the headers of `rate_limited`; with tokens left it waits 1 s."""
    api.aurous.faults.status("balance.retrieve", 429, code, commit=commit)

    response = api.get(BALANCE)

    error = response.json["error"]
    assert (response.status, error["code"]) == (429, code or "too_many_requests")
    assert ("Concurrency" in error["message"]) == (code == "concurrency_limit_exceeded")
    assert response.headers["X-RateLimit-Limit"] == "1200"
    assert rates(api, response) == (0, 1, 1)


def test_rate_2_a_status_429_waits_as_long_as_its_bucket(api: Api) -> None:
    """Where the bucket is empty, `Retry-After` is the time until it has a token."""
    api.aurous.limits["characters_synthesize"].exhaust()
    api.aurous.faults.status("characters.create", 429)

    response = api.post("/v1/characters", json={"name": "Aurora", "generate": True})

    assert response.headers["Retry-After"] == "10"
    assert api.aurous.limits["characters_synthesize"].overruns == 0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"retry_after": 30}, 30),
        ({"headers": {"retry-after": "30"}}, 30),
        ({"headers": {"retry-after": "99"}, "retry_after": 5}, 5),
        ({"retry_after": 0, "message": "Slow down. Retry after 0s."}, 0),
    ],
)
def test_a_status_429_waits_as_long_as_the_test_says(api: Api, given: Any, seconds: int) -> None:
    """As an argument, which wins, or a header; message and headers agree."""
    api.aurous.faults.status("balance.retrieve", 429, **given)

    response = api.get(BALANCE)

    assert rates(api, response) == (0, seconds, seconds)
    assert f"Retry after {seconds}s." in response.json["error"]["message"]


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "X-RateLimit-Limit", "x-ratelimit-remaining"])
def test_a_header_that_is_none_is_removed(api: Api, name: str) -> None:
    """A client that does not trust the headers of a 429 can be tested; all others stay."""
    api.aurous.faults.status("balance.retrieve", 429, headers={name: None})

    response = api.get(BALANCE)

    assert name not in response.headers
    assert len([one for one in response.headers if one.lower().startswith(("x-ratelimit", "retry-after"))]) == 3


def test_rate_1_a_signed_url_has_no_bucket(api: Api) -> None:
    """Its 429 says when to retry, and nothing of a bucket that is not there."""
    url = api.characters.add().refs[0].url
    api.aurous.faults.status("storage.get", 429)
    api.aurous.faults.rate_limited("storage.get", 1)

    for _ in range(2):
        response = api.get(url, key=None)
        assert (response.headers["Retry-After"], "X-RateLimit-Reset" in response.headers) == ("1", False)
        assert "for ." not in response.json["error"]["message"]


def test_a_disconnect_inside_a_body_brings_its_beginning(api: Api) -> None:
    """The break carries the response that the call would have had, and how much of it arrives."""
    api.aurous.faults.disconnect("balance.retrieve", after_bytes=5)

    broken = api.broken("GET", BALANCE)

    assert (broken.error, broken.after_bytes) == ("RemoteProtocolError", 5)
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
    """The status belongs to the call, and the length to what arrives; a refusal can be spoilt, too."""
    api.aurous.faults.malformed("balance.retrieve", kind)

    response = api.get(BALANCE)

    whole = api.get(BALANCE).body
    assert (response.status, response.body) == (200, whole[: len(whole) // 2] if body is None else body)
    assert response.headers["Content-Length"] == str(len(response.body))
    assert api.aurous.calls.where("balance.retrieve")[0].fault == f"malformed ({kind})"
    api.aurous.faults.malformed("characters.retrieve")
    refused = api.get("/v1/characters/char_x")
    assert (refused.status, refused.body[:9]) == (404, b'{"error":')
    assert refused.body[-1:] != b"}"


@pytest.mark.parametrize(("body", "content"), [({"credits": "many"}, b'{"credits":"many"}'), ("no JSON", b"no JSON")])
def test_body_is_another_one(api: Api, body: Any, content: bytes) -> None:
    """The status and the headers stay, but for the length."""
    api.aurous.faults.body("balance.retrieve", body)
    response = api.get(BALANCE)
    assert (response.status, response.body) == (200, content)
    assert response.headers["Content-Length"] == str(len(content))
    with pytest.raises(AurousError, match=r"faults\.body"):
        api.aurous.faults.body("balance.retrieve", {1, 2})


# Slow responses


@pytest.mark.parametrize(("patience", "waits"), [(None, True), (31.5, True), (30, True), (29.5, False), (0, False)])
def test_a_slow_response_reaches_a_patient_client(api: Api, patience: float | None, *, waits: bool) -> None:
    """Who waits long enough gets it at once, and the clock has moved on; else it is a timeout, and never arrived."""
    before = api.clock.time()
    fault = api.aurous.faults.delay("characters.create", 30)

    if waits:
        assert create(api, patience=patience).status == 201
    else:
        assert no_create(api, patience=patience).error == "ReadTimeout"

    assert (api.clock.time() - before, fault.fired) == (30 if waits else patience, 1)
    assert (len(api.characters), api.aurous.calls.last.committed) == (int(waits), waits)
    assert create(api, patience=patience).status == 201


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
    ("pattern", "met"), [("characters.*", [1, 1, 1, 0, 0]), ("storage.get", [0, 0, 0, 1, 0]), ("*", [1] * 5)]
)
def test_an_operation_may_be_a_pattern(api: Api, pattern: str, met: list[int]) -> None:
    """Every operation that the pattern matches meets the fault, and no other."""
    url = api.characters.add().refs[0].url
    upload = api.post("/v1/characters/uploads/init", json=TICKET).json["upload_url"]
    api.aurous.faults.status(pattern, 503, times=99)

    responses = [
        api.get("/v1/characters"),
        api.post("/v1/characters/uploads/init", json=TICKET),
        api.put(upload, content=b"abc"),
        api.get(url, key=None),
        api.get(BALANCE),
    ]

    assert [int(response.status == 503) for response in responses] == met


def test_of_several_the_first_given_is_met_first(api: Api) -> None:
    """Each call meets one fault; a call that met another one counts for `after` all the same."""
    faults = api.aurous.faults
    faults.status("balance.*", 500)
    faults.status("*", 502)
    faults.status("balance.retrieve", 504, after=3)

    assert [api.get(BALANCE).status for _ in range(5)] == [500, 502, 200, 504, 200]
    assert fired(api) == [1, 1, 1]


def test_a_fault_that_is_put_first_keeps_its_number(api: Api) -> None:
    """Exploring puts its faults before those of the test; each number is that of one fault, from 1."""
    api.aurous.faults.status("team.retrieve", 503)
    api.app.queue.put_first(api.aurous.faults.status("team.retrieve", 504))

    assert [fault.number for fault in api.aurous.faults] == [2, 1]
    assert [api.get("/v1/team").status for _ in range(3)] == [504, 503, 200]


def test_what_comes_first_in_the_pipeline_is_no_met_fault(api: Api) -> None:
    """A call that is refused for its key or version never met a `status`, which costs a token as any response."""
    fault = api.aurous.faults.status("balance.retrieve", 503)

    assert (api.get(BALANCE, key=None).status, fault.fired) == (401, 0)
    assert (api.get(BALANCE, headers={"Aurous-Version": "1999-01-01"}).status, fault.fired) == (400, 0)
    assert (api.get(BALANCE).status, fault.fired) == (503, 1)
    assert api.aurous.limits["reads"].remaining == 1198


# What becomes of the call


@pytest.mark.parametrize("sent", [{"json": {}}, {"json": SYNTHESIS, "key": None}], ids=["400", "401"])
def test_a_committed_fault_on_a_refused_call_loses_the_refusal(api: Api, sent: dict[str, Any]) -> None:
    """The client of a lost response cannot know why it was refused; nothing took effect."""
    api.aurous.faults.timeout("characters.create", commit=True)

    assert api.broken("POST", "/v1/characters", **sent).error == "ReadTimeout"
    assert (fired(api), api.aurous.calls.last.committed) == ([1], False)
    assert api.aurous.calls.last.fault == "timeout (read), refused"


@pytest.mark.parametrize("kind", ["status", "rate_limited"])
def test_a_committed_status_hides_a_refusal_as_well(api: Api, kind: str) -> None:
    """Only the response is lost: what a proxy says instead does not depend on what the server had to say."""
    GIVE[kind](api.aurous.faults, "characters.create", commit=True)

    assert api.post("/v1/characters", json={}).status in {429, 503}
    assert fired(api) == [1]
    assert (api.aurous.calls.last.fault or "").endswith(", refused")
    assert not api.aurous.calls.last.committed


@pytest.mark.parametrize("kind", GIVE)
@pytest.mark.parametrize("commit", [False, True])
def test_a_poll_counts_for_a_script_if_it_was_committed(api: Api, kind: str, commit: bool) -> None:  # noqa: FBT001
    """A poll that met a fault was not seen, unless the server had sent its response."""
    character = api.synthesize("synthesizing*2 -> reviewing")
    GIVE[kind](api.aurous.faults, "characters.retrieve", times=2, commit=commit)

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
    GIVE[kind](api.aurous.faults, "*")

    api.outcome("POST", "/v1/characters", json=SYNTHESIS, headers=KEY)

    assert api.state() == before
    assert not api.aurous.calls.last.committed
    assert create(api, headers=KEY).json == create(twin).json
    assert not api.aurous.calls.last.replayed


# What a test author sees


def test_faults_are_a_collection(api: Api) -> None:
    """They are counted, walked in order, and shown: their kinds, operations and lines, and how often each fired."""
    line = test_faults_are_a_collection.__code__.co_firstlineno + 5
    other: object = "timeout"
    faults = api.aurous.faults
    added = [faults.timeout("balance.*"), faults.outage(1.5)]

    assert (list(faults), len(faults), added[0] in faults, other in faults) == (added, 2, True, False)
    assert repr(added[0]) == f"<Fault timeout (read) on balance.*, added at test_collection.py:{line}: fired 0>"
    assert repr(faults).startswith(f"<Faults: [{added[0]!r}, ")
    assert "outage of 1.5 s" in repr(faults)
    api.broken("GET", BALANCE)
    assert repr(added[0]).endswith("fired 1>")


@pytest.mark.parametrize("kind", [*GIVE, "greased"])
@pytest.mark.parametrize(
    ("operation", "hint"), [("characters.sav", "; did you mean 'characters.save'?"), ("zz.*", ".")]
)
def test_an_operation_that_is_none_is_refused_at_once(api: Api, kind: str, operation: str, hint: str) -> None:
    """A misspelt name raises where it was written, with the nearest; no fault is added."""
    give: Callable[..., object] = GIVE.get(kind, Faults.greased)

    with pytest.raises(AurousLookupError, match=re.escape(f"{operation!r}{hint}")):
        give(api.aurous.faults, operation)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    ("kind", "arguments", "word"),
    [
        ("timeout", ("*", "reed"), "did you mean 'read'"),
        ("malformed", ("*", "xml"), "'half_event'"),
        ("malformed", ("images.create", "half_event"), "operation"),
        ("greased", ("*", "off"), "'fields' or 'all'"),
        ("status", ("*", 399), "error status"),
        ("status", ("*", 600), "error status"),
        ("status", ("*", "503"), "error status"),
        ("stall", ("models.*",), "chat.create"),
    ],
    ids=str,
)
def test_a_fault_that_cannot_be_is_refused(api: Api, kind: str, arguments: tuple[Any, ...], word: str) -> None:
    """Another phase, kind, status or operation raises, saying what is valid; no fault is added."""
    with pytest.raises(AurousError, match=word):
        getattr(api.aurous.faults, kind)(*arguments)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("delay", {"seconds": -1}),
        ("delay", {"seconds": float("nan")}),
        ("delay", {"seconds": "5"}),
        ("delay", {"seconds": True}),
        ("late", {"seconds": -1}),
        ("timeout", {"times": 0}),
        ("timeout", {"times": "2"}),
        ("timeout", {"times": 1.5}),
        ("timeout", {"times": True}),
        ("timeout", {"after": -1}),
        ("timeout", {"after": 0.5}),
        ("disconnect", {"after_bytes": -1}),
        ("disconnect", {"after_bytes": 1.5}),
        ("status", {"status": 503, "retry_after": 1.5}),
        ("status", {"status": 503, "retry_after": -1}),
        ("rate_limited", {"retry_after": 1.5}),
        ("rate_limited", {"retry_after": -1}),
    ],
    ids=str,
)
def test_a_number_that_cannot_be_is_refused(api: Api, kind: str, terms: dict[str, Any]) -> None:
    """An invalid count or time raises where it was written, not in the client that meets the fault."""
    with pytest.raises(AurousError, match=rf"^faults\.{kind}\(.*number, [01] or more"):
        getattr(api.aurous.faults, kind)("*", **terms)
    for seconds in (-1, "5"):
        with pytest.raises(AurousError, match=r"faults\.outage"):
            api.aurous.faults.outage(seconds)  # type: ignore[arg-type]

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize(
    "headers", [{"X-Trace": "a\r\nSet-Cookie: b"}, {"X Trace": "a"}, {"": "a"}, {"X-Trace": "\u20ac"}, {"X-Trace": [1]}]
)
def test_a_header_that_cannot_be_sent_is_refused(api: Api, headers: dict[str, Any]) -> None:
    """It is told where it was given, not by the client that could not read the response."""
    with pytest.raises(AurousError, match="cannot be sent"):
        api.aurous.faults.status("*", 503, headers=headers)

    assert len(api.aurous.faults) == 0


@pytest.mark.parametrize("kind", GIVE)
@pytest.mark.parametrize(("name", "hint"), [("time", "; did you mean 'times'?"), ("zzz", ".")])
def test_an_argument_that_is_none_is_a_type_error(api: Api, kind: str, name: str, hint: str) -> None:
    """It names the nearest, and lists what every fault takes; no fault is given."""
    with pytest.raises(TypeError, match=re.escape(f"{name!r}{hint} It takes: times, after, when, commit.")):
        GIVE[kind](api.aurous.faults, "*", **{name: 3})

    assert len(api.aurous.faults) == 0


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
    with pytest.raises(AurousLookupError, match="removed"):
        first.remove()
    with pytest.raises(AurousLookupError, match=f"Numbers: {second.number} "):
        added[first.number]
    api.aurous.restore(before)
    assert api.get("/v1/balance").status == 503
    second.remove()
    first.remove()
    with pytest.raises(AurousLookupError, match="There are no faults"):
        added["1"]  # type: ignore[index]
