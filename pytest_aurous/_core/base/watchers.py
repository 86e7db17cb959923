"""What sees the requests and the clock of a fake: a trace, the coverage, the verdict, the runs of an exploration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..wire.call import Call


class Watcher:
    """Watches a fake as long as it is in `World.watchers`. Derive from it, and override what it is to see.

    The fake calls `arrive` and `leave` once for each request, under its lock, in the order of the list. What ends
    requests is appended to the list, so that all others have seen them; everything else is inserted at its beginning.

    Attributes:
        of_bad_days: Whether it also watches the bad days of an exploration, which are undone.
    """

    of_bad_days: bool = False

    def arrive(self, call: Call) -> None:
        """See a request before anything happens; an exception ends it without effect."""

    def leave(self, call: Call) -> None:
        """See a request with its response, or after its connection has failed; an exception ends it here."""

    def moved(self, how: str, seconds: float) -> None:
        """See the clock move by some seconds: ``advance``, ``freeze``, ``fault`` or ``sleep``."""


class Gate(Protocol):
    """Lets the requests of two workers in one after the other, before the fake sees them and without its lock."""

    def enter(self, call: Call) -> None:
        """Block this thread until it is the turn of the request."""

    async def aenter(self, call: Call) -> None:
        """Let this task wait until it is the turn of the request."""
