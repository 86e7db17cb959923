import httpx
import pytest

from publisher import publish_pictures
from pytest_aurous import Aurous


def test_teams_are_isolated(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """A record of another team gets the same 404 as one that does not exist."""
    rivals = aurous.teams.add("Rivals", credits=20)
    theirs = rivals.characters.add("Borealis")

    refused = aurous_client.get(f"/v1/characters/{theirs.id}")
    seen = aurous_client.get(
        f"/v1/characters/{theirs.id}", headers={"X-Api-Key": rivals.api_key}
    )

    assert refused.json()["error"]["code"] == "resource_not_found"
    assert seen.json()["name"] == "Borealis"


def test_the_application_under_another_key(
    aurous: Aurous, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the request decides which team owns the character."""
    rivals = aurous.teams.add("Rivals")
    monkeypatch.setenv("AUROUS_API_KEY", rivals.api_key)
    aurous.uploads.pose("front")

    publish_pictures("Borealis", {"face.png": b"..."})

    assert [character.name for character in rivals.characters] == ["Borealis"]
    assert len(aurous.characters) == 0


def test_a_key_that_may_only_read(aurous: Aurous) -> None:
    """A key has a scope, and can be revoked."""
    key = aurous.team.add_key(scope="read")
    with aurous.client(headers={"X-Api-Key": key}) as api:
        assert api.get("/v1/characters").status_code == 200
        assert api.post("/v1/characters", json={}).status_code == 403

        key.revoke()

        assert api.get("/v1/characters").status_code == 401
