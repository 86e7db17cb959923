import unittest
from contextlib import ExitStack

from publisher import publish
from pytest_aurous import Aurous


class TestPublishing(unittest.TestCase):
    """One fake for each test."""

    def setUp(self) -> None:
        """Enter the fake, and leave it when the test is over."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.aurous = stack.enter_context(Aurous(sleep="skip"))

    def test_it_is_published(self) -> None:
        """The character is ready in the end."""
        self.aurous.script("synthesizing*3 -> reviewing")

        publish("Aurora", {"age": 28})

        self.assertEqual(self.aurous.characters.last.status, "ready")
        self.aurous.assert_called("characters.save", times=1)
