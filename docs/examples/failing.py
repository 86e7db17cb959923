"""A test that fails, to show its report. Its name keeps it out of the suite."""

from contextlib import suppress

import httpx
import pytest

from pytest_aurous import Aurous

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


@pytest.mark.aurous(now="2026-05-08T10:00:00Z", credits=10)
def test_a_character_is_paid_once(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """It is paid twice: neither attempt has a key."""
    aurous.faults.disconnect("characters.create", commit=True)
    with suppress(httpx.TransportError):
        aurous_client.post("/v1/characters", json=BODY)
    character = aurous_client.post("/v1/characters", json=BODY).json()
    aurous.clock.advance(seconds=30)
    aurous_client.post(f"/v1/characters/{character['id']}/save")
    httpx.get(f"{aurous.base_url}/v1/balance")

    left = aurous.team.available_credits
    assert left == 6
