"""Both readings of each rule that can be read in two ways: what differs, and that all else stays as it is."""

import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous._core.resources.characters.row import CREATE
from pytest_aurous._core.wire.fields import body_of, without_nulls
from pytest_aurous._core.world.settings import READINGS
from tests.conftest import SYNTHESIS, Api, Response, price

IMAGE: Final = {"prompt": "On a bench"}
ENDPOINT: Final = {"url": "https://a.example", "events": ["*"]}
KEY: Final = {"Idempotency-Key": "one"}
CHARACTER_PRICE: Final = price("/v1/characters", **SYNTHESIS)
IMAGE_PRICE: Final = price("/v1/images", **IMAGE)

EVERY: Final = [(rule, reading) for rule, both in READINGS.items() for reading in both]


@pytest.fixture(params=EVERY, ids="=".join)
def api(request: pytest.FixtureRequest, make_api: Callable[..., Api]) -> Api:
    """A fake under one reading of one rule, for each of them."""
    rule, reading = request.param
    return make_api(readings={rule: reading})


def finished(api: Api, response: Response, collection: str = "characters") -> Any:
    """Poll what was created until its work has ended, and return its last state."""
    assert response.status in {200, 201}, response.body
    record = response.json
    while record["status"] in {"synthesizing", "pending", "processing"}:
        record = api.get(f"/v1/{collection}/{record['id']}").json
    return record


class TestUnderEveryReading:
    """A client that follows the documentation gets what it wants, whatever the reading."""

    def test_a_character_is_published_and_used(self, api: Api) -> None:
        """Synthesis, poll, save, image and output: their prices are spent, and nothing is held."""
        reading = api.app.world.settings.reading
        drawn = finished(api, api.post("/v1/characters", json=SYNTHESIS, headers=KEY))
        assert drawn["status"] == reading("create-4")

        saved = [api.post(f"/v1/characters/{drawn['id']}/save").json for _ in range(2)]
        assert [one["status"] for one in saved] == ["ready", "ready"]

        image = finished(api, api.post("/v1/images", json={**IMAGE, "character_id": drawn["id"]}), "images")
        (url,) = image["output_urls"]
        assert ("token=" in url) == (reading("img-8") == "token")
        output = api.get(url, key=None)
        assert (output.status, output.headers["Content-Type"]) == (200, "image/png")
        assert api.money() == (1000 - CHARACTER_PRICE - IMAGE_PRICE, 0)

    def test_a_failed_synthesis_is_run_again(self, api: Api) -> None:
        """A failure shows its error, and the next run of the script succeeds; only cred-2 says what both cost."""
        reading = api.app.world.settings.reading
        api.aurous.script("synthesizing -> failed(provider_timeout) ; synthesizing -> reviewing")

        failed = finished(api, api.post("/v1/characters", json=SYNTHESIS))
        assert (failed["status"], failed["error_message"]) == ("failed", "provider_timeout")
        again = finished(api, api.post(f"/v1/characters/{failed['id']}/resynthesize"))

        assert (again["status"], again["error_message"]) == ("reviewing", None)
        assert api.money() == (1000 - CHARACTER_PRICE * (1 + (reading("cred-2") == "at_create")), 0)

    def test_a_repeated_key_pays_once(self, api: Api) -> None:
        """A retry during the work is replayed or refused as idem-5 says, one after it is replayed."""
        waits = api.app.world.settings.reading("idem-5") == "generation"
        first = api.post("/v1/images", json=IMAGE, headers=KEY)

        retry = api.post("/v1/images", json=IMAGE, headers=KEY)
        assert retry.status == (409 if waits else 201)
        finished(api, first, "images")
        late = api.post("/v1/images", json=IMAGE, headers=KEY)

        assert (late.status, late.body, late.headers["Aurous-Idempotent-Replayed"]) == (201, first.body, "true")
        assert (len(api.aurous.images), api.money()) == (1, (1000 - IMAGE_PRICE, 0))

    def test_refusals_and_lost_responses_are_as_ever(self, api: Api) -> None:
        """Faults and refusals have the status, type and code that they have under any reading but err-6's."""
        api.aurous.faults.status("images.create", 503, commit=True)
        lost = api.post("/v1/images", json=IMAGE)
        missing = api.get("/v1/characters/char_unknown")
        wrong = api.post("/v1/images", json={"prompt": 7})

        assert [one.status for one in (lost, missing, wrong)] == [503, 404, 400]
        assert [one.json["error"]["code"] for one in (lost, missing, wrong)] == [
            "provider_unavailable",
            "resource_not_found",
            "invalid_format",
        ]
        assert len(api.aurous.images) == 1


