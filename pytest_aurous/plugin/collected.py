"""What a run does only when asked to, and how it collects what the workers of pytest-xdist have found."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from .stash import MODES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from .._fake.session import Session


class Mode:
    """Something that a run does only when asked to: a plugin that follows each fake, and finds things for the end.

    Each method does nothing, unless the mode needs it.
    """

    def using(self, item: pytest.Item, session: Session) -> AbstractContextManager[None]:
        """Return what surrounds the time for which a test has its fake."""
        return nullcontext()

    def put_away(self) -> Callable[[], object]:
        """Put away what belongs to the test that has ended, because its report comes later; return how to go on."""
        return int

    def found(self) -> Any:
        """Return what a worker has found, as data that pytest-xdist can send."""

    def add(self, found: Any) -> None:
        """Add what a worker has found."""

    def finish(self) -> None:
        """Write what the whole run has found, in the process that has all of it."""


def start(config: pytest.Config, name: str, mode: Mode) -> None:
    """Let a mode be active until the run ends."""
    config.stash[MODES][name] = mode
    config.pluginmanager.register(mode, f"aurous-{name}")


def finish(config: pytest.Config) -> None:
    """Send what each mode has found from a worker to its controller; elsewhere let the modes write it."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    for name, mode in config.stash[MODES].items():
        if output is None:
            mode.finish()
        else:
            output[f"aurous_{name}"] = mode.found()


def receive(node: Any) -> None:
    """Add what a worker has found to the modes of its controller; a worker that crashed sends nothing."""
    sent: dict[str, Any] = getattr(node, "workeroutput", {})
    for name, mode in node.config.stash[MODES].items():
        if f"aurous_{name}" in sent:
            mode.add(sent[f"aurous_{name}"])
