from collections import Counter

from publisher import publish
from pytest_aurous import Aurous


def test_a_failed_synthesis_is_drawn_again() -> None:
    """The actions of a session; the application sends the requests."""
    with Aurous(now="2026-05-08T10:00:00+00:00", seed=0, sleep="skip") as aurous:
        aurous.characters.script(
            "synthesizing -> failed(provider_timeout) ; synthesizing -> reviewing"
        )
        character = publish("Aurora", {"age": 28})  # in place of the requests
        assert character["status"] == "ready"
        assert Counter(one.status for one in aurous.characters) == {"ready": 1}
        assert aurous.team.available_credits == 996
