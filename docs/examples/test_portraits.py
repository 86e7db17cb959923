from portraits import draw
from pytest_aurous import Aurous


def test_a_portrait_is_published(aurous: Aurous) -> None:
    """The fake shows what draw() has done."""
    draw("Aurora", 28)

    assert aurous.characters.last.name == "Aurora"
    assert aurous.characters.last.status == "ready"
