"""Whether any other thread is at work, as far as one thread can see."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Container
from threading import get_ident
from time import process_time, thread_time
from types import FrameType
from typing import Final

from ..base.frames import TOOLS, package_of
from ..base.work import AWAKE, TICK, times_run

BRIEF: Final = 2
"""Ticks for which the other threads must be still, if all of them wait for another thread or for an event."""
FILES: Final = 5
"""The same for a loop with open files, whose data may be on its way."""
LONG: Final = 100
"""The same beside a thread that may be at work in C code."""

_RESTING: Final = frozenset({"asyncio", "concurrent", "queue", "selectors", "threading", "trio"})
"""Packages in whose code a thread waits for another thread, or a loop for its next event."""
_Position = tuple[int, int]
"""The frame that a thread runs, and its instruction."""
Sighting = tuple[_Position, str | None]
"""Where a thread was when it was found still, and what `times_run` returned then."""


class OtherThreads:
    """Observe, check after check, for how long all other threads have been still.

    Python cannot distinguish a thread that waits from one whose C code works, so the code that a thread is in decides
    how long to observe it. Linux counts how often a thread has run: a thread that has not run since it was found
    still needs no second check.

    It ignores the *sleepers*, which sleep in `SharedTime`, and updates *seen*: each thread as it was last found still.
    """

    def __init__(self, sleepers: Container[int], seen: dict[int, Sighting]) -> None:
        self._sleepers = sleepers
        self._seen = seen
        self.reset()

    def reset(self) -> None:
        self._before: dict[int, _Position] | None = None
        self._ticks = 0
        self._cpu = 0.0

    def still_for(self, ticks: int) -> bool:
        """Check once, and return whether the last *ticks* checks or more saw no change."""
        observed = self._observed()
        if not observed and ticks <= BRIEF:
            return True
        threads = threading.enumerate()
        starting = any(thread.ident is None for thread in threads)
        runs = {thread.ident: times_run(thread) for thread in threads if thread.ident in observed}
        if ticks <= BRIEF and not starting and all(self._has_not_run(ident, runs.get(ident)) for ident in observed):
            return True
        # A loop that computes yields at the same instruction each time and looks still, but its CPU time grows.
        cpu = process_time() - thread_time()
        positions = {ident: position for ident, (position, _) in observed.items()}
        # A quarter of the time leaves room for what the interpreter itself does between two checks.
        moved = positions != self._before or cpu - self._cpu > TICK * (self._ticks + 1) / 4
        if moved or starting or AWAKE in runs.values():
            self._before, self._ticks, self._cpu = positions, 0, cpu
            return False
        self._ticks += 1
        at_rest = all(
            package in _RESTING or (ident in self._seen and self._seen[ident][0] == position)
            for ident, (position, package) in observed.items()
        )
        if self._ticks < (ticks if at_rest else LONG):
            return False
        self._seen.update({ident: (position, runs.get(ident)) for ident, position in positions.items()})
        return True

    def _has_not_run(self, ident: int, runs: str | None) -> bool:
        return runs is not None and ident in self._seen and self._seen[ident][1] == runs

    def _observed(self) -> dict[int, tuple[_Position, str]]:
        """Return, for each thread that might be at work, its position and the package that it is in."""
        return {
            ident: ((id(frame), frame.f_lasti), package)
            for ident, frame in _current_frames().items()
            if ident != get_ident() and ident not in self._sleepers and (package := package_of(frame)) not in TOOLS
        }


def _current_frames() -> dict[int, FrameType]:
    """Return the frame of each thread.

    No garbage is collected meanwhile: some Pythons, such as 3.11.7, hold a lock there that a finalizer may wait for.
    `SharedTime` lets one thread at a time in.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if collects:
            gc.enable()