@pytest.mark.parametrize("reading", READINGS["create-4"])
def test_create_4_the_default_script_ends_as_the_reading_says(make_api: Callable[..., Api], reading: str) -> None:
    """A character from a request and one from the test, of a first run and of a later one."""
    api = make_api(readings={"create-4": reading})
    added = api.characters.add("Bianca", status="synthesizing")
    drawn = finished(api, api.post("/v1/characters", json=SYNTHESIS))
    again = finished(api, api.post(f"/v1/characters/{drawn['id']}/resynthesize"))

    assert (drawn["status"], again["status"]) == (reading, reading)
    assert api.poll(added, 2) == ["synthesizing", reading]


ORDERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "a synthesis": ("/v1/characters", SYNTHESIS),
    "an image": ("/v1/images", {**IMAGE, "count": 3, "enhance_prompt": True}),
    "a video": ("/v1/videos", {"video_lora_id": "seedance-1-pro", "resolution": "480p", "duration": 4}),
}


@pytest.fixture
def spender(make_api: Callable[..., Api]) -> Api:
    """A fake that spends credits when work is ordered."""
    return make_api(readings={"cred-2": "at_create"})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("end", ["succeeds", "fails", "is stopped"])
def test_cred_5_cred_2_img_11_spent_when_it_is_ordered(spender: Api, order: str, end: str) -> None:
    """Nothing is ever held, and whatever becomes of the work, its price stays spent."""
    path, body = ORDERS[order]
    created = spender.post(path, json=body).json
    spent = 1000 - price(path, **body)
    assert spender.money() == (spent, 0)
    record = _record(spender, created["id"])

    if end == "fails":
        record.fail()
    elif end == "succeeds":
        record.finish()
    elif path == "/v1/characters":
        assert spender.delete(f"{path}/{record.id}").status == 200
    else:
        assert spender.post(f"/v1/images/{record.id}/cancel").status == 200

    assert spender.money() == (spent, 0)
    if path != "/v1/characters":
        assert record.cost == created["cost"]


def _record(api: Api, record_id: str) -> Any:
    found = (records.get(record_id) for records in (api.characters, api.aurous.images, api.aurous.videos))
    return next(record for record in found if record is not None)


@pytest.mark.parametrize(("action", "body"), [("resynthesize", {}), ("refs/regenerate", {"pose": "side"})])
def test_cred_2_a_run_of_a_character_is_spent_too(spender: Api, action: str, body: Any) -> None:
    """Though it fails."""
    character = spender.characters.add()
    assert spender.post(f"/v1/characters/{character.id}/{action}", json=body).status == 200

    character.fail()

    assert spender.money() == (1000 - price(f"/v1/characters/{{id}}/{action}", **body), 0)


def test_cred_2_who_cannot_pay_is_refused_and_who_is_exempt_pays_nothing(spender: Api) -> None:
    """As under the other reading: there is a 402, and no record."""
    spender.team.credits = CHARACTER_PRICE - 1
    team = spender.aurous.teams.add(credits=1, billing_mode="exempt")

    spender.refused("POST", "/v1/characters", json=SYNTHESIS, status=402, code="insufficient_credits")
    assert spender.post("/v1/characters", json=SYNTHESIS, key=team.api_key).status == 201

    assert spender.money() == (CHARACTER_PRICE - 1, 0)
    assert (team.credits, team.held_credits) == (1, 0)


@pytest.mark.parametrize(("reading", "at_once", "later"), [("on_completion", 0, 1), ("at_create", 1, 1)])
def test_cred_2_hook_11_credits_are_low_when_they_fall(
    make_api: Callable[..., Api], reading: str, at_once: int, later: int
) -> None:
    """The warning comes with the price, and the end of work that is paid for brings no second one."""
    api = make_api(readings={"cred-2": reading}, credits=12)
    api.aurous.webhooks.deliver_to(lambda _: None, events=["usage.balance_low"])
    image = _record(api, api.post("/v1/images", json={**IMAGE, "count": 3}).json["id"])
    assert len(api.aurous.webhooks.deliveries) == at_once

    api.clock.advance(seconds=2 * 3600)
    image.finish()

    assert len(api.aurous.webhooks.deliveries) == later
    api.aurous.webhooks.flush()


def test_err_4_param_is_absent_where_no_field_is_at_fault(make_api: Callable[..., Api]) -> None:
    """A field that is at fault is named under either reading."""
    api = make_api(readings={"err-4": "absent"})
    limited = api.aurous.faults.rate_limited("images.list")

    refusals = [api.get("/v1/images"), api.get("/v1/characters/char_unknown"), api.get("/v1/images", key=None)]

    assert limited.fired
    assert [one.status for one in refusals] == [429, 404, 401]
    for one in refusals:
        assert list(one.json["error"]) == ["type", "code", "message", "doc_url", "request_id"]
    assert api.post("/v1/images", json={}).json["error"]["param"] == "prompt"


