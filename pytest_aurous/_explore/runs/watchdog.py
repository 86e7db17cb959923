"""End a run that hangs: from outside, because it sends no request and sleeps no more.

A thread looks at the run from time to time. If nothing happens for the patience of the exploration, it raises an
exception between two instructions of each thread of the run, wakes the main thread as Ctrl-C would, and cancels what
an event loop waits for. An exception can be caught, so `unwind` raises at each line of the code under test in turn: one
of these lines is outside of any ``try``. What even that cannot end ends the process, as pytest-timeout does. While code
in C keeps the lock of Python, no thread can look: then the timer of `faulthandler` ends the process, unless it is set
anew at each look.
"""

from __future__ import annotations

import _thread
import ctypes
import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import inf
from threading import get_ident
from time import monotonic
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.errors import see
from ..._core.base.frames import DEBUGGERS, PACKAGE, SENDERS, callers, hosts, package_of, shown_place, stack_under_test
from ..._core.base.redaction import redacted
from ..._core.base.work import UNCAPTURED, workers

if TYPE_CHECKING:
    from ..._facade import SharedTime
    from .run import ExploredRun

PATIENCE: Final = 10.0
"""Real seconds without progress, unless `patience` says something else."""
LATER: Final = 2.0
"""The patience of an exploration that has met a hang."""
MOST_STOPS: Final = 300
"""So often a run is stopped in vain before something stronger is used."""
_TICK: Final = 0.2
_STOPPING_TICK: Final = 0.02
_WAKE: Final = 50
"""After each such number of attempts, the main thread is woken, too."""
_STOPPERS: Final = frozenset({"debugpy", "pydevd"})
"""Debuggers that stop all threads."""
_MORE: Final = see("reference/exploring.html#what-cannot-be-stopped")


class RunEnded(BaseException):
    """Ends a run that goes on for too long, or the work that an earlier run has left behind."""


