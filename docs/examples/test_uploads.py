from publisher import publish_pictures
from pytest_aurous import Aurous


def test_pictures_become_a_character(aurous: Aurous) -> None:
    """Each picture is announced, sent, classified and used."""
    aurous.uploads.pose("portrait")
    aurous.uploads.pose("side", confidence=0.71)

    publish_pictures("Aurora", {"face.png": b"...", "left.jpg": b"..."})

    assert [ref.pose for ref in aurous.characters.last.refs] == ["portrait", "side"]
    aurous.assert_called("characters.uploads.*", times=6)
