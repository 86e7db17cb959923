from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings

from careful import CarefulClient
from pytest_aurous import Aurous, AurousCrash, BadDay, Script
from pytest_aurous.hypothesis import bad_days, characters, scripts


@settings(deadline=None, max_examples=25)
@given(day=bad_days(operations="characters.create"))
def test_nothing_is_paid_twice(aurous: Aurous, day: BadDay) -> None:
    """Whatever goes wrong, at most one character is paid for."""
    client = CarefulClient()
    with aurous.day(day), suppress(httpx.TransportError, AurousCrash):
        client.create("Aurora", key="job-1")

    client.create("Aurora", key="job-1")  # once more, now that nothing goes wrong
    assert len(aurous.characters) == 1


@pytest.mark.parametrize(
    "day", [BadDay("characters.create#1 lost", "characters.create#2 unavailable")]
)
def test_a_day_that_was_found(aurous: Aurous, day: BadDay) -> None:
    """The retries have the same key, so they create no other character."""
    with aurous.day(day):
        response = CarefulClient().create("Aurora", key="job-1")

    assert response.headers["Aurous-Idempotent-Replayed"] == "true"
    assert aurous.calls.count("characters.create") == 3


@settings(deadline=None, max_examples=25)
@given(body=characters(), script=scripts())
def test_any_character_ends_well(
    aurous: Aurous, body: dict[str, object], script: Script
) -> None:
    """Any body is accepted, and a client that polls sees the end of any script."""
    aurous.script(script)
    with aurous.client() as client, aurous.day(BadDay()):
        character = client.post("/v1/characters", json=body).json()
        for _ in range(100):
            seen = client.get(f"/v1/characters/{character['id']}")
            if seen.status_code == 404 or seen.json()["status"] != "synthesizing":
                break
            aurous.clock.advance(seconds=10)
        else:
            raise AssertionError("it never ends")
