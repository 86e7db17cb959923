import pytest

from publisher import PublishError, Sleep, publish
from pytest_aurous import Aurous


@pytest.mark.parametrize(
    ("script", "looks"),
    [
        ("synthesizing*0 -> reviewing", 0),
        ("synthesizing*3 -> reviewing", 4),
        ("synthesizing:45s -> reviewing", 5),
        ("synthesizing*2 -> failed ; synthesizing -> reviewing", 5),
    ],
)
def test_published_whatever_it_goes_through(
    aurous: Aurous, sleep: Sleep, script: str, looks: int
) -> None:
    """A script is a plain string, and makes a readable name of a case."""
    aurous.script(script)

    publish("Aurora", {"age": 28}, sleep=sleep)

    assert aurous.characters.last.status == "ready"
    assert aurous.calls.count("characters.retrieve") == looks


def test_one_of_two_fails(aurous: Aurous, sleep: Sleep) -> None:
    """A script can be for one name alone."""
    aurous.script("synthesizing -> failed(provider_timeout)", name="Borealis")

    publish("Aurora", {"age": 28}, sleep=sleep)
    with pytest.raises(PublishError, match=r"^provider_timeout: Borealis"):
        publish("Borealis", {"age": 31}, sleep=sleep)


def test_at_a_moment_of_the_test(aurous: Aurous) -> None:
    """`!` lasts until the test says so: here during the third pause."""
    aurous.script("synthesizing! -> reviewing")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            aurous.characters.last.advance()

    publish("Aurora", {"age": 28}, sleep=pause)

    assert pauses == [2, 4, 8]
