"""Keys, teams and credits: auth-1 to auth-8, cred-1 to cred-5."""

import copy
import pickle
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import pytest

from pytest_aurous import ApiKey, Aurous, AurousError
from tests.conftest import SYNTHESIS, Api, price

BALANCE: Final = "/v1/balance"
KEY: Final = re.compile(r"al_live_[0-9a-f]{64}")
PRICE: Final = price("/v1/characters", **SYNTHESIS)


@pytest.mark.parametrize(
    "header",
    ["X-Api-Key: {}", "x-api-key: {}", "X-API-KEY: {}", "Authorization: Bearer {}", "authorization: bearer {}"],
)
def test_auth_1_a_key_travels_in_either_header(api: Api, header: str) -> None:
    """`X-Api-Key` and its alias both carry the key, in any case."""
    name, _, value = header.format(api.aurous.api_key).partition(": ")

    assert api.get(BALANCE, key=None, headers={name: value}).status == 200


def test_auth_1_x_api_key_decides_where_both_are(api: Api) -> None:
    """Of two keys the one in `X-Api-Key` counts, to let in and to keep out."""
    key = api.aurous.api_key

    assert api.get(BALANCE, key=key, headers={"Authorization": "Bearer wrong"}).status == 200
    api.refused(
        "GET", BALANCE, key="wrong", headers={"Authorization": f"Bearer {key}"}, status=401, code="invalid_api_key"
    )


def test_auth_2_accepts_only_its_own_keys(api: Api) -> None:
    """A key that this fake did not issue is unknown, in either header, even where another fake issued it."""
    for key in ("x", f"al_live_{'0' * 64}", Aurous(seed=1).api_key):
        for sent in ({"key": key}, {"key": None, "headers": {"Authorization": f"Bearer {key}"}}):
            response = api.refused("GET", BALANCE, status=401, code="invalid_api_key", **sent)
            assert f"{key} " not in response.json["error"]["message"]


@dataclass
class Config:
    """What a project may keep a key in."""

    key: str


@pytest.mark.parametrize(
    "copied",
    [
        lambda config: copy.deepcopy(config).key,
        lambda config: pickle.loads(pickle.dumps(config)).key,  # noqa: S301 - our own
        lambda config: asdict(config)["key"],
    ],
    ids=["deepcopy", "pickle", "asdict"],
)
def test_a_key_is_copied_as_the_string_that_it_is(api: Api, copied: Callable[[Config], str]) -> None:
    """Settings that hold a key can be copied; the copy is plain, equal, and opens what the key opens."""
    key = copied(Config(api.aurous.api_key))

    assert type(key) is str
    assert key == api.aurous.api_key
    assert api.get(BALANCE, key=key).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": ""},
        {"X-Api-Key": "  "},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic {key}"},
        {"Authorization": "{key}"},
    ],
    ids=str,
)
def test_auth_3_asks_for_a_key(api: Api, headers: dict[str, str]) -> None:
    """Without a key, or with one in no form that counts, the key is missing."""
    headers = {name: value.format(key=api.aurous.api_key) for name, value in headers.items()}

    api.refused("GET", BALANCE, key=None, headers=headers, status=401, code="missing_api_key")


@pytest.mark.parametrize("scope", ["write", "full"])
def test_auth_5_writing_needs_write(api: Api, scope: str) -> None:
    """Keys of scope ``write`` and ``full`` may read and change."""
    key = api.team.add_key(scope)  # type: ignore[arg-type]
    character = api.characters.add(status="reviewing")

    assert key.scope == scope
    assert api.post(f"/v1/characters/{character.id}/save", key=key).status == 200
    assert api.get(f"/v1/characters/{character.id}", key=key).status == 200


def test_auth_6_teams_share_nothing(api: Api) -> None:
    other = api.aurous.teams.add("Rivals", credits=50)
    api.aurous.script("synthesizing! -> reviewing")
    assert api.post("/v1/characters", json=SYNTHESIS, key=other.api_key).status == 201

    assert (len(other.characters), len(api.characters)) == (1, 0)
    assert (other.credits, other.held_credits, other.available_credits) == (50, PRICE, 50 - PRICE)
    assert api.money() == (1000, 0)
    prefix, _, ulid = other.id.partition("_")
    assert (prefix, len(ulid)) == ("team", 26)


