import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.parametrize(
    ("script", "polls"),
    [
        ("synthesizing*0 -> reviewing", 0),
        ("synthesizing*3 -> reviewing", 4),
        ("synthesizing:45s -> reviewing", 9),
        ("synthesizing*2 -> failed ; synthesizing -> reviewing", 5),
    ],
)
def test_published_after_any_lifecycle(aurous: Aurous, script: str, polls: int) -> None:
    """A script is a plain string, so it makes a readable test id."""
    aurous.clock.freeze()  # only sleeps count
    aurous.script(script)

    publish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "ready"
    assert aurous.calls.count("characters.retrieve") == polls
