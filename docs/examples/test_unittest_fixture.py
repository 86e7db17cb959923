import unittest

import pytest

from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.aurous(credits=4)
class TestWithTheFixture(unittest.TestCase):
    """When pytest runs the suite, a TestCase can use the fixture."""

    aurous: Aurous

    @pytest.fixture(autouse=True)
    def keep(self, aurous: Aurous) -> None:
        """Make the fixture an attribute of the test."""
        self.aurous = aurous

    def test_it_is_published(self) -> None:
        """Settings come from the marker, as in any other test."""
        publish("Aurora", {"age": 28})

        self.assertEqual(self.aurous.characters.last.status, "ready")
