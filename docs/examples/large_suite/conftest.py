"""Fixtures that all tests of a large suite share."""

from collections.abc import Iterator

import pytest

from pytest_aurous import Aurous, Character


@pytest.fixture
def aurora(aurous: Aurous) -> Character:
    """A character that is ready for pictures, without a request or a charge."""
    return aurous.characters.add("Aurora", status="ready")


@pytest.fixture
def within_budget(aurous: Aurous) -> Iterator[None]:
    """Check after the test that it has spent at most ten credits."""
    before = aurous.team.available_credits
    yield
    assert before - aurous.team.available_credits <= 10
