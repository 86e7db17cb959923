"""Whether anybody is still at work: what one thread can see of all the others."""

from __future__ import annotations

import sys
import threading
from collections.abc import Container
from threading import get_ident
from time import process_time, thread_time
from types import FrameType
from typing import Final

__all__ = ("BRIEF", "FILES", "TICK", "TOOLS", "Stillness", "package_of")

TICK: Final = 0.001
"""Real seconds between two looks at the other threads; a selector knows no less."""
BRIEF, FILES, LONG = 2, 5, 100
"""How many ticks the rest must be still: who waits for others; a loop with open files; who may be at work in C."""
RESTING: Final = frozenset({"asyncio", "concurrent", "queue", "selectors", "threading", "trio"})
"""Where a thread stands that waits for other threads, or for a loop's next event."""
TOOLS: Final = frozenset(
    {"_pydev_bundle", "_pydevd_bundle", "bdb", "coverage", "debugpy", "pdb", "pydevd"}
    | {"_pytest", "execnet", "hypothesis", "pluggy", "pytest", "pytest_timeout", "xdist"}
)
"""Who runs the test: their sleeps and clocks stay real, and what their threads do does not matter."""


def package_of(frame: FrameType) -> str:
    """Return the top-level package whose code a frame runs."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


class Stillness:
    """Sees from one thread, look after look, for how long all the others have been still.

    Python cannot tell a thread that waits from one whose C code works, so where a thread stands decides how long to
    look at it.

    Args:
        sleepers: Threads not to look at, by ident: they have said what they wait for.
        parked: Where threads stood that have long been still.
    """

    __slots__ = ("_before", "_cpu", "_parked", "_sleepers", "_ticks")

    def __init__(self, sleepers: Container[int], parked: dict[int, tuple[int, int]]) -> None:
        self._sleepers = sleepers
        self._parked = parked
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._before: dict[int, tuple[int, int]] | None = None
        self._ticks = 0
        self._cpu = 0.0

    def for_ticks(self, least: int) -> bool:
        """Look once, and return whether that was the last of *least* looks, or more, that saw no change."""
        watched = self._watched()
        if not watched and least <= BRIEF:
            return True
        threads = threading.enumerate()
        started = any(thread.ident is None for thread in threads)  # but it is not there yet
        # A loop that computes gives way at the same instruction each time and looks still; its CPU time gives it away.
        cpu = process_time() - thread_time()
        positions = {ident: position for ident, (position, _) in watched.items()}
        moved = positions != self._before or cpu - self._cpu > TICK * (self._ticks + 1) / 4
        if moved or started or any(_is_awake(thread) for thread in threads if thread.ident in watched):
            self._before, self._ticks, self._cpu = positions, 0, cpu
            return False
        self._ticks += 1
        parked = self._parked
        at_rest = all(where in RESTING or parked.get(ident) == it for ident, (it, where) in watched.items())
        if self._ticks < (least if at_rest else LONG):
            return False
        parked.update(positions)
        return True

    def _watched(self) -> dict[int, tuple[tuple[int, int], str]]:
        """Return, for each thread that might be at work, its position and the package it stands in."""
        return {
            ident: ((id(frame), frame.f_lasti), package)
            for ident, frame in sys._current_frames().items()
            if ident != get_ident() and ident not in self._sleepers and (package := package_of(frame)) not in TOOLS
        }


def _is_awake(thread: threading.Thread) -> bool:
    """Return whether the system is about to let a thread run, which a busy machine may take its time for."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", "rb") as file:  # noqa: PTH123 - this is the quick way
            return file.read().rpartition(b")")[2][:2] == b" R"
    except OSError:  # it is gone, or this is not Linux
        return False
