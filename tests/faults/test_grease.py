"""Grease: responses with what a later version of the API may add, by the setting and by the fault."""

import json
from collections.abc import Callable
from typing import Any, Final, cast

import pytest

from pytest_aurous import AurousUnfiredFault
from pytest_aurous._report.timeline import colored, timeline
from tests.conftest import SYNTHESIS, TICKET, Api, price

MakeApi = Callable[..., Api]

OF_THE_USER: Final = {"attributes", "metadata", "upload_headers"}
ENDPOINT: Final = {"url": "https://a.example", "events": ["image.completed"], "metadata": {"status": "mine"}}

kinds = pytest.mark.parametrize("kind", ["fields", "all"])


def plain(content: Any) -> Any:
    """Check that each object has one unknown field, and return the content without them."""
    if isinstance(content, list):
        return [plain(item) for item in cast("list[Any]", content)]  # type: ignore[redundant-cast]  # for pyright
    if not isinstance(content, dict):
        return content
    fields = cast("dict[str, Any]", content)
    unknown = [name for name in fields if name.startswith("grease_")]
    assert len(unknown) == 1, fields
    return {
        name: value if name in OF_THE_USER else plain(value) for name, value in fields.items() if name not in unknown
    }


REQUESTS: Final[dict[str, tuple[str, str, Any]]] = {
    "record": ("POST", "/v1/characters", SYNTHESIS),
    "list": ("GET", "/v1/characters", None),
    "bare list": ("GET", "/v1/loras", None),
    "nested": ("GET", "/v1/pricing", None),
    "refused": ("POST", "/v1/characters", {}),
    "not found": ("GET", "/v1/characters/char_1", None),
    "unmatched": ("GET", "/v1/nothing", None),
    "metadata": ("POST", "/v1/webhook_endpoints", ENDPOINT),
    "upload headers": ("POST", "/v1/characters/uploads/init", TICKET),
}


@pytest.mark.parametrize(
    ("request_of", "by_fault"),
    [(name, by_fault) for name in REQUESTS for by_fault in (False, True) if (name, by_fault) != ("unmatched", True)],
)
def test_each_object_has_an_unknown_field(make_api: MakeApi, request_of: str, by_fault: bool) -> None:  # noqa: FBT001
    """In records, lists, what they contain, and errors; only the maps of the user stay as they are."""
    method, path, body = REQUESTS[request_of]
    greased, twin = make_api(grease="off" if by_fault else "fields"), make_api()
    if by_fault:  # of an operation, which an unmatched request has not
        greased.aurous.faults.greased("*")
    for api in (greased, twin):
        api.characters.add("Aurora", attributes={"age": 30})

    response, usual = (api.send(method, path, json=body) for api in (greased, twin))

    assert plain(response.json) == usual.json
    assert response.status == usual.status
    assert response.headers["Content-Length"] == str(len(response.body))


def test_an_open_enum_has_an_unknown_value(make_api: MakeApi) -> None:
    """The vendor says that `billing_mode` may get other values."""
    greased = make_api(grease="fields").get("/v1/balance").json

    assert greased["billing_mode"].startswith("grease_")
    assert plain(greased) == make_api().get("/v1/balance").json | {"billing_mode": greased["billing_mode"]}


@kinds
def test_with_all_each_status_is_unknown_too(make_api: MakeApi, kind: str) -> None:
    """A status that no page names, in a record alone or in a list; in the maps of the user nothing changes."""
    api = make_api(grease=kind)
    api.characters.add()
    endpoint = api.post("/v1/webhook_endpoints", json=ENDPOINT).json
    listed = api.get("/v1/characters").json["data"][0]
    one = api.get(f"/v1/characters/{listed['id']}").json

    assert [row["status"].startswith("grease_") for row in (listed, one)] == [kind == "all"] * 2
    assert endpoint["metadata"] == {"status": "mine"}
    assert api.characters.last.status == "ready"


@pytest.mark.parametrize("commit", [False, True])
def test_only_the_wire_is_changed(api: Api, commit: bool) -> None:  # noqa: FBT001
    """The request takes effect, the record is as it would be, and the next response has nothing unknown."""
    fault = api.aurous.faults.greased("characters.create", "all", commit=commit)

    created = api.post("/v1/characters", json=SYNTHESIS).json

    record = api.characters.last
    assert plain(created) == record.json() | {"status": created["status"]}
    held = price("/v1/characters", **SYNTHESIS)
    assert (created["status"] != record.status, record.status, api.money()) == (True, "synthesizing", (1000, held))
    call = api.aurous.calls.last
    assert (call.committed, fault.fired, call.fault) == (True, 1, "greased (all)" + ", committed" * commit)
    assert api.get(f"/v1/characters/{record.id}").json == record.json()


@pytest.mark.parametrize("by_fault", [False, True])
def test_a_replay_is_greased_as_well(make_api: MakeApi, by_fault: bool) -> None:  # noqa: FBT001
    """The API stores its own response; each replay gets an unknown field of its own."""
    api = make_api(grease="off" if by_fault else "fields")
    if by_fault:
        api.aurous.faults.greased("characters.create", times=2)
    sent: dict[str, Any] = {"json": SYNTHESIS, "headers": {"Idempotency-Key": "a"}}

    first, again = api.post("/v1/characters", **sent), api.post("/v1/characters", **sent)

    assert api.aurous.calls.last.replayed
    assert plain(again.json) == plain(first.json)
    assert again.body != first.body


