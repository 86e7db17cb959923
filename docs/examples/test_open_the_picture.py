from io import BytesIO

import pytest

from illustrator import illustrate
from pytest_aurous import Aurous

Picture = pytest.importorskip("PIL.Image", reason="needs Pillow")


def test_the_picture_can_be_opened(aurous: Aurous) -> None:
    """It is a PNG in the requested shape, at an eighth of the size."""
    (content,) = illustrate("On a bench")

    image = aurous.images.last
    with Picture.open(BytesIO(content)) as opened:
        assert opened.format == "PNG"
        assert [8 * side for side in opened.size] == [image.width, image.height]


def test_no_two_pictures_are_alike(aurous: Aurous) -> None:
    """Code that mixes them up fails its test."""
    image = aurous.images.add("On a bench", count=4)
    other = aurous.images.add("On a bench")

    pictures = [image.picture(number) for number in range(4)]
    assert len({*pictures, other.picture()}) == 5