NULLS: Final = [
    ("POST", "/v1/characters", {**SYNTHESIS, "client_reference_id": None}, "client_reference_id"),
    ("POST", "/v1/characters", {**SYNTHESIS, "attributes": {"age": 28, "gender": None}}, "attributes.gender"),
    ("POST", "/v1/images", {**IMAGE, "size": None}, "size"),
    ("POST", "/v1/images/estimate", {**IMAGE, "enhance_prompt": None}, "enhance_prompt"),
    ("POST", "/v1/videos", {"video_lora_id": "seedance-1-pro", "ratio": None}, "ratio"),
    ("POST", "/v1/webhook_endpoints", {**ENDPOINT, "metadata": None}, "metadata"),
]


@pytest.mark.parametrize(("method", "path", "body", "param"), NULLS, ids=lambda value: str(value)[:30])
def test_err_9_a_null_is_a_wrong_type_or_as_if_left_out(
    make_api: Callable[..., Api], method: str, path: str, body: dict[str, Any], param: str
) -> None:
    """Every kind of reader, at the top and in an object."""
    make_api().refused(method, path, json=body, status=400, code="invalid_format", param=param)

    api, other = make_api(readings={"err-9": "accepted"}), make_api()
    accepted = api.send(method, path, json=body)

    assert accepted.status in {200, 201}
    assert accepted.body == other.send(method, path, json=_without(body, param)).body


def _without(body: dict[str, Any], param: str) -> dict[str, Any]:
    first, _, rest = param.partition(".")
    if rest:
        return {**body, first: _without(body[first], rest)}
    return {name: value for name, value in body.items() if name != first}


@pytest.mark.parametrize("reading", READINGS["err-9"])
@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("/v1/images", {"prompt": None}, "invalid_format", "prompt"),
        ("/v1/images", {**IMAGE, "promt": None}, "invalid_request", "promt"),
        ("/v1/images", {**IMAGE, "reference_image_urls": [None]}, "invalid_format", "reference_image_urls"),
        ("/v1/webhook_endpoints", {**ENDPOINT, "metadata": {"team": None}}, "invalid_format", "metadata.team"),
    ],
    ids=["required", "unknown", "item", "value"],
)
def test_err_9_only_optional_fields_accept_a_null(
    make_api: Callable[..., Api], reading: str, path: str, body: Any, code: str, param: str
) -> None:
    """A required field, an unknown one, an item of a list and a value that the user names are refused under both."""
    make_api(readings={"err-9": reading}).refused("POST", path, json=body, status=400, code=code, param=param)


def test_err_9_nulls_are_left_out_of_known_objects_only(make_api: Callable[..., Api]) -> None:
    """However deep a body is nested, it is refused as under the other reading."""
    deep: Any = None
    for _ in range(sys.getrecursionlimit()):
        deep = {"deep": deep}
    body = {"attributes": {"age": None, "deep": deep}}

    assert without_nulls(body, body_of(CREATE)) == {"attributes": {"deep": deep}}


def test_err_9_a_null_changes_nothing_in_a_patch(make_api: Callable[..., Api]) -> None:
    """What is null stays, like what is left out; a body of nulls alone is an empty one."""
    api = make_api(readings={"err-9": "accepted"})
    character = api.characters.add("Aurora", attributes={"age": 28})

    assert api.patch(f"/v1/characters/{character.id}", json={"name": None, "attributes": {"age": 30}}).status == 200
    api.refused(
        "PATCH",
        f"/v1/characters/{character.id}",
        json={"name": None},
        status=400,
        code="missing_field",
        param=None,
    )

    assert (character.name, character.attributes) == ("Aurora", {"age": 30})


@pytest.fixture
def waiter(make_api: Callable[..., Api]) -> Api:
    """A fake in which a key is in use until the work is over, which takes three polls or more."""
    slow = "pending*3 -> processing -> succeeded"
    scripts = {"characters": "synthesizing*3 -> reviewing", "images": slow, "videos": slow}
    return make_api(readings={"idem-5": "generation"}, script=scripts)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("end", ["finish", "fail", "stop"])
