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


def test_a_picture_without_a_person_is_refused(aurous: Aurous) -> None:
    """`other` is a pose, not an error: the application decides."""
    aurous.uploads.pose("other", confidence=0.99)

    with pytest.raises(PublishError, match=r"^no_pose_found: teapot\.png"):
        publish_pictures("Aurora", {"teapot.png": b"..."})

    aurous.assert_not_called("characters.create")


def test_the_upload_host_gets_no_key(aurous: Aurous) -> None:
    """The upload host is not the API, and must not get the API key."""
    aurous.uploads.pose("front")

    publish_pictures("Aurora", {"face.png": b"..."})

    sent = aurous.calls.where("characters.uploads.put").last.request
    assert "X-Api-Key" not in sent.headers


def test_the_upload_host_is_down(aurous: Aurous) -> None:
    """The signed PUT fails, and no character is created."""
    aurous.faults.status("characters.uploads.put", 503)

    with pytest.raises(httpx.HTTPStatusError, match="503"):
        publish_pictures("Aurora", {"face.png": b"..."})

    assert aurous.uploads.last.status == "waiting"
    aurous.assert_not_called("characters.create")


def test_a_ticket_without_an_upload(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """The ticket of an uploaded picture needs no request."""
    ticket = aurous.uploads.add(pose="portrait")

    body = {"name": "Aurora", "upload_ids": [ticket.id]}
    response = aurous_client.post("/v1/characters", json=body)

    assert response.json()["status"] == "ready"
    assert ticket.status == "consumed"
