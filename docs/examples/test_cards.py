import httpx
import pytest

from cards import card, publish
from pytest_aurous import Aurous

BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


@pytest.mark.aurous(sleep="skip")
def test_publishes(aurous_client: httpx.Client) -> None:
    character = aurous_client.post("/v1/characters", json=BODY).json()

    assert publish(aurous_client, f"/v1/characters/{character['id']}") == "ready"


@pytest.mark.aurous(now="2026-05-08T10:00:00Z")
def test_shows_the_time(aurous: Aurous, aurous_client: httpx.Client) -> None:
    character = aurous.characters.add("Aurora")

    shown = card(aurous_client, f"/v1/characters/{character.id}")
    assert shown == "Aurora, changed at 10:00"
