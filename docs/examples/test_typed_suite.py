import httpx
import pytest

from publisher import publish
from pytest_aurous import (
    Aurous,
    AurousSettings,
    Operation,
    aurous_explore,
    aurous_settings,
)

RICH: AurousSettings = {"credits": 100}
POOR: AurousSettings = {"credits": 0}


def test_types_of_fixtures(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The types come from pytest_aurous and httpx; records know their attributes."""
    character = aurous.characters.add("Aurora", status="reviewing")

    aurous_client.post(f"/v1/characters/{character.id}/save")

    name: str = character.name
    assert (name, character.status) == ("Aurora", "ready")


@aurous_settings(script="synthesizing*3 -> reviewing", credits=10)
def test_settings(aurous: Aurous) -> None:
    """The same as @pytest.mark.aurous(...), with names and values that are checked."""
    publish("Aurora", {"age": 28})

    assert aurous.team.credits == 10 - 4


@pytest.mark.parametrize(
    "status", [201, pytest.param(402, marks=aurous_settings(credits=3))]
)
def test_settings_of_one_case(aurous: Aurous, status: int) -> None:
    """It marks a case of a parametrized test as well."""
    order = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}

    response = aurous.client(timeout=3).post("/v1/characters", json=order)

    assert response.status_code == status


@pytest.mark.parametrize("aurous", [RICH, POOR], indirect=True)
def test_settings_as_parameters(aurous: Aurous) -> None:
    """Parametrized over the fixture, the settings are a dict of this type."""
    assert aurous.team.credits in {0, 100}


@aurous_explore(faults=["lost", "unavailable"], laws="pays_once")
def test_explored(aurous: Aurous) -> None:
    """The same as @pytest.mark.aurous_explore(...)."""
    publish("Aurora", {"age": 28}, key="job-1")

    assert len(aurous.characters) == 1


READS: dict[Operation, str] = {
    "balance.retrieve": "/v1/balance",
    "characters.list": "/v1/characters",
}


@pytest.mark.parametrize(("operation", "path"), READS.items())
def test_names(
    aurous: Aurous, aurous_client: httpx.Client, operation: Operation, path: str
) -> None:
    """A name that is annotated is checked; patterns and computed names are text."""
    aurous.faults.status(operation, 503)

    assert aurous_client.get(path).status_code == 503

    resource = operation.partition(".")[0]
    aurous.assert_called(f"{resource}.*", times=1)
