import unittest

import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.aurous(sleep="skip")
class TestWithTheFixture(unittest.TestCase):
    """Where pytest runs the suite, a TestCase can have the fixture."""

    aurous: Aurous

    @pytest.fixture(autouse=True)
    def keep(self, aurous: Aurous) -> None:
        """Put it where the tests look for it."""
        self.aurous = aurous

    def test_it_is_published(self) -> None:
        """Settings come from the marker, as for any test of pytest."""
        publish("Aurora", {"age": 28})

        self.assertEqual(self.aurous.characters.last.status, "ready")
