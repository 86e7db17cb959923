from publisher import illustrate
from pytest_aurous import Aurous


def test_an_image_of_an_existing_character(aurous: Aurous) -> None:
    """The test needs no request, and no credits, for the character."""
    character = aurous.characters.add("Aurora", attributes={"age": 28})

    illustrate("On a bench", character=character.id)

    aurous.assert_not_called("characters.*")
    assert aurous.team.credits == 999
