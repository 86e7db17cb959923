"""A reset begins with other settings, as a marker does; a wrong one changes nothing."""

import pickle
from datetime import datetime, timezone
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousError, AurousSettings

NOW = "2026-05-08T10:00:00Z"
LATER = datetime(2030, 1, 1, tzinfo=timezone.utc)


def test_a_fake_begins_as_one_with_these_settings() -> None:
    """Its people, scripts, credits, clock and URLs are those of a new fake; team and key stay, which clients have."""
    chosen: AurousSettings = {
        "seed": 7, "credits": 10, "script": "synthesizing*5 -> reviewing", "now": LATER, "sparse": "optional",
        "base_url": "https://proxy.test/aurous",
    }  # fmt: skip
    aurous, other = Aurous(now=NOW), Aurous(**chosen)
    team, key = aurous.team.id, aurous.api_key
    aurous.characters.add("Aurora")
    aurous.reset(chosen)

    assert aurous.characters.add().json() == other.characters.add().json()
    assert (aurous.team.credits, aurous.clock.now(), aurous.base_url) == (10, LATER, "https://proxy.test/aurous")
    assert (aurous.team.id, aurous.api_key) == (team, key)
    with aurous.client() as client:
        assert "billing_email" not in client.get("/v1/team").json()
    aurous.reset({})
    assert (aurous.seed, aurous.team.credits, aurous.clock.now().year) == (0, 1000, 2026)


def test_a_dict_keeps_the_other_keys_of_the_start() -> None:
    """As a marker does with those of the ini file; the next reset goes back to the start."""
    aurous = Aurous(readings={"get-2": "readable"})
    aurous.reset({"readings": {"err-6": "global"}})
    assert aurous._session.settings.readings == {"get-2": "readable", "err-6": "global"}
    aurous.reset({"readings": {"get-2": "not_found"}})
    assert aurous._session.settings.readings == {"get-2": "not_found"}
    aurous.reset()
    assert aurous._session.settings.readings == {"get-2": "readable"}


def test_a_snapshot_has_the_settings_of_its_moment() -> None:
    """Also one that was pickled."""
    aurous = Aurous(now=NOW)
    aurous.reset({"rate_limits": "enforce"})
    before = pickle.loads(pickle.dumps(aurous.snapshot()))  # noqa: S301 - our own
    aurous.reset()
    aurous.limits["reads"].exhaust()
    with aurous.client() as client:
        assert client.get("/v1/balance").status_code == 200
        aurous.restore(before)
        aurous.limits["reads"].exhaust()
        assert client.get("/v1/balance").status_code == 429


@pytest.mark.parametrize(
    "settings", [{"credits": -1}, {"credits": 5, "script": "redy"}, {"credits": 5, "observed": __file__}, [1]]
)
def test_a_wrong_setting_changes_nothing(settings: Any) -> None:
    """It is refused as in a marker, and the fake is not reset."""
    aurous = Aurous(now=NOW)
    aurous.characters.add("Aurora")
    with pytest.raises(AurousError):
        aurous.reset(settings)
    assert (len(aurous.characters), aurous.team.credits) == (1, 1000)
