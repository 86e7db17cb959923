import unittest
from contextlib import ExitStack

from publisher import apublish, publish
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


class TestPublishingAsync(unittest.IsolatedAsyncioTestCase):
    """The same for async code."""

    def setUp(self) -> None:
        """Enter the fake, and leave it when the test is over."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.aurous = stack.enter_context(Aurous(sleep="skip"))

    async def test_it_is_published(self) -> None:
        """The character is ready in the end."""
        await apublish("Aurora", {"age": 28})

        self.assertEqual(self.aurous.characters.last.status, "ready")


class TestOneFakeForAll(unittest.TestCase):
    """One fake for the whole class, reset before each test."""

    aurous: Aurous

    @classmethod
    def setUpClass(cls) -> None:
        """Enter the fake once."""
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.aurous = stack.enter_context(Aurous(sleep="skip"))

    def setUp(self) -> None:
        """Reset the fake."""
        self.aurous.reset()

    def test_one(self) -> None:
        """One character is made."""
        publish("Aurora", {"age": 28})

        self.assertEqual(len(self.aurous.characters), 1)

    def test_two(self) -> None:
        """The character of the other test is gone."""
        publish("Borea", {"age": 31})

        self.assertEqual(len(self.aurous.characters), 1)
