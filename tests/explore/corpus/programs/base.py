"""What the programs share: how one is explored, and what should see its mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import httpx

from clients.common import PublishError

if TYPE_CHECKING:
    from pytest_aurous import Aurous

Seen = Literal["a law", "an assertion", "two faults", "two workers", "nothing"]
RUNNING = {"pending", "processing"}
MAY_RAISE = (PublishError, httpx.HTTPError)
"""The documented failures of clients and programs."""


class Program:
    """A careful program. A mistake is a subclass that changes one method.

    Attributes:
        seen_by: What should see the mistake; written before it was explored.
        in_fact: What sees the mistake, if it is not what should.
        found: The ids of cases, and a law that the mistake breaks there.
    """

    seen_by: ClassVar[Seen] = "nothing"
    found: ClassVar[dict[str, str]] = {}
    in_fact: ClassVar[Seen | None] = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, aurous: Aurous) -> None:
        """Prepare the fake."""

    def fresh(self) -> Any:
        """Make the state of the application."""
        return {}

    def run(self, state: Any) -> Any:
        """Do the work."""
        raise NotImplementedError

    def workers(self) -> tuple[Any, Any] | None:
        """Return two workers to interleave, or None if one process does the work."""
        return None

    def check(self, state: Any, *, returned: bool) -> None:
        """Assert what the laws cannot know about the state of the application."""
