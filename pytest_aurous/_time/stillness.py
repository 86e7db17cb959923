"""Whether anybody is still at work: what one thread can see of all the others."""

from __future__ import annotations

import sys
import threading
from collections.abc import Container
from threading import get_ident
from time import process_time, thread_time
from typing import Final

from .._frames import TOOLS, package_of

__all__ = ("BRIEF", "FILES", "TICK", "Parked", "Stillness")

TICK: Final = 0.001
"""Real seconds between two looks at the other threads; a selector knows no less."""
BRIEF, FILES, LONG = 2, 5, 100
"""How many ticks the rest must be still: who waits for others; a loop with open files; who may be at work in C."""
RESTING: Final = frozenset({"asyncio", "concurrent", "queue", "selectors", "threading", "trio"})
"""Where a thread stands that waits for other threads, or for a loop's next event."""

AWAKE: Final = "awake"
Position = tuple[int, int]
"""A frame and the instruction that it stands at."""
Parked = tuple[Position, str | None]
"""Where a thread stood when it was found still, and what `_runs` returned of it."""


class Stillness:
    """Sees from one thread, look after look, for how long all the others have been still.

    Python cannot tell a thread that waits from one whose C code works, so where a thread stands decides how long to
    look at it. Linux counts how often a thread has run. One that has not run since it was found still is still, and
    needs no second look.

    Args:
        sleepers: Threads not to look at, by ident: they have said what they wait for.
        parked: Where each thread stood when it was last found still, and how often it had run by then.
    """

    __slots__ = ("_before", "_cpu", "_parked", "_sleepers", "_ticks")

    def __init__(self, sleepers: Container[int], parked: dict[int, Parked]) -> None:
        self._sleepers = sleepers
        self._parked = parked
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._before: dict[int, Position] | None = None
        self._ticks = 0
        self._cpu = 0.0

    def for_ticks(self, least: int) -> bool:
        """Look once, and return whether that was the last of *least* looks, or more, that saw no change."""
        watched = self._watched()
        if not watched and least <= BRIEF:
            return True
        threads = threading.enumerate()
        started = any(thread.ident is None for thread in threads)  # but it is not there yet
        runs = {thread.ident: _runs(thread) for thread in threads if thread.ident in watched}
        if least <= BRIEF and not started and all(self._has_not_run(ident, runs.get(ident)) for ident in watched):
            return True
        # A loop that computes gives way at the same instruction each time and looks still; its CPU time gives it away.
        cpu = process_time() - thread_time()
        positions = {ident: position for ident, (position, _) in watched.items()}
        moved = positions != self._before or cpu - self._cpu > TICK * (self._ticks + 1) / 4
        if moved or started or AWAKE in runs.values():
            self._before, self._ticks, self._cpu = positions, 0, cpu
            return False
        self._ticks += 1
        at_rest = all(where in RESTING or self._is_parked(ident, it) for ident, (it, where) in watched.items())
        if self._ticks < (least if at_rest else LONG):
            return False
        self._parked.update({ident: (position, runs.get(ident)) for ident, position in positions.items()})
        return True

    def _is_parked(self, ident: int, position: Position) -> bool:
        return ident in self._parked and self._parked[ident][0] == position

    def _has_not_run(self, ident: int, runs: str | None) -> bool:
        """Return whether a thread is in the very same wait as when it was found still."""
        return runs is not None and ident in self._parked and self._parked[ident][1] == runs

    def _watched(self) -> dict[int, tuple[Position, str]]:
        """Return, for each thread that might be at work, its position and the package it stands in."""
        return {
            ident: ((id(frame), frame.f_lasti), package)
            for ident, frame in sys._current_frames().items()
            if ident != get_ident() and ident not in self._sleepers and (package := package_of(frame)) not in TOOLS
        }


def _runs(thread: threading.Thread) -> str | None:
    """Return a text that changes whenever the system lets a thread run; None where the system does not tell.

    It is `AWAKE` while the thread runs or is about to, which a busy machine may take its time for.
    """
    try:
        with open(f"/proc/self/task/{thread.native_id}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - this is the quick way
            status = file.read()
    except OSError:  # it is gone, or this is not Linux
        return None
    if "\nState:\tR" in status:
        return AWAKE
    switches = status.find("\nvoluntary_ctxt_switches:")
    return None if switches < 0 else f"{thread.native_id}{status[switches:]}"
