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
