import httpx
import pytest

from publisher import publish
from pytest_aurous import Aurous

pytestmark = pytest.mark.aurous(now="2026-05-08T10:00:00Z", credits=4)


@pytest.mark.aurous(
    script="synthesizing*2 -> failed ; synthesizing -> reviewing", credits=8
)
def test_settings_by_marker(aurous: Aurous) -> None:
    """The clock comes from the module's marker, script and credits from the test's."""
    publish("Aurora", {"age": 28})

    assert aurous.characters.last.created_at == "2026-05-08T10:00:00Z"
    assert aurous.team.credits == 4


@pytest.mark.aurous(readings={"get-2": "readable"})
def test_the_other_reading(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Where the documentation contradicts itself, a test can choose the reading."""
    character = aurous.characters.add(status="deleted")

    response = aurous_client.get(f"/v1/characters/{character.id}")

    assert response.json()["status"] == "deleted"