def test_auth_8_a_rotated_key_lives_24_hours_on(api: Api) -> None:
    """Beside the new key the old one works for a day, then it is a 401; the new one has its scope."""
    old = api.team.add_key("read")
    new = old.rotate()
    assert isinstance(new, ApiKey)
    assert new.scope == old.scope == "read"
    api.clock.advance(seconds=24 * 3600 - 1)
    assert [api.get(BALANCE, key=key).status for key in (old, new)] == [200, 200]

    api.clock.advance(seconds=1)

    api.refused("GET", BALANCE, key=old, status=401, code="invalid_api_key")
    assert api.get(BALANCE, key=new).status == 200


def test_cred_1_tells_the_balance(make_api: Callable[..., Api]) -> None:
    """The balance has five fields, and `credits` is held and available together."""
    api = make_api(credits=100.5)
    api.synthesize("synthesizing! -> reviewing")

    assert api.get(BALANCE).json == {
        "credits": 100.5,
        "held_credits": PRICE,
        "available_credits": 100.5 - PRICE,
        "currency": "credit",
        "billing_mode": "metered",
    }


@pytest.mark.parametrize(
    ("end", "charged"), [("reviewing", True), ("ready", True), ("failed", False), ("deleted", False)]
)
def test_cred_2_cred_4_cred_5_a_hold_is_charged_or_given_back(api: Api, end: str, *, charged: bool) -> None:
    """A good end of a synthesis charges its hold, any other gives it back."""
    character = api.synthesize(f"synthesizing! -> {end}")
    assert api.money() == (1000, PRICE)

    character.advance()

    assert api.money() == (1000 - PRICE * charged, 0)


def test_a_team_shows_its_money_and_can_be_given_some(api: Api) -> None:
    """`team` has the credits now, and a test may set them."""
    api.synthesize("synthesizing:10s -> reviewing")
    team = api.team
    assert (team.credits, team.held_credits, team.available_credits) == (1000, PRICE, 1000 - PRICE)

    api.clock.advance(seconds=10)
    assert (team.credits, team.held_credits, team.available_credits) == (1000 - PRICE, 0, 1000 - PRICE)

    team.credits = 12.5
    assert api.get(BALANCE).json["available_credits"] == 12.5
    assert repr(team) == f"<Team {team.id} 'Acme Studio' 12.5 credits>"


def test_teams_are_a_collection(api: Api) -> None:
    """The default team is the first, others get a name and a key of their own."""
    named, unnamed = api.aurous.teams.add("Rivals"), api.aurous.teams.add()

    assert list(api.aurous.teams) == [api.team, named, unnamed]
    assert (api.aurous.teams.last, len(api.aurous.teams)) == (unnamed, 3)
    assert (named.name, unnamed.name) == ("Rivals", "Team 3")
    assert api.aurous.teams[named.id].credits == 1000
    assert named.api_key != unnamed.api_key


def test_add_takes_a_team_and_not_its_name(api: Api) -> None:
    """A name or an id in the place of a team is refused, with what to give."""
    with pytest.raises(AurousError, match="team"):
        api.characters.add(team="Beta")  # type: ignore[arg-type]


def test_a_team_has_its_own_rows(api: Api) -> None:
    """Those that are added to it, wherever; `aurous` has the default team's."""
    other = api.aurous.teams.add()
    mine, theirs, also = api.characters.add(), other.characters.add(), api.characters.add(team=other)

    assert list(api.team.characters) == list(api.characters) == [mine]
    assert list(other.characters) == [theirs, also]
    assert api.team.characters.get(theirs.id) is None
    upload, image = other.uploads.add(), api.aurous.images.add(team=other)
    assert (list(api.team.uploads), list(other.uploads)) == ([], [upload])
    assert (list(api.team.images), list(other.images)) == ([], [image])


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda api: api.team.add_key("admin"), "scope='admin'"),
        (lambda api: api.aurous.teams.add(billing_mode="free"), "billing_mode='free'"),
    ],
    ids=["scope", "billing mode"],
)
def test_an_impossible_team_is_the_tests_error(api: Api, call: Callable[[Api], object], word: str) -> None:
    """A scope or a billing mode that does not exist is refused."""
    state = api.state()

    with pytest.raises(AurousError, match=word):
        call(api)

    assert api.state() == state


@pytest.mark.parametrize("amount", ["x", -5, -0.5, float("nan"), float("inf"), None], ids=repr)
def test_credits_that_nobody_can_have_are_the_tests_error(api: Api, amount: Any) -> None:
    """Neither a new team nor the present one gets them, and nothing has changed."""
    with pytest.raises(AurousError, match="credits="):
        api.aurous.teams.add(credits=amount)
    with pytest.raises(AurousError, match="credits="):
        api.team.credits = amount

    assert (len(api.aurous.teams), api.money()) == (1, (1000, 0))
