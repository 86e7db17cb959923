import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_failed_synthesis_is_retried(aurous: Aurous) -> None:
    """The first synthesis fails, the second succeeds: one resynthesize is enough."""
    aurous.script(
        "synthesizing*2 -> failed(provider_timeout) ; synthesizing -> reviewing"
    )

    publish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "ready"
    aurous.assert_called("characters.resynthesize", times=1)


def test_gives_up_in_the_end(aurous: Aurous) -> None:
    """The last run of a script repeats: each synthesis fails, and nothing is saved."""
    aurous.script("synthesizing -> failed(provider_timeout)")

    with pytest.raises(PublishError, match=r"^provider_timeout"):
        publish("Aurora", {"age": 28}, attempts=3)

    aurous.assert_called("characters.resynthesize", times=2)
    aurous.assert_not_called("characters.save")


def test_the_character_is_deleted_while_polling(aurous: Aurous) -> None:
    """The application stops polling when the character is deleted."""
    aurous.script("synthesizing*2 -> deleted")

    with pytest.raises(PublishError, match=r"^resource_not_found"):
        publish("Aurora", {"age": 28})

    assert aurous.calls.last.operation == "characters.retrieve"
    assert len(aurous.characters) == 0
