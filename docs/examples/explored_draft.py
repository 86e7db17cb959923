"""Break each request of publish() in every way."""

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_publishing_survives_bad_days(aurous: Aurous) -> None:
    """The character is published and paid once, or publish() raises an error."""

    def run() -> None:
        publish("Aurora", {"age": 28})

    aurous.explore(run, may_raise=PublishError)

    assert aurous.characters.last.status == "ready"