class Watchdog:
    """Watches one run after the other, and ends those that hang.

    Args:
        patience: Real seconds without progress.
        time: The skipped sleeps, which do not wait for the watching thread.

    Attributes:
        cancel: Cancels what an event loop does for the present run; called from the watching thread.
    """

    def __init__(self, patience: float, time: SharedTime) -> None:
        self.cancel: Callable[[], object] = int
        self._patience = patience
        self._time = time
        self._console = UNCAPTURED
        self._lock = threading.Lock()
        self._closed = False
        self._changed = threading.Event()
        self._noticed = threading.Event()
        self._run: ExploredRun | None = None
        self._case = ""
        self._ident = 0
        self._before: Any = None
        self._seen: set[object] = set()
        self._progress = 0.0
        self._attempts = 0

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """Watch the runs of the block."""
        thread = threading.Thread(target=self._watch, name="aurous-watchdog", daemon=True)
        thread.start()
        try:
            with self._waking():
                yield
        finally:
            self._closed = True
            self._changed.set()
            thread.join(_TICK * 10)

    @contextmanager
    def _waking(self) -> Generator[None, None, None]:
        """In the block, let `_wake` wake the main thread also where SIGINT is ignored, as in the background of a shell.

        A SIGINT of somebody else stays ignored.
        """
        ours = threading.current_thread() is threading.main_thread()
        if not ours or signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            yield
            return
        signal.signal(signal.SIGINT, self._end_hanging)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _end_hanging(self, *_: object) -> None:
        run = self._run
        if run is not None and run.hangs:  # pragma: no branch - often the exception from outside comes first
            raise RunEnded(run.stopped)  # pragma: no cover

    @contextmanager
    def guarding(self, run: ExploredRun, case: str) -> Generator[None, None, None]:
        """Let the block be the run, in this thread."""
        self._before = sys.gettrace()
        with self._lock:
            self._run, self._case, self._ident, self._console = run, case, get_ident(), run.work.console
            self._seen, self._progress, self._attempts, self.cancel = set(), monotonic(), 0, int
            self._noticed.clear()
            self._changed.set()
        try:
            self._noticed.wait(1)
            yield
        finally:
            while True:
                try:
                    self._leave()
                    break
                except RunEnded:  # pragma: no cover - it came a moment too late
                    continue

    def _leave(self) -> None:
        with self._lock:
            run, self._run = self._run, None
            self._set_timer()
        if run is None:  # pragma: no cover - an exception came during the first attempt
            return
        if run.hangs:
            _raise_in(get_ident(), None)
        if sys.gettrace() is not self._before:  # `unwind` traces, and so may the run itself
            sys.settrace(self._before)  # pragma: no cover - another tracer than that of coverage is there

    def _watch(self) -> None:
        self._time.deadlines[get_ident()] = inf
        try:
            tick = min(_TICK, self._patience / 10)
            while not self._closed:
                with self._lock:
                    run, case = self._run, self._case
                    if run is not None:
                        self._look(run)
                        self._set_timer()
                # `faulthandler` shows nothing of ours but the names of functions.
                text = f"{case} cannot be stopped: code in C keeps the lock of Python, so the process ends. {_MORE}"
                rest = FunctionType(Watchdog._rest.__code__.replace(co_name=text), globals())
                rest(self, run, _STOPPING_TICK if self._attempts else tick)
        finally:
            del self._time.deadlines[get_ident()]

    def _rest(self, run: ExploredRun | None, seconds: float) -> None:
        if run is self._run:  # pragma: no branch - a run rarely ends just now
            self._noticed.set()
        self._changed.wait(seconds)
        self._changed.clear()

    def _set_timer(self) -> None:
        """Let the process end if no look follows in time; after the run, go back to the timer of pytest, if it has one.

        A debugger may stop the watching thread, too; then nothing is timed.
        """
        if not _STOPPERS.isdisjoint(sys.modules):
            return
        if self._run is not None:
            faulthandler.dump_traceback_later(
                self._patience + MOST_STOPS * _STOPPING_TICK, exit=True, file=self._console.stderr
            )
        elif self._console.timeout:
            faulthandler.dump_traceback_later(self._console.timeout, file=self._console.stderr)
        else:
            faulthandler.cancel_dump_traceback_later()

    def _look(self, run: ExploredRun) -> None:
        """See whether the run makes progress, and try to end it if it does not."""
        frames = workers(run, self._ident)
        if not run.hangs:
            places = {run.steps, *map(_place, frames.values())}
            if not places <= self._seen or any(package_of(one) in DEBUGGERS for one in callers(frames[self._ident])):
                self._seen |= places
                self._progress = monotonic()
            if monotonic() - self._progress < self._patience:
                return
            run.hang(f"nothing happened for {self._patience:g} s at {_shown(_stuck(frames, self._ident))}")
            self._patience = min(self._patience, LATER)
        self._attempts += 1
        error = ending(run)
        for ident in frames:
            if _can_raise(sys._current_frames().get(ident)):
                _raise_in(ident, error)
        if self._attempts % _WAKE == 1:
            self.cancel()
        if self._attempts % _WAKE == 0 and _can_raise(frames[self._ident], idle=True):  # pragma: no cover - timing
            _wake(self._ident)
        if self._attempts > MOST_STOPS:  # pragma: no cover - it ends the process
            self._give_up(run, frames)

    def _give_up(
        self, run: ExploredRun, frames: dict[int, FrameType]
    ) -> None:  # pragma: no cover - it ends the process
        """End the process, with the stacks of all threads of the run."""
        stacks = ["".join(traceback.format_stack(frame)) for frame in frames.values()]
        text = (
            f"{self._case} cannot be stopped: {run.stopped}. Python cannot interrupt code that waits or works in C, so "
            f"the process ends here.\n{_MORE}"
        )
        with open(self._console.stderr, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as stderr:
            print(redacted("\n".join(["", text, *stacks])), file=stderr)
        os._exit(1)


def ending(run: ExploredRun) -> type[RunEnded]:
    """Return an exception that also calls `unwind` in the thread in which it is raised."""

    class Ending(RunEnded):
        def __init__(self) -> None:
            super().__init__(run.stopped)
            unwind(run, sys._getframe(1))

    return Ending


def unwind(run: ExploredRun, frame: FrameType) -> None:
    """Raise at the next line of the code under test in this thread, but only once at each line of the run.

    Args:
        run: The run.
        frame: Where the thread is now.
    """
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, _: Any) -> Any:  # pragma: no cover - nothing traces a trace function
        if run.over:
            sys.settrace(before)
            return None
        if package_of(frame) in SENDERS:
            return None
        place: tuple[CodeType, int] = (frame.f_code, frame.f_lineno)
        if event == "line" and place not in run.tried:
            run.tried.add(place)
            raise RunEnded(run.stopped)  # Python removes the trace function
        return trace

    trace.run = run  # type: ignore[attr-defined]
    for one in callers(frame):
        if hosts(one):
            break
        if package_of(one) not in SENDERS:
            one.f_trace = trace
    sys.settrace(trace)


def _raise_in(ident: int, error: type[RunEnded] | None) -> None:
    """Raise an exception in a thread, before its next instruction; None takes back a pending exception."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(ident), ctypes.py_object(error) if error is not None else None
    )


def _can_raise(frame: FrameType | None, *, idle: bool = False) -> bool:
    """Whether an exception may come between two instructions: not in our code, which has locks, nor in a loop.

    Our code raises by itself while it ends a run. An *idle* loop can be woken.
    """
    while frame is not None and not hosts(frame):
        package = package_of(frame)
        if package == PACKAGE:  # pragma: no cover - a matter of time
            return False
        if package not in SENDERS:
            return True
        frame = frame.f_back
    return idle


def _wake(ident: int) -> None:  # pragma: no cover - a matter of time
    """Wake the main thread, as Ctrl-C does; other threads cannot be woken."""
    if ident == threading.main_thread().ident and callable(signal.getsignal(signal.SIGINT)):
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(ident, signal.SIGINT)
        else:  # on Windows, where that wakes an event loop, but no thread that waits for a lock
            _thread.interrupt_main()


def _place(frame: FrameType) -> object:
    return next(iter(stack_under_test(frame)), (frame.f_code, frame.f_lineno))


def _stuck(frames: dict[int, FrameType], ident: int) -> FrameType:
    """Return the frame of a thread that hangs: the thread *ident*, unless our code waits in it for the others."""
    threads = [ident, *(one for one in frames if one != ident)]
    return next((frames[one] for one in threads if _can_raise(frames[one])), frames[ident])


def _shown(frame: FrameType) -> str:
    stack = stack_under_test(frame)
    return shown_place(stack[0]) if stack else "a place outside of the code under test"
