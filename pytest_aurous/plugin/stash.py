"""The keys of what the plugin keeps in the stashes of pytest: of a run, and of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .._core.base.errors import AurousNetworkBlocked
    from .._fake.session import Session
    from .collected import Mode
    from .guard import NetworkGuard

# Of the config
GUARD: Final[pytest.StashKey[NetworkGuard]] = pytest.StashKey()
MODES: Final[pytest.StashKey[dict[str, Mode]]] = pytest.StashKey()
"""What this run does because it was asked to, by name."""
CURRENT: Final[pytest.StashKey[tuple[pytest.Item, dict[str, Any]]]] = pytest.StashKey()
"""The test that runs, and its settings. `request` has the test too, but costs more than most fixtures."""
CONFIGURED: Final[pytest.StashKey[dict[str, Any]]] = pytest.StashKey()
"""The settings of the ini file and the command line."""
SOURCES: Final[pytest.StashKey[dict[str, str]]] = pytest.StashKey()
"""Where each of them was set."""

# Of an item
FAKE: Final[pytest.StashKey[Session]] = pytest.StashKey()
SEED: Final[pytest.StashKey[int]] = pytest.StashKey()
REPEATED: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Whether this run of an exploration is reported as the test's run; absent in the test's own run."""
RUNNING: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Present while the body of the test runs."""
REFUSALS: Final[pytest.StashKey[list[AurousNetworkBlocked]]] = pytest.StashKey()
"""The refused connections that the body of the test did not expect."""
INVALID_MARKER: Final[pytest.StashKey[pytest.UsageError]] = pytest.StashKey()
"""The error in a marker that collection could not raise."""
UNUSED_MARKER: Final[pytest.StashKey[str]] = pytest.StashKey()
"""Node id of the test, class or module that has a marker which no fixture reads."""