def test_idem_5_a_key_is_in_use_until_the_work_is_over(waiter: Api, order: str, end: str) -> None:
    """Until then each retry is a 409 without a date, whatever the end; afterwards the first response is replayed."""
    path, body = ORDERS[order]
    first = waiter.post(path, json=body, headers=KEY)
    record = _record(waiter, first.json["id"])

    for _ in range(2):
        refused = waiter.post(path, json=body, headers=KEY)
        assert (refused.status, refused.json["error"]["code"]) == (409, "idempotency_key_in_use")
        assert "Retry-After" not in refused.headers
    if end == "stop":
        waiter.delete(f"{path}/{record.id}") if path == "/v1/characters" else record.cancel()
    else:
        getattr(record, end)()
    replayed = waiter.post(path, json=body, headers=KEY)

    assert (replayed.status, replayed.body) == (201, first.body)
    assert replayed.headers["Aurous-Idempotent-Replayed"] == "true"


def test_idem_5_a_synthesis_is_over_in_review(waiter: Api) -> None:
    """The review takes as long as a person does, and no credits: the key does not wait for it."""
    character = waiter.characters.add(status="failed")
    path = f"/v1/characters/{character.id}/resynthesize"
    first = waiter.post(path, headers=KEY)
    assert waiter.post(path, headers=KEY).status == 409

    assert waiter.poll(character, 3) == ["synthesizing", "synthesizing", "reviewing"]

    assert waiter.post(path, headers=KEY).body == first.body


@pytest.mark.parametrize("order", ORDERS)
def test_idem_5_a_retry_is_a_poll(waiter: Api, order: str) -> None:
    """A client whose response was lost knows no id to poll: its retries alone bring the work to its end."""
    path, body = ORDERS[order]
    waiter.aurous.faults.timeout(f"{path[4:]}.create", commit=True)
    waiter.broken("POST", path, json=body, headers=KEY)

    statuses = [waiter.post(path, json=body, headers=KEY).status for _ in range(6)]

    work = 3 if path == "/v1/characters" else 4
    assert statuses == [409] * work + [201] * (6 - work)
    assert waiter.money() == (1000 - price(path, **body), 0)


def test_idem_5_a_file_is_no_work(waiter: Api) -> None:
    """What is there at once is replayed at once."""
    picture = waiter.aurous.images.add().picture()
    form = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nreference\r\n'
    form += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + picture + b"\r\n--b--\r\n"
    headers = {**KEY, "Content-Type": "multipart/form-data; boundary=b"}

    first, again = (waiter.post("/v1/files", content=form, headers=headers) for _ in range(2))

    assert (first.status, again.status, again.body) == (201, 201, first.body)


def test_img_8_an_output_needs_no_token(make_api: Callable[..., Api]) -> None:
    """Its URL has none, one that is sent is not checked, and neither is a key; the output expires all the same."""
    api = make_api(readings={"img-8": "anonymous"})
    (url,) = api.aurous.images.add().output_urls
    assert url == f"{api.aurous.base_url}/v1/images/{api.aurous.images.last.id}/output/0"

    opened = [api.get(url, key=key) for key in (None, "al_live_unknown")]
    opened.append(api.get(f"{url}?token=forged", key=None))
    assert [(one.status, one.body) for one in opened] == [(200, api.aurous.images.last.picture())] * 3

    api.refused("GET", url.replace("output/0", "output/9"), key=None, status=404, code="resource_not_found")
    api.clock.advance(seconds=7 * 24 * 3600)
    api.refused("GET", url, key=None, status=410, code="output_expired")


@pytest.mark.parametrize("version", ["2026-05-15", "2026-05-14", "2024-02-29", "0001-01-01"])
def test_ver_3_a_prior_date_exists(make_api: Callable[..., Api], version: str) -> None:
    """It is accepted on all calls, and the version that is applied is the one that there is."""
    api = make_api(readings={"ver-3": "prior_dates"})
    headers = {"Aurous-Version": version}

    listed, created = api.get("/v1/images", headers=headers), api.post("/v1/images", json=IMAGE, headers=headers)

    assert (listed.status, created.status) == (200, 201)
    assert listed.headers["Aurous-Version"] == created.json["aurous_version"] == "2026-05-15"


@pytest.mark.parametrize(
    "version", ["2026-05-16", "2026-5-14", "20260514", "2026-W19-4", "2025-02-29", "2026-05-14T00:00:00", "v1", ""]
)
def test_ver_3_what_is_no_prior_date_does_not(make_api: Callable[..., Api], version: str) -> None:
    """A later date, a day that never was and another form are refused under both readings."""
    for reading in READINGS["ver-3"]:
        make_api(readings={"ver-3": reading}).refused(
            "GET",
            "/v1/images",
            headers={"Aurous-Version": version},
            status=400,
            code="unknown_version",
            param="Aurous-Version",
        )
