import pytest

from publisher import publish_pictures
from pytest_aurous import Aurous


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
