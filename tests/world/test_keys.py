import re

import pytest

from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.keys import SCOPES, Keyring, Scope, fake_key, require_scope
from pytest_aurous._core.world.state import State

DAY = 24 * 3600.0


@pytest.fixture(name="keys")
def _keys() -> Keyring:
    return Keyring(State(), "invalid_api_key")


def refused(keys: Keyring, headers: dict[str, str], now: float = 0.0) -> tuple[int, str]:
    with pytest.raises(ApiProblem) as caught:
        keys.authenticate(headers, now)
    return caught.value.status, caught.value.code


def test_auth_1_the_key_travels_in_its_own_header_or_as_a_bearer(keys: Keyring) -> None:
    """`X-Api-Key` and `Authorization: Bearer` open the same team, whatever the case of the scheme."""
    key = keys.issue("team_a", "write")

    for headers in (
        {"x-api-key": key},
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key} "},
        {"x-api-key": key, "authorization": "Bearer nonsense"},
    ):
        assert keys.authenticate(headers, 0.0).team == "team_a"


def test_auth_1_x_api_key_decides_where_both_are_sent(keys: Keyring) -> None:
    """A wrong `X-Api-Key` is refused, even beside a good bearer; an empty one is none."""
    bearer = {"authorization": f"Bearer {keys.issue('team_a', 'write')}"}

    assert refused(keys, {"x-api-key": "nonsense", **bearer}) == (401, "invalid_api_key")
    assert refused(keys, {"x-api-key": " ", **bearer}) == (401, "missing_api_key")


@pytest.mark.parametrize("random", [0, 2**64 - 1])
def test_auth_2_a_key_has_the_documented_form_and_looks_fake(random: int) -> None:
    """`al_live_` and 64 hex digits, which begin with a word that no real key will."""
    key = fake_key(random)

    assert re.fullmatch(r"al_live_[0-9a-f]{64}", key)
    assert key.startswith("al_live_fa4efa4e")


def test_auth_2_only_issued_keys_open(keys: Keyring) -> None:
    """A key of the right form that this fake did not issue is unknown; one given to it is known."""
    assert refused(keys, {"x-api-key": fake_key(99)}) == (401, "invalid_api_key")

    assert keys.issue("team_a", "full", "my-own") == "my-own"
    assert keys.authenticate({"x-api-key": "my-own"}, 0.0).scope == "full"


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-api-key": ""}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}, {"authorization": "Bearer "}],
    ids=str,
)
def test_auth_3_no_key_is_missing(keys: Keyring, headers: dict[str, str]) -> None:
    """Without a key, or with another scheme, the code is `missing_api_key`."""
    assert refused(keys, headers) == (401, "missing_api_key")


def test_auth_3_an_unknown_key_is_invalid(keys: Keyring) -> None:
    """What is not a key of this fake is `invalid_api_key`."""
    assert refused(keys, {"x-api-key": "al_live_0"}) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("reading", "words"), [("invalid_api_key", "is not valid"), ("revoked_api_key", "has been revoked")]
)
def test_auth_4_a_revoked_key_is_refused_by_the_chosen_reading(reading: str, words: str) -> None:
    """The code of a dead key is the setting's, and the message goes with it; unknown keys keep theirs."""
    keys = Keyring(State(), reading)
    key = keys.issue("team_a", "write")
    keys.end(key, 50.0)
    assert keys.authenticate({"x-api-key": key}, 49.9).team == "team_a"

    with pytest.raises(ApiProblem, match=words) as caught:
        keys.authenticate({"x-api-key": key}, 50.0)

    assert (caught.value.status, caught.value.code) == (401, reading)
    assert refused(keys, {"x-api-key": "other"}) == (401, "invalid_api_key")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_auth_5_a_read_key_reads_and_the_others_write(keys: Keyring, scope: Scope, method: str) -> None:
    """`read` is enough for every GET; the rest takes `write` or `full`."""
    grant = keys.grant(keys.issue("team_a", scope))

    if scope == "read" and method != "GET":
        with pytest.raises(ApiProblem, match=f"scope read; {method} requests need write or full") as caught:
            require_scope(grant, method)
        assert (caught.value.status, caught.value.code) == (403, "missing_scope")
    else:
        require_scope(grant, method)
        assert grant.scope == scope


def test_auth_6_a_key_stands_for_its_team(keys: Keyring) -> None:
    """Each key leads to its own team, and the first one of a team can be found."""
    first, second = keys.issue("team_a", "write"), keys.issue("team_b", "read")
    third = keys.issue("team_a", "read")

    teams = [keys.authenticate({"x-api-key": key}, 0.0).team for key in (first, second, third)]
    assert teams == ["team_a", "team_b", "team_a"]
    assert (keys.first("team_a"), keys.first("team_b")) == (first, second)


def test_auth_8_a_rotated_key_lives_on_for_a_day(keys: Keyring) -> None:
    """Both keys open for 24 h, then the successor alone, with the scope and team of the first."""
    old = keys.issue("team_a", "read")
    new = keys.rotate(old, 100.0)

    assert new != old
    assert keys.authenticate({"x-api-key": old}, 100.0 + DAY - 0.1).team == "team_a"
    assert refused(keys, {"x-api-key": old}, 100.0 + DAY) == (401, "invalid_api_key")
    assert keys.authenticate({"x-api-key": new}, 100.0 + 9 * DAY) == keys.grant(new)
    assert (keys.grant(new).team, keys.grant(new).scope) == ("team_a", "read")


def test_auth_4_rotating_a_revoked_key_does_not_revive_it(keys: Keyring) -> None:
    """A key that is dead stays dead: a rotation never lengthens a life."""
    old = keys.issue("team_a", "write")
    keys.end(old, 50.0)
    keys.rotate(old, 100.0)

    assert refused(keys, {"x-api-key": old}, 101.0) == (401, "invalid_api_key")


def test_auth_8_rotating_twice_does_not_lengthen_the_day(keys: Keyring) -> None:
    """The 24 h of a rotated key count from its first rotation."""
    old = keys.issue("team_a", "write")
    keys.rotate(old, 0.0)
    keys.rotate(old, 23 * 3600.0)

    assert refused(keys, {"x-api-key": old}, DAY) == (401, "invalid_api_key")
