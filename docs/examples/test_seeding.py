import httpx
import pytest

from publisher import illustrate
from pytest_aurous import Aurous, Character


@pytest.fixture
def cast(aurous: Aurous) -> list[Character]:
    """The characters of a team, the oldest first."""
    return [
        aurous.characters.add("Aurora", attributes={"age": 28}),
        aurous.characters.add("Borealis", status="reviewing"),
        aurous.characters.add(status="failed"),
    ]


def test_a_list_has_the_newest_first(
    aurous_client: httpx.Client, cast: list[Character]
) -> None:
    """The code under test finds what a fixture has added."""
    page = aurous_client.get("/v1/characters").json()

    assert [one["id"] for one in page["data"]] == [one.id for one in cast[::-1]]


def test_an_image_of_an_existing_character(
    aurous: Aurous, cast: list[Character]
) -> None:
    """The test needs no request, and no credits, for the character."""
    illustrate("On a bench", character=cast[0].id)

    aurous.assert_not_called("characters.*")
    assert aurous.team.credits == 999
