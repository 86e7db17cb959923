import pytest

from publisher import PublishError, illustrate, publish
from pytest_aurous import Aurous


def test_from_a_name_to_a_picture(aurous: Aurous) -> None:
    """A character is created and saved, and an image of it is downloaded."""
    aurous.script("synthesizing*2 -> reviewing")
    aurous.images.script("pending -> processing*2 -> succeeded")

    character = publish("Aurora", {"age": 28})
    pictures = illustrate("On a bench", character=character["id"])

    assert aurous.images.last.character_id == character["id"]
    assert pictures == [aurous.images.last.picture()]
    aurous.assert_called_in_order("characters.save", "images.create", "images.output")
    aurous.assert_polled(aurous.images.last, at_least=4, at_most=4)


def test_the_image_takes_too_long(aurous: Aurous) -> None:
    """The application cancels the image, and the credit is released."""
    aurous.images.script("pending -> processing! -> succeeded")

    with pytest.raises(PublishError, match=r"^took_too_long"):
        illustrate("On a bench", patience=60)

    assert aurous.images.last.status == "cancelled"
    assert aurous.team.available_credits == 1000
