"""The keys under which the plugin stores its data in pytest's config and items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .._handle.session import Session
    from .._report.coverage import Coverage
    from ..errors import AurousNetworkBlocked
    from .guard import NetworkGuard

__all__ = ("COVERAGE", "CURRENT", "FAKE", "GUARD", "INVALID_MARKER", "REFUSALS", "RUNNING", "SEED", "UNUSED_MARKER")

# Of the config
GUARD: Final[pytest.StashKey[NetworkGuard]] = pytest.StashKey()
COVERAGE: Final[pytest.StashKey[Coverage]] = pytest.StashKey()
CURRENT: Final[pytest.StashKey[tuple[pytest.Item, dict[str, Any]]]] = pytest.StashKey()
"""The test that runs, and its settings. `request` has the test too, but costs more than most fixtures."""

# Of an item
FAKE: Final[pytest.StashKey[Session]] = pytest.StashKey()
SEED: Final[pytest.StashKey[int]] = pytest.StashKey()
RUNNING: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Present while the body of the test runs."""
REFUSALS: Final[pytest.StashKey[list[AurousNetworkBlocked]]] = pytest.StashKey()
"""The refused connections that the body of the test did not expect."""
INVALID_MARKER: Final[pytest.StashKey[pytest.UsageError]] = pytest.StashKey()
"""The error in a marker that collection could not raise."""
UNUSED_MARKER: Final[pytest.StashKey[str]] = pytest.StashKey()
"""Node id of the test, class or module that has a marker which no fixture reads."""
