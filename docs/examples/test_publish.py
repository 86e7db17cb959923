from publisher import publish
from pytest_aurous import Aurous


def test_publishes_when_the_poses_are_ready(aurous: Aurous) -> None:
    """The character is polled until its poses are ready, and saved once."""
    aurous.script("synthesizing*3 -> reviewing")

    publish("Aurora", {"age": 28})

    assert aurous.characters.last.status == "ready"
    aurous.assert_polled(aurous.characters.last, at_least=4, at_most=4)
    aurous.assert_called("characters.save", times=1)
    aurous.assert_called_in_order(
        "characters.create", "characters.retrieve", "characters.save"
    )


def test_pauses_grow_between_polls(aurous: Aurous) -> None:
    """It polls after 2, 6, 14, 30 and 60 seconds; the poses take 45."""
    aurous.clock.freeze("2026-05-08T10:00:00Z")
    aurous.script("synthesizing:45s -> reviewing")

    publish("Aurora", {"age": 28})

    aurous.assert_polled(aurous.characters.last, at_least=5, at_most=5)
    assert aurous.clock.now().isoformat() == "2026-05-08T10:01:00+00:00"


def test_sends_a_key_with_each_paid_request(aurous: Aurous) -> None:
    """A request that costs credits has an Idempotency-Key."""
    publish("Aurora", {"age": 28})

    sent = aurous.calls.where("characters.create").last.request
    assert sent.json["attributes"] == {"age": 28}
    assert sent.headers["Idempotency-Key"]
