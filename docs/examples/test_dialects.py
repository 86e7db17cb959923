import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(
            "reviewing", marks=pytest.mark.aurous(readings={"create-4": "reviewing"})
        ),
        pytest.param("ready", marks=pytest.mark.aurous(readings={"create-4": "ready"})),
    ],
)
def test_publishes_under_both_readings(aurous: Aurous, end: str) -> None:
    """Under both readings the character is ready after the save."""
    publish("Aurora", {"age": 28})

    last_poll = aurous.calls.where("characters.retrieve").last.response
    assert last_poll is not None
    assert last_poll.json["status"] == end
    assert aurous.characters.last.status == "ready"


@pytest.mark.parametrize(
    "script",
    ["synthesizing*2 -> reviewing", "synthesizing*2 -> ready"],
)
def test_publishes_under_both_dialects(aurous: Aurous, script: str) -> None:
    """With or without a review, the character is ready in the end."""
    aurous.script(script)

    assert publish("Aurora", {"age": 28})["status"] == "ready"


def test_ready_before_the_first_poll(aurous: Aurous) -> None:
    """A synthesis that has ended before the first response needs no poll."""
    aurous.script("synthesizing*0 -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_not_called("characters.retrieve")


@pytest.mark.aurous(credits=0)
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "insufficient_credits", marks=pytest.mark.aurous(readings={"err-6": "page"})
        ),
        pytest.param(
            "balance_too_low", marks=pytest.mark.aurous(readings={"err-6": "global"})
        ),
    ],
)
def test_an_empty_balance_under_both_readings(aurous: Aurous, code: str) -> None:
    """Two pages of the documentation disagree on the code of the refusal."""
    with pytest.raises(PublishError, match=f"^{code}"):
        publish("Aurora", {"age": 28})

    assert aurous.calls.last.status == 402
