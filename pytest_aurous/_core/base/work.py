"""Which test a thread works for: the test that started it, or that submitted its job.

Nothing here knows pytest. The network guard says when a test begins and ends, and wraps `threading.Thread.start` and
`ThreadPoolExecutor.submit` with the functions below. A fake asks whether a request comes from an older test.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import partial, wraps
from itertools import count
from time import monotonic
from types import FrameType
from typing import Any, Final, Protocol

from .frames import callers

TICK: Final = 0.001
"""Real seconds between two checks of the other threads, and the shortest wait of a selector."""
# The plugin loads this module before any test can patch the function; freezegun finds none in a partial.
MONOTONIC: Final = partial(monotonic)
AWAKE: Final = "awake"
_NUMBERS: Final = count(1)
_WORK: Final[ContextVar[Work | None]] = ContextVar("aurous_work", default=None)
"""Tasks, and jobs that copy their caller's context (`asyncio.to_thread`, anyio, trio), inherit it."""
_STARTED_BY: Final = "_aurous_work"
_BRIEF: Final = 0.2
"""Real seconds in which a thread ends that can."""


class RunOfWork(Protocol):
    """The run of an exploration, as those see it who only have to end what it has left behind once it is *over*."""

    over: bool

    def ending(self) -> BaseException | None:
        """Return the exception that ends its work; None while it continues."""
        ...


class Work:
    """What one test does, in all of its threads."""

    def __init__(self, test: str, report: Callable[[str], None], run: RunOfWork | None = None, stderr: int = 2) -> None:
        self.test: str = test  # its node id; empty for what no single test does, such as a session fixture's server
        self.report: Callable[[str], None] = report  # shows a text that must not fail any test
        self.run: RunOfWork | None = run  # of an exploration, which it is part of
        self.stderr: int = stderr  # where the watchdog of an exploration writes: pytest does not capture that
        self.thread: int = threading.get_ident()  # that runs the tests
        self.number: int = next(_NUMBERS)  # grows from test to test


def set_work(work: Work | None) -> Work | None:
    """Set what this thread, and each context that is copied from its own, works for; return the former value."""
    before = _WORK.get()
    _WORK.set(work)
    return before


def current_work() -> Work | None:
    """Return the test that this thread works for, or None if it is not known."""
    work: Work | None = _WORK.get() or getattr(threading.current_thread(), _STARTED_BY, None)
    return work


def sender() -> tuple[int, object]:
    """Return what sends a request now: the thread, and its task of asyncio or trio, if it has one."""
    for name in ("asyncio", "trio.lowlevel"):
        with suppress(RuntimeError):  # no loop of that library runs in this thread
            if (library := sys.modules.get(name)) is not None:
                return threading.get_ident(), library.current_task()
    return threading.get_ident(), None


def ending() -> BaseException | None:
    """Return the exception that ends this thread or task, because its run is over; else None."""
    work = current_work()
    return None if work is None or work.run is None else work.run.ending()


def workers(run: RunOfWork, ident: int) -> dict[int, FrameType]:
    """Return the frame of each thread that works for a run: the thread *ident*, those it started, and jobs of pools."""
    return threads_of(lambda work: work.run is run, ident)


def threads_of(mine: Callable[[Work], bool], ident: int = 0) -> dict[int, FrameType]:
    """Return the frames of the thread *ident*, and of each thread whose job is *mine*, or which *mine* has started."""
    started = {thread.ident: getattr(thread, _STARTED_BY, None) for thread in threading.enumerate()}
    found: dict[int, FrameType] = {}
    for thread, frame in sys._current_frames().items():
        jobs = (one.f_locals["work"] for one in callers(frame) if one.f_code is _do.__code__)
        work = next(jobs, started.get(thread))
        if thread == ident or (work is not None and mine(work)):
            found[thread] = frame
    return found


def leave_behind(thread: threading.Thread) -> None:
    """Let a thread that is about to start wait for ever: neither the process nor a pool waits for it after its run."""
    join = thread.join

    def join_unless_over(*args: Any, **options: Any) -> None:
        if thread.ident in threads_of(lambda work: work.run is not None and work.run.over):
            threading.Thread.join(thread, _BRIEF)
        else:
            join(*args, **options)

    thread.daemon = True
    thread.join = join_unless_over  # type: ignore[method-assign]  # a pool joins also daemons, and so does its module


def older_work(since: Work | None) -> Work | None:
    """Return what this thread works for if that is a test from before *since*, else None.

    The thread that runs the tests always works for the present one: the context of a long-lived event loop can
    belong to an earlier test.
    """
    if since is None or threading.get_ident() == since.thread:
        return None
    work = current_work()
    return work if work is not None and work.test and work.number < since.number else None


def noting_start(start: Any, here: Callable[[], Work | None]) -> Any:
    """Wrap `threading.Thread.start` so that the new thread remembers who started it."""

    @wraps(start)
    def noted(thread: threading.Thread) -> None:
        if getattr(thread, _STARTED_BY, None) is None:  # else an inner pytest run has noted it
            setattr(thread, _STARTED_BY, here())
        start(thread)

    return noted


def noting_submit(submit: Any, here: Callable[[], Work | None]) -> Any:
    """Wrap `ThreadPoolExecutor.submit` so that a job belongs to the test that submits it, not to the pool's."""

    @wraps(submit)
    def noted(pool: Any, job: Any, /, *args: Any, **options: Any) -> Any:
        work = here()
        # A job for another interpreter is pickled.
        other = getattr(sys.modules.get("concurrent.futures.interpreter"), "InterpreterPoolExecutor", ())
        if work is None or isinstance(pool, other):
            return submit(pool, job, *args, **options)
        return submit(pool, _do, work, job, *args, **options)

    return noted


def _do(work: Work, job: Any, /, *args: Any, **options: Any) -> Any:
    __tracebackhide__ = True
    token = _WORK.set(work)
    try:
        return job(*args, **options)
    finally:
        _WORK.reset(token)


def times_run(thread: threading.Thread) -> str | None:
    """Return a text that changes whenever the thread runs, or None where the system does not count that.

    It is `AWAKE` while the thread runs, is about to run, which may take a busy machine a while, or waits for a disk.
    """
    try:
        with open(f"/proc/self/task/{thread.native_id}/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - faster
            status = file.read()
    except OSError:  # the thread has ended, or this is not Linux
        return None
    if "\nState:\tR" in status or "\nState:\tD" in status:
        return AWAKE
    switches = status.find("\nvoluntary_ctxt_switches:")
    return None if switches < 0 else f"{thread.native_id}{status[switches:]}"
