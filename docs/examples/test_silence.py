import httpx
import pytest

from portraits import draw
from pytest_aurous import Aurous


@pytest.mark.aurous(sleep="skip")
def test_the_answer_of_the_save_is_lost(aurous: Aurous) -> None:
    """draw() says that it failed, and the character is published all the same."""
    aurous.faults.timeout("characters.save", commit=True)

    with pytest.raises(httpx.ReadTimeout):
        draw("Aurora", 28)

    assert aurous.characters.last.status == "ready"
