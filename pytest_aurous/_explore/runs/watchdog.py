"""End a run that hangs: from outside, because it sends no request and sleeps no more.

A thread looks at the run from time to time. If nothing happens for the patience of the exploration, the next request or
skipped sleep of the run raises, the main thread is interrupted by a signal, and the tasks of `aexplore` are cancelled.
What goes on nevertheless ends the process, as the thread method of pytest-timeout does: it prints the stacks first.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from inspect import CO_COROUTINE
from math import inf
from threading import get_ident
from time import process_time, thread_time
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.errors import AurousError, see
from ..._core.base.frames import (
    DEBUGGERS,
    PACKAGE,
    SENDERS,
    STARTERS,
    callers,
    package_of,
    shown_place,
    stack_under_test,
)
from ..._core.base.redaction import redacted
from ..._core.base.work import MONOTONIC, workers

if TYPE_CHECKING:
    from ..._facade import SharedTime
    from .run import ExploredRun

PATIENCE: Final = 10.0
"""Real seconds without progress, unless `patience` says something else."""
LATER: Final = 2.0
"""The patience of an exploration that has met a hang."""
GRACE: Final = 4.0
"""Real seconds in which a run that was stopped has to end; after them, the process does."""
_TICK: Final = 0.2
_SIGNAL: Final[signal.Signals] = getattr(signal, "SIGURG", signal.SIGTERM)  # which nobody can send on Windows
"""Interrupts the main thread. Nothing happens if it comes too late: by default, a process ignores it."""
# Windows signals no thread, but Python calls the handler in the main thread, between two bytecodes.
_SEND: Final[Callable[[int, int], None]] = getattr(
    signal, "pthread_kill", lambda _ident, number: _thread.interrupt_main(signal.Signals(number))
)
_LOOPS: Final = frozenset({"asyncio", "trio"})
_MORE: Final = see("reference/exploring.html#what-cannot-be-stopped")


class RunEnded(BaseException):
    """Ends a run that goes on for too long, or the work that an earlier run has left behind."""


class Watchdog:
    """Watches one run after the other, and ends those that hang."""

    def __init__(self, patience: float, time: SharedTime) -> None:
        self.case: str = ""
        self.cancel: Callable[[], object] | None = None  # what an event loop does for the run, from any thread
        self._patience = patience
        self._time = time
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._run: ExploredRun | None = None
        self._ident = 0
        self._seen: set[object] = set()
        self._progress = 0.0
        self._failure: Exception | None = None

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        thread = threading.Thread(target=self._watch, name="aurous-watchdog", daemon=True)
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            before[_SIGNAL] = signal.signal(_SIGNAL, self._interrupt)
            # A job that a shell starts in the background ignores it, and no loop that waits would notice that it ends.
            if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
                before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
        thread.start()
        try:
            yield
        finally:
            self._closed.set()
            thread.join(_TICK * 10)
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def guarding(self, run: ExploredRun, case: str) -> Generator[None, None, None]:
        with self._lock:
            self._run, self.case, self._ident = run, case, get_ident()
            self._seen, self._progress, self.cancel = set(), MONOTONIC(), None
        try:
            yield
        finally:
            while run.hangs and self._others_compute(run):  # pragma: no cover - the next look ends the process
                pass
            with self._lock:
                self._run = None

    def check(self) -> None:
        """Raise an `AurousError` if the thread has failed: what a run did that it stopped says nothing."""
        if self._failure is not None:
            raise AurousError(
                f"pytest-aurous itself failed while its watchdog looked at {self.case}, which was therefore stopped.\n"
                f"Please report this with the test that shows it, and the error above.\n{_MORE}"
            ) from self._failure

    def _others_compute(self, run: ExploredRun) -> bool:
        """Whether other threads of a run compute on without a pause: no skipped sleep would ever end."""
        before = process_time() - thread_time()
        return (
            len(workers(run, self._ident)) > 1
            and not self._closed.wait(_TICK)
            and process_time() - thread_time() - before > _TICK / 20
        )

    def _interrupt(self, _: int, frame: FrameType | None) -> None:
        run = self._run
        if run is not None and run.stopped and frame is not None and _can_raise(frame):  # pragma: no branch - too late
            raise RunEnded(f"The run {run.stopped}.")

    def _watch(self) -> None:
        self._time.deadlines[get_ident()] = inf
        try:
            while not self._closed.wait(min(_TICK, self._patience / 10)):
                with self._lock:
                    if (run := self._run) is None:
                        continue
                    try:
                        self._look(run)
                    except Exception as error:  # noqa: BLE001 - a run without a watch could go on for ever
                        self._failure = self._failure or error
                        self._progress = self._progress if run.stopped else MONOTONIC()
                        run.hang(f"the watchdog failed: {error!r}")
                    if run.stopped and MONOTONIC() - self._progress > GRACE:
                        self._end_process(run)  # pragma: no cover - it does
        finally:
            del self._time.deadlines[get_ident()]

    def _look(self, run: ExploredRun) -> None:
        """See whether the run makes progress, and interrupt it if it does not."""
        frames = workers(run, self._ident)
        if not run.stopped:
            places = {run.steps, *map(_place, frames.values())}
            if not places <= self._seen or any(package_of(one) in DEBUGGERS for one in callers(frames[self._ident])):
                self._seen |= places
                self._progress = MONOTONIC()
            if MONOTONIC() - self._progress < self._patience:
                return
            run.hang(f"nothing happened for {self._patience:g} s at {_stuck(frames, self._ident)}")
            self._patience = min(self._patience, LATER)
            self._progress = MONOTONIC()
        if self.cancel is not None:
            self.cancel()
        if self._ident == threading.main_thread().ident:  # pragma: no branch - else the process ends
            self._wake(frames[self._ident])

    def _wake(self, frame: FrameType) -> None:
        """Interrupt the main thread in code under test; an event loop that waits is interrupted as by Ctrl-C."""
        if _can_raise(frame):
            _SEND(self._ident, _SIGNAL)
        elif self.cancel is None and _where(frame) in _LOOPS:
            _SEND(self._ident, signal.SIGINT)

    def _end_process(self, run: ExploredRun) -> None:  # pragma: no cover - it does
        """Write the case and all stacks to the real stderr, and end the process, even if there is no stderr."""
        try:
            case = f"{run.work.test}, {self.case}" if run.work.test else self.case
            text = f"While exploring {case}: the run cannot be stopped. It {run.stopped}, so the process ends.\n{_MORE}"
            with open(run.work.stderr, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as stderr:
                print(redacted(f"\n{text}"), file=stderr)
                for frame in workers(run, self._ident).values():
                    print(redacted("".join(traceback.format_stack(frame))), file=stderr)
        finally:
            os._exit(1)


def _where(frame: FrameType) -> str:
    """Return the package where a thread is, apart from libraries: of code under test, of a loop that waits, or ours."""
    frames = ((package_of(one), one.f_code.co_flags & CO_COROUTINE) for one in callers(frame))
    passed = SENDERS - {PACKAGE}
    return next(
        (name for name, coroutine in frames if name not in passed or (name in STARTERS and not coroutine)), PACKAGE
    )


def _can_raise(frame: FrameType) -> bool:
    """Whether a thread is in code under test, or in a library that this has called: our own code has locks."""
    return _where(frame) not in SENDERS


def _place(frame: FrameType) -> object:
    return next(iter(stack_under_test(frame)), (frame.f_code, frame.f_lineno))


def _stuck(frames: dict[int, FrameType], ident: int) -> str:
    """Return the line at which a run hangs: in the thread *ident*, unless our code waits in it for the others."""
    threads = [ident, *(one for one in frames if one != ident)]
    stack = stack_under_test(next((frames[one] for one in threads if _can_raise(frames[one])), frames[ident]))
    return shown_place(stack[0]) if stack else "a place outside of the code under test"
