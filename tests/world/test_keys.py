import re

import pytest

from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.keys import Keyring, fake_key
from pytest_aurous._core.world.settings import Settings
from pytest_aurous._core.world.state import State
from pytest_aurous._core.world.world import World

DAY = 24 * 3600.0


@pytest.fixture(name="keys")
def _keys() -> Keyring:
    return Keyring(State(), "invalid_api_key")


def refused(keys: Keyring, headers: dict[str, str], now: float = 0.0) -> tuple[int, str]:
    with pytest.raises(ApiProblem) as caught:
        keys.authenticate(headers, now)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("random", [0, 2**64 - 1])
def test_auth_2_a_key_has_the_documented_form_and_looks_fake(random: int) -> None:
    """`al_live_` and 64 hex digits, which begin with a word that no real key will."""
    key = fake_key(random)

    assert re.fullmatch(r"al_live_[0-9a-f]{64}", key)
    assert key.startswith("al_live_fa4efa4e")


def test_a_key_that_is_given_leaves_no_other_its_place(keys: Keyring) -> None:
    """Else the key that the documentation shows would be the second one, also of a server for other machines."""
    keys.issue("team_a", "write", "al_live_mine")

    assert keys.issue("team_a", "write") != Keyring(State(), "invalid_api_key").issue("team_a", "write")


@pytest.mark.parametrize(
    ("reading", "words"), [("invalid_api_key", "is not valid"), ("revoked_api_key", "has been revoked")]
)
def test_auth_4_a_revoked_key_is_refused_by_the_chosen_reading(reading: str, words: str) -> None:
    """The code of a dead key is the setting's, and the message goes with it; unknown keys keep theirs."""
    keys = World(Settings(readings={"auth-4": reading})).keys
    key = keys.issue("team_a", "write")
    keys.end(key, 50.0)
    assert keys.authenticate({"x-api-key": key}, 49.9).team == "team_a"

    with pytest.raises(ApiProblem, match=words) as caught:
        keys.authenticate({"x-api-key": key}, 50.0)

    assert (caught.value.status, caught.value.code) == (401, reading)
    assert refused(keys, {"x-api-key": "other"}) == (401, "invalid_api_key")


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
