import time

import httpx
import pytest

from careful import CarefulClient
from illustrator import IllustrateError, illustrate
from publisher import PublishError, apublish, publish, publish_pictures
from pytest_aurous import Aurous

ATTRIBUTES = {"age": 28}


def test_publishing_survives(aurous: Aurous) -> None:
    """Errors are raised, and another run with the same key finishes the job."""
    aurous.explore(
        lambda: publish("Aurora", ATTRIBUTES, key="job 1"),
        may_raise=(httpx.TransportError, PublishError),
    )

    assert aurous.characters.last.status == "ready"


@pytest.mark.anyio
async def test_publishing_async_survives(aurous: Aurous) -> None:
    """The same for async code."""
    await aurous.aexplore(
        lambda: apublish("Aurora", ATTRIBUTES, key="job 1"),
        may_raise=(httpx.TransportError, PublishError),
    )

    assert aurous.characters.last.status == "ready"


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
        may_raise=(httpx.HTTPError, PublishError, IllustrateError),
    )

    assert aurous.images.last.status == "succeeded"


def test_the_careful_client_survives(aurous: Aurous) -> None:
    """Nothing has to be run again, unless the process crashes."""

    def draw() -> str:
        client = CarefulClient()
        drawn = client.create("Aurora", key="job 1").raise_for_status().json()
        path = f"/v1/characters/{drawn['id']}"
        while drawn["status"] == "synthesizing":
            time.sleep(5)
            drawn = client.get(path).raise_for_status().json()
        return str(client.save(drawn["id"]).raise_for_status().json()["status"])

    aurous.explore(draw, may_raise=httpx.HTTPError)

    assert aurous.characters.last.status == "ready"
