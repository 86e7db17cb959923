import httpx
import pytest

from publisher import PublishError, publish_pictures
from pytest_aurous import Aurous


def test_pictures_become_a_character(aurous: Aurous) -> None:
    """Each picture is announced, sent, classified and used."""
    aurous.uploads.pose("portrait")
    aurous.uploads.pose("side", confidence=0.71)

    publish_pictures("Aurora", {"face.png": b"...", "left.jpg": b"..."})

    assert [ref.pose for ref in aurous.characters.last.refs] == ["portrait", "side"]
    aurous.assert_called("characters.uploads.*", times=6)


def test_a_picture_of_nobody_is_refused(aurous: Aurous) -> None:
    """`other` is an answer, not an error: the application decides."""
    aurous.uploads.pose("other", confidence=0.99)

    with pytest.raises(PublishError, match=r"^no_pose_found: teapot\.png"):
        publish_pictures("Aurora", {"teapot.png": b"..."})

    aurous.assert_not_called("characters.create")


def test_the_key_stays_at_home(aurous: Aurous) -> None:
    """The upload host is another host, and never sees the API key."""
    aurous.uploads.pose("front")

    publish_pictures("Aurora", {"face.png": b"..."})

    sent = aurous.calls.where("characters.uploads.put").last.request
    assert "X-Api-Key" not in sent.headers


def test_the_upload_host_is_down(aurous: Aurous) -> None:
    """The signed PUT can go wrong as any other call; no character is made."""
    aurous.faults.status("characters.uploads.put", 503)

    with pytest.raises(httpx.HTTPStatusError, match="503"):
        publish_pictures("Aurora", {"face.png": b"..."})

    assert aurous.uploads.last.status == "waiting"
    aurous.assert_not_called("characters.create")


def test_a_ticket_that_was_found_elsewhere(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """A ticket whose picture was sent before is made without a request."""
    ticket = aurous.uploads.add(pose="portrait")

    order = {"name": "Aurora", "upload_ids": [ticket.id]}
    answer = aurous_client.post("/v1/characters", json=order)

    assert answer.json()["status"] == "ready"
    assert ticket.status == "consumed"
