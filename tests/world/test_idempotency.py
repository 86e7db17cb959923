"""Idempotency keys, through the pipeline: idem-1 to idem-8, as far as characters go, and rate-5."""

from typing import Any, Final, NamedTuple

import pytest

from tests.conftest import TICKET, Api, Response, price

DAY: Final = 24 * 3600
SYNTHESIS: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28, "gender": "female"}}
REPLAYED: Final = "Aurous-Idempotent-Replayed"


class Paid(NamedTuple):
    """A call that honors a key."""

    path: str
    body: Any
    other: Any


PAID: Final = {
    "create": Paid("/v1/characters", SYNTHESIS, {**SYNTHESIS, "name": "Boreas"}),
    "resynthesize": Paid("/v1/characters/{id}/resynthesize", {"force_all": True}, {"force_all": False}),
    "regenerate": Paid("/v1/characters/{id}/refs/regenerate", {"pose": "front"}, {"pose": "back"}),
}


def keyed(key: str, name: str = "Idempotency-Key") -> dict[str, str]:
    return {name: key}


def create(api: Api, idempotency_key: str, **sent: Any) -> Response:
    return api.post("/v1/characters", **{"json": SYNTHESIS, "headers": keyed(idempotency_key), **sent})


def in_use(api: Api, path: str, **sent: Any) -> None:
    response = api.refused("POST", path, headers=keyed("k"), status=409, code="idempotency_key_in_use", **sent)
    assert "Retry-After" not in response.headers


@pytest.fixture(name="api")
def _api(api: Api) -> Api:
    """A fake in which every synthesis goes on until the test ends it."""
    api.aurous.script("synthesizing! -> reviewing")
    return api


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "Aurous-Idempotent-Key", "Aurous-Idempotency-Key", "idempotency-KEY"]
)
def test_idem_1_the_header_has_aliases(api: Api, name: str) -> None:
    first = create(api, "k")
    second = create(api, "k", headers=keyed("k", name))

    assert (second.body, second.headers[REPLAYED]) == (first.body, "true")


def test_idem_1_the_documented_name_decides(api: Api) -> None:
    """Where several names come along, `Idempotency-Key` is the one that counts."""
    create(api, "k")
    both = {**keyed("k"), **keyed("another", "Aurous-Idempotent-Key")}

    assert REPLAYED in create(api, "", headers=both).headers


@pytest.mark.parametrize("length", [0, 257])
@pytest.mark.parametrize("name", ["Idempotency-Key", "Aurous-Idempotent-Key"])
def test_idem_1_a_key_of_another_length_is_refused(api: Api, length: int, name: str) -> None:
    """Outside 1 to 256 characters it is a 400 that names the header; the shortest and the longest key replay."""
    sent: dict[str, Any] = {"json": SYNTHESIS, "headers": keyed("x" * length, name)}

    api.refused("POST", "/v1/characters", status=400, code="invalid_format", param="Idempotency-Key", **sent)

    for whole in ("x", "x" * 256):
        assert [create(api, whole).headers.get(REPLAYED) for _ in range(2)] == [None, "true"]


@pytest.mark.parametrize("call", PAID)
def test_idem_2_paid_calls_honor_a_key(api: Api, call: str) -> None:
    """Synthesis, resynthesis and one pose are replayed, and paid for once."""
    character = api.characters.add()
    path, body, _ = PAID[call]

    first, second = (api.post(path.format(id=character.id), json=body, headers=keyed("k")) for _ in range(2))

    assert first.status in {200, 201}
    assert (second.status, second.body) == (first.status, first.body)
    assert (first.headers.get(REPLAYED), second.headers[REPLAYED]) == (None, "true")
    assert api.money() == (1000, price(path, **body))
    assert [(call.replayed, call.committed) for call in api.aurous.calls] == [(False, True), (True, False)]


@pytest.mark.parametrize("key", ["k", "", "x" * 257])
@pytest.mark.parametrize("call", ["upload flow", "save", "update", "delete", "init", "classify", "get"])
def test_idem_2_other_calls_ignore_a_key(api: Api, call: str, key: str) -> None:
    """Elsewhere a key is neither kept nor compared nor measured."""
    character = api.characters.add(status="reviewing")
    uploads = [api.uploads.add(), api.uploads.add()]
    path = f"/v1/characters/{character.id}"
    create(api, "k")

    def send(number: int) -> Response:
        sends: dict[str, tuple[str, str, Any]] = {
            "upload flow": ("POST", "/v1/characters", {"name": "A", "upload_ids": [uploads[number].id]}),
            "save": ("POST", f"{path}/save", None),
            "update": ("PATCH", path, {"name": f"A{number}"}),
            "delete": ("DELETE", path, None),
            "init": ("POST", "/v1/characters/uploads/init", TICKET),
            "classify": ("POST", "/v1/characters/uploads/classify", {"upload_id": uploads[number].id}),
            "get": ("GET", path, None),
        }
        method, url, body = sends[call]
        return api.send(method, url, json=body, headers=keyed(key))

    responses = [send(0), send(1)]

    assert not any(REPLAYED in response.headers for response in responses)
    assert {response.status for response in responses} <= ({200, 404} if call == "delete" else {200, 201})


