from contextlib import suppress

from hypothesis import given, settings

from publisher import PublishError, publish
from pytest_aurous import Aurous, AurousCrash, BadDay
from pytest_aurous.hypothesis import bad_days


@settings(deadline=None, max_examples=25)
@given(day=bad_days(operations="characters.create"))
def test_nothing_is_paid_twice(aurous: Aurous, day: BadDay) -> None:
    """Whatever goes wrong, at most one character is paid for."""

    def run() -> None:
        with suppress(PublishError, AurousCrash):
            publish("Aurora", {"age": 28}, key="job-1")

    with aurous.day(day):
        run()
    run()  # once more, now that nothing goes wrong

    assert len(aurous.characters) == 1
