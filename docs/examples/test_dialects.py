import pytest

from publisher import Sleep, publish
from pytest_aurous import Aurous


@pytest.mark.parametrize(
    "script",
    ["synthesizing*2 -> reviewing", "synthesizing*2 -> ready"],
)
def test_publishes_under_both_dialects(
    aurous: Aurous, sleep: Sleep, script: str
) -> None:
    """Whether or not there is a review, the character is ready in the end."""
    aurous.script(script)

    assert publish("Aurora", {"age": 28}, sleep=sleep)["status"] == "ready"


def test_ready_before_the_answer_is_out(aurous: Aurous, sleep: Sleep) -> None:
    """A synthesis that is over at once needs no poll at all."""
    aurous.script("synthesizing*0 -> reviewing")

    publish("Aurora", {"age": 28}, sleep=sleep)

    aurous.assert_not_called("characters.retrieve")
