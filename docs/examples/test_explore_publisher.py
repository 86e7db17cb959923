import httpx
import pytest

from publisher import PublishError, illustrate, publish_pictures
from pytest_aurous import Aurous

# What no case tries is a warning: other tests try it.
pytestmark = pytest.mark.filterwarnings(r"ignore:explore\(\)")


def test_publishing_pictures_survives(aurous: Aurous) -> None:
    """The character is found by its reference, and not created twice."""
    for _ in range(2):  # the second run may upload the picture again
        aurous.uploads.pose("portrait")

    aurous.explore(
        lambda: publish_pictures("Aurora", {"face.png": b"..."}, key="job 3"),
        may_raise=(httpx.HTTPError, PublishError),
    )

    assert len(aurous.characters) == 1


def test_illustrating_survives(aurous: Aurous) -> None:
    """An image that takes too long is not cancelled: the next run finds it."""
    aurous.explore(
        lambda: len(illustrate("On a bench", key="job 2")),
        may_raise=(httpx.HTTPError, PublishError),
    )

    assert aurous.images.last.status == "succeeded"