def bytes_of(api: Api) -> list[bytes]:
    return [api.get("/v1/balance").body for _ in range(20)]


def test_the_same_seed_draws_the_same_bytes(make_api: MakeApi) -> None:
    """On each Python, too: these never change. Each response has its own field, and another seed draws others."""
    drawn = bytes_of(make_api(grease="fields", seed=1))

    assert drawn == bytes_of(make_api(grease="fields", seed=1))
    assert drawn != bytes_of(make_api(grease="fields", seed=2))
    assert len({*drawn}) == 20
    assert [list(json.loads(body).items())[-1] for body in drawn[:4]] == [
        ("grease_9f64", 0.5),
        ("grease_699e", {"grease_699e": True}),
        ("grease_ca48", "grease_ca48"),
        ("grease_5db5", 0.5),
    ]


def test_a_restore_draws_the_same_again(make_api: MakeApi) -> None:
    """Grease is part of a snapshot, as all chance is; a fault draws from it as the setting does."""
    api = make_api(grease="fields")
    bytes_of(api)
    before = api.aurous.snapshot()
    drawn = bytes_of(api)
    api.aurous.restore(before)

    assert bytes_of(api) == drawn

    twin, other = make_api(seed=3), make_api(grease="fields", seed=3)
    twin.aurous.faults.greased("*", times=20)
    assert bytes_of(twin) == bytes_of(other)


@kinds
def test_the_payloads_of_webhooks_are_greased(make_api: MakeApi, kind: str) -> None:
    """For an endpoint and for the URL of a request, as sent and signed; a retry sends the same again."""
    received: dict[str, list[Any]] = {kind: [], "off": []}
    for setting in (kind, "off"):
        api = make_api(grease=setting, seed=1, now="2026-05-08T10:00:00Z")
        api.aurous.webhooks.deliver_to(received[setting].append)
        api.aurous.webhooks.deliver_to(received[setting].append, url="https://b.example/hook")
        order = {"prompt": "A portrait", "webhook_url": "https://b.example/hook"}
        assert api.post("/v1/images", json=order).status == 201
        api.aurous.images.last.finish()
        api.aurous.webhooks.flush()

    assert len(received[kind]) == 3
    for one, twin in zip(*received.values(), strict=True):
        assert json.loads(one.body) == one.payload
        found = plain(one.payload)
        assert one.payload["data"]["status"].startswith("grease_") == (kind == "all")
        assert {**found["data"], "status": twin.payload["data"]["status"]} == twin.payload["data"]
        assert found.keys() == twin.payload.keys()


@kinds
def test_a_response_that_is_not_json_stays_as_it_is(make_api: MakeApi, kind: Any) -> None:
    """Pictures, redirects and what a proxy says; there a fault waits for the next response."""
    api, twin = make_api(grease=kind), make_api()
    image, other = api.aurous.images.add(), twin.aurous.images.add()
    fault = twin.aurous.faults.greased("*", kind)

    for one, shown in ((api, image), (twin, other)):
        assert one.get(shown.output_urls[0]).body == shown.picture()
        moved = one.post("/v1/generations", json={"prompt": "A portrait"})
        assert (moved.status, moved.body) == (308, b"")

    assert (fault.fired, fault.outstanding) == (0, True)
    with pytest.raises(AurousUnfiredFault, match="greased"):
        twin.aurous._session.verdict.judge()
    twin.get("/v1/balance")
    assert fault.fired == 1


def test_other_faults_spoil_the_greased_response(make_api: MakeApi) -> None:
    """The setting is what the API does, a fault what happens to that: an error has an unknown field."""
    api = make_api(grease="fields")
    api.aurous.faults.status("balance.retrieve", 503)
    api.aurous.faults.malformed("balance.retrieve", "html")
    api.aurous.faults.status("balance.retrieve", 503, headers={"content-type": "text/plain"})

    assert plain(api.get("/v1/balance").json)["error"]["code"] == "provider_unavailable"
    assert api.get("/v1/balance").body.startswith(b"<html>")
    assert b"grease_" not in api.get("/v1/balance").body


@kinds
def test_the_timeline_shows_that_responses_are_greased(make_api: MakeApi, kind: Any) -> None:
    """The fault below its call, the setting beside the seed."""
    api = make_api(grease=kind)
    api.aurous.faults.greased("balance.retrieve", kind)
    api.get("/v1/balance")

    text = timeline(api.app)

    assert f"GET    /v1/balance -> 200 (greased ({kind}))" in text
    shown = text.splitlines()[-1]
    assert shown.startswith("grease: ")
    assert ("unknown status" in shown) == (kind == "all")
    assert colored(text).endswith(f"\x1b[36m{shown}\x1b[0m")


@kinds
def test_code_that_was_shown_no_end_may_poll_on(make_api: MakeApi, kind: Any) -> None:
    """Pitfalls go by what the client saw, and so does the timeline when it folds polls."""
    api = make_api(grease=kind)
    for status in ("failed", "ready"):
        character = api.characters.add(status=status)
        for _ in range(6):
            api.get(f"/v1/characters/{character.id}")

    assert ("x 6, 0 s" in timeline(api.app)) == (kind == "fields")
    assert [pitfall.id for pitfall in api.aurous.pitfalls] == {"fields": ["endless-poll"], "all": []}[kind]
