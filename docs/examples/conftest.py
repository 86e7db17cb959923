"""What the examples share: their application is in the same folder."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# The application, publisher.py, is in the same folder as its tests.
sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = [] if find_spec("hypothesis") else ["test_bad_days.py"]

# What `--aurous-explore=fail` leaves out here. The first ones show mistakes.
MISTAKES = {
    "test_pitfalls.py",
    "test_openai.py",
    "test_a_lost_create_without_a_key_is_paid_twice",
}
# A day that a test plays itself, and a request of another process, cannot be broken.
NOT_BROKEN = {
    "test_bad_days.py",
    "test_a_subprocess_uses_the_same_fake",
    "test_node_controls_the_fake",
    "test_the_page_shows_a_picture",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave out what is not careful, and what cannot be broken."""
    names = {item.path.name, item.nodeid.rpartition("::")[2].partition("[")[0]}
    if names & (MISTAKES | NOT_BROKEN):
        item.add_marker(pytest.mark.aurous_explore(False))  # noqa: FBT003 - as a test does


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