def test_idem_3_the_stored_response_comes_again_whatever_has_become_of_the_record(api: Api) -> None:
    """A replay is the first response, byte by byte, even if the character is gone meanwhile."""
    first = create(api, "k")
    api.characters[first.json["id"]].delete()
    before = api.state()

    again = create(api, "k")

    assert (again.status, again.body, again.headers[REPLAYED]) == (201, first.body, "true")
    assert again.headers["Content-Type"] == "application/json"
    assert api.state() == before


@pytest.mark.parametrize(
    ("body", "same"),
    [
        (b'{"attributes": {"gender": "female", "age": 28}, "generate": true, "name": "Aurora"}', True),
        (b'{"name":"\\u0041urora","generate":true,"attributes":{"age":28,"gender":"female"}}', True),
        (b'{"name":"aurora","generate":true,"attributes":{"age":28,"gender":"female"}}', False),
        (b'{"name":"Aurora","generate":true,"attributes":{"age":29,"gender":"female"}}', False),
    ],
    ids=["order", "escapes", "name", "inside"],
)
def test_idem_3_bodies_are_compared_as_json(api: Api, body: bytes, same: bool) -> None:  # noqa: FBT001
    """Order of keys and white space make no difference, at any depth; values do."""
    create(api, "k")

    again = create(api, "k", json=None, content=body)

    assert (again.status, REPLAYED in again.headers) == ((201, True) if same else (409, False))


def test_idem_3_keys_belong_to_a_team(api: Api) -> None:
    """Two keys of one team share them; another team's same key is fresh (auth-6)."""
    first = create(api, "k")
    colleague = create(api, "k", key=api.team.add_key())
    stranger = create(api, "k", key=api.aurous.teams.add().api_key)

    assert (colleague.body, colleague.headers[REPLAYED]) == (first.body, "true")
    assert (stranger.status, REPLAYED in stranger.headers) == (201, False)
    assert stranger.json["id"] != first.json["id"]


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b'{"pose": "\xff"}', b"[" * 100_000], ids=["{", "list", "latin", "deep"]
)
def test_idem_4_a_body_that_cannot_be_read_is_refused_as_without_a_key(api: Api, content: bytes) -> None:
    """A first attempt with a broken body is a 400, and leaves the key fresh."""
    path = f"/v1/characters/{api.characters.add().id}/refs/regenerate"

    assert api.post(path, content=content, headers=keyed("k")).status == 400
    assert api.post(path, json={"pose": "front"}, headers=keyed("k")).status == 200


def test_idem_4_after_a_4xx_the_call_is_evaluated_anew(api: Api) -> None:
    """What was refused for want of credits succeeds with the same key once there are some, with another body too."""
    api.team.credits = 0
    assert create(api, "k").status == create(api, "l").status == 402
    api.team.credits = 1000

    assert [create(api, "k").headers.get(REPLAYED) for _ in range(2)] == [None, "true"]
    assert create(api, "l", json={**SYNTHESIS, "name": "Boreas"}).status == 201


@pytest.mark.parametrize("call", PAID)
@pytest.mark.parametrize("state", ["as it was", "deleted"])
def test_idem_6_another_body_is_a_conflict(api: Api, call: str, state: str) -> None:
    """The key stands for one body, and that is decided before the state of the resource; the first replays on."""
    character = api.characters.add()
    template, body, other = PAID[call]
    path, cost = template.format(id=character.id), price(template, **body)
    api.post(path, json=body, headers=keyed("k"))
    if state == "deleted":
        cost = cost if call == "create" else 0  # cred-5: the hold of what is deleted in flight is released
        character.delete()

    in_use(api, path, json=other)

    assert REPLAYED in api.post(path, json=body, headers=keyed("k")).headers
    assert api.money() == (1000, cost)


def test_idem_6_another_route_is_a_conflict(api: Api) -> None:
    """The path as sent belongs to the call: another character is another route, and so is one that does not exist."""
    one, two = api.characters.add(), api.characters.add()
    api.post(f"/v1/characters/{one.id}/resynthesize", headers=keyed("k"))

    for path in (f"{two.id}/resynthesize", f"{one.id}/refs/regenerate", "char_x/resynthesize"):
        in_use(api, f"/v1/characters/{path}")
    assert two.status == "ready"


def test_idem_8_a_replay_does_not_lengthen_the_day(api: Api) -> None:
    create(api, "k")
    api.clock.advance(seconds=DAY - 1)
    assert REPLAYED in create(api, "k").headers
    api.clock.advance(seconds=1)

    assert REPLAYED not in create(api, "k").headers


def test_rate_5_a_replay_spends_a_token_and_has_its_own_request_id(api: Api) -> None:
    """To the limits and to support a replay is a call like any other."""
    responses = [create(api, "k") for _ in range(3)]

    assert [response.headers["X-RateLimit-Remaining"] for response in responses] == ["11", "10", "9"]
    assert len({response.headers["Aurous-Request-Id"] for response in responses}) == 3
