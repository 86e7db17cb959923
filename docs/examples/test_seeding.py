import httpx
import pytest

from illustrator import illustrate
from publisher import Sleep
from pytest_aurous import Aurous, Character


@pytest.fixture
def cast(aurous: Aurous) -> list[Character]:
    """What a team has after a while, the oldest first."""
    return [
        aurous.characters.add("Aurora", attributes={"age": 28}),
        aurous.characters.add("Borealis", status="reviewing"),
        aurous.characters.add(status="failed"),
    ]


def test_a_list_has_the_newest_first(
    aurous_client: httpx.Client, cast: list[Character]
) -> None:
    """What a fixture has added is what the code under test finds."""
    page = aurous_client.get("/v1/characters").json()

    assert [one["id"] for one in page["data"]] == [one.id for one in cast[::-1]]


def test_a_picture_of_somebody_who_is_there(
    aurous: Aurous, sleep: Sleep, cast: list[Character]
) -> None:
    """The test is about the image; nobody had to be drawn, or paid, before."""
    illustrate("On a bench", character=cast[0].id, sleep=sleep)

    aurous.assert_not_called("characters.*")
    assert aurous.team.credits == 999


def test_a_picture_that_was_made_before(aurous: Aurous) -> None:
    """Images are added just so, and their URLs lead to something."""
    image = aurous.images.add("On a bench", character=aurous.characters.add())

    (url,) = image.output_urls

    assert httpx.get(url).content == image.picture()
