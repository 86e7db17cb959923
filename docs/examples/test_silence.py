import httpx
import pytest

from portraits import draw
from pytest_aurous import Aurous


def test_the_response_to_the_save_is_lost(aurous: Aurous) -> None:
    """draw() raises an error, although the character is published."""
    aurous.faults.timeout("characters.save", commit=True)

    with pytest.raises(httpx.ReadTimeout):
        draw("Aurora", 28)

    assert aurous.characters.last.status == "ready"
