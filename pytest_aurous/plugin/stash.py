"""What the plugin keeps in the stashes of pytest, of a run and of each test; the modes that a run has, among them."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import pytest

from .._core.base.chains import nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.base.errors import AurousNetworkBlocked
    from .._fake.session import Session
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

EXPLORE_WITH: Final[pytest.StashKey[Callable[[pytest.Item], dict[str, Any]]]] = pytest.StashKey()
"""Returns what the run adds to the options of a test that explores code itself."""

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


class Mode:
    """Something that a run does only when asked to: a plugin that follows each fake, and finds things for the end.

    Each method does nothing, unless the mode needs it.
    """

    def using(self, item: pytest.Item, session: Session) -> AbstractContextManager[None]:
        """Return what surrounds the time for which a test has its fake."""
        return nullcontext()

    def put_away(self) -> Callable[[], object]:
        """Put away what belongs to the test that has ended, because its report comes later; return how to go on."""
        return nothing

    def found(self) -> Any:
        """Return what a worker has found, as data that pytest-xdist can send."""

    def add(self, found: Any) -> None:
        """Add what a worker has found."""

    def finish(self) -> None:
        """Write what the whole run has found, in the process that has all of it."""


def start_mode(config: pytest.Config, name: str, mode: Mode) -> None:
    """Let a mode be active until the run ends."""
    config.stash[MODES][name] = mode
    config.pluginmanager.register(mode, f"aurous-{name}")


def finish_modes(config: pytest.Config) -> None:
    """Send what each mode has found from a worker to its controller; elsewhere let the modes write it."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    for name, mode in config.stash[MODES].items():
        if output is None:
            mode.finish()
        else:
            output[f"aurous_{name}"] = mode.found()


def receive_found(node: Any) -> None:
    """Add what a worker has found to the modes of its controller; a worker that crashed sends nothing."""
    sent: dict[str, Any] = getattr(node, "workeroutput", {})
    for name, mode in node.config.stash[MODES].items():
        if f"aurous_{name}" in sent:
            mode.add(sent[f"aurous_{name}"])
