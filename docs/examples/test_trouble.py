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


def test_the_character_is_deleted_while_polling(aurous: Aurous) -> None:
    """The application stops polling when the character is deleted."""
    aurous.script("synthesizing*2 -> deleted")

    with pytest.raises(PublishError, match=r"^resource_not_found"):
        publish("Aurora", {"age": 28})

    assert aurous.calls.last.operation == "characters.retrieve"
    assert len(aurous.characters) == 0
