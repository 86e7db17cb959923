import pytest

from publisher import PublishError, Sleep, publish
from pytest_aurous import Aurous


def test_a_failed_synthesis_is_tried_again(aurous: Aurous, sleep: Sleep) -> None:
    """The first run fails, the second works: one resynthesize was enough."""
    aurous.script(
        "synthesizing*2 -> failed(provider_timeout) ; synthesizing -> reviewing"
    )

    publish("Aurora", {"age": 28}, sleep=sleep)

    assert aurous.characters.last.status == "ready"
    aurous.assert_called("characters.resynthesize", times=1)


def test_gives_up_in_the_end(aurous: Aurous, sleep: Sleep) -> None:
    """The last run repeats, so this one fails each time; nothing is saved."""
    aurous.script("synthesizing -> failed(provider_timeout)")

    with pytest.raises(PublishError, match=r"^provider_timeout"):
        publish("Aurora", {"age": 28}, attempts=3, sleep=sleep)

    aurous.assert_called("characters.resynthesize", times=2)
    aurous.assert_not_called("characters.save")


def test_somebody_deletes_it_meanwhile(aurous: Aurous, sleep: Sleep) -> None:
    """A poll that finds the character deleted is the last one."""
    aurous.script("synthesizing*2 -> deleted")

    with pytest.raises(PublishError, match=r"^resource_not_found"):
        publish("Aurora", {"age": 28}, sleep=sleep)

    assert aurous.calls.last.operation == "characters.retrieve"
    assert len(aurous.characters) == 0
