"""One fake for all tests of a module; each test starts with the same state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_aurous import Aurous

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def catalog() -> Iterator[Aurous]:
    """A fake with state that takes long to set up."""
    with Aurous() as fake:
        for number in range(200):
            fake.characters.add(f"Aurora {number}")
        yield fake


@pytest.fixture
def fake(catalog: Aurous) -> Iterator[Aurous]:
    """The same fake, as it was before the test."""
    before = catalog.snapshot()
    yield catalog
    catalog.restore(before)


def test_deletes_all(fake: Aurous) -> None:
    """The changes of a test are undone after it."""
    for character in fake.characters:
        character.delete()

    assert len(fake.characters) == 0


def test_has_all(fake: Aurous) -> None:
    """The next test has all characters again."""
    assert len(fake.characters) == 200
