"""Where runs are made: on one fake that goes back to the start before each, or each on a fake of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final

from .._core.base.errors import INTERRUPTED, AurousError, hide_mistakes, see
from .._core.base.frames import without_package
from .._core.wire.call import Call
from .._facade import App, Course, SharedTime, skipped_sleeps, stopped_time
from .compare import told
from .end_state import EndState, EndStates
from .laws import Day
from .options import PAGE
from .report.text import brief
from .runs.attempt import interruption, resting, with_text
from .runs.run import ignore, noting_runs, present_run
from .runs.watchdog import RunEnded, Watchdog

if TYPE_CHECKING:
    from .report.result import Exploration
    from .runs.attempt import RunAttempt

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)


class LeftOut(AurousError):  # noqa: N818 - it is no mistake
    """A test that cannot be explored; the message is the reason.

    Args:
        reason: The reason.
        harmless: Whether nothing is missed: it has nothing to explore, or is explored elsewhere.
        leaks: Whether its runs differ, because one has left something to the next.
    """

    def __init__(self, reason: str, *, harmless: bool = False, leaks: bool = False) -> None:
        super().__init__(reason)
        self.harmless: bool = harmless
        self.leaks: bool = leaks


class Stage(ABC):
    """What an exploration needs of the place where its runs are made.

    Attributes:
        app: The fake of the present run.
        time: The skipped sleeps.
        watchdog: Ends runs that hang.
    """

    app: App
    time: SharedTime
    watchdog: Watchdog

    @contextmanager
    def set_up(self, patience: float) -> Generator[None, None, None]:
        """In the block, skip the sleeps of runs, and end a run that makes no progress for *patience* real seconds."""
        with self._skipping() as self.time:
            self.watchdog = Watchdog(patience, self.time)
            with self.watchdog.watching():
                yield

    @contextmanager
    def bad_days(self, table: Callable[[], str], *, stays: bool) -> Generator[None, None, None]:
        """Let the block be the runs after the good day; what interrupts them shows the table so far.

        Args:
            table: Returns the table.
            stays: Whether the fake stays as the last run left it; else it is as before.
        """
        go_back = self.mark()
        try:
            with resting(self.app):
                yield
        except BaseException as error:
            if (ending := interruption(error)) is None:
                raise
            raise with_text(ending, f"{INTERRUPTED}\n{table()}") from None
        finally:
            if not stays:
                go_back()

    @abstractmethod
    def _skipping(self) -> AbstractContextManager[SharedTime]:
        """Skip sleeps in the block."""

    @abstractmethod
    def begin_anew(self) -> None:
        """Go back to the start."""

    @abstractmethod
    def mark(self) -> Callable[[], object]:
        """Return a function that goes back to now."""

    @abstractmethod
    def end(self, failed: Mapping[str, Course]) -> EndState:
        """Return the end state of a run, some of whose records a fault lets fail."""

    @abstractmethod
    def check(self, good: Day) -> None:
        """Raise an error if the good day cannot be compared with others."""

    @abstractmethod
    def check_again(self, which: str, later: Day, found: str | None) -> None:
        """Raise an error if a later good day differs from the first.

        Args:
            which: Says which of them it is: the second or the last.
            later: The day.
            found: What it did that the first one did not do; None: they are equal.
        """

    @abstractmethod
    def refuse(self, why: str, *, met: bool) -> AurousError:
        """Return the error for a good day that no fault can break; *met*: the test itself breaks all of it."""

    @abstractmethod
    def report(self, exploration: Exploration) -> str:
        """Return what a failure says of the result."""


class OneFake(Stage):
    """All runs are made on one fake.

    Args:
        app: The fake.
        who: The method that the test called, for messages.
        mark: Returns a function that goes back to the present moment of the fake and of skipped sleeps.
    """

    def __init__(self, app: App, who: str, mark: Callable[[SharedTime], Callable[[], object]]) -> None:
        self.app = app
        self._who = who
        self._mark = mark

    @contextmanager
    def _skipping(self) -> Generator[SharedTime, None, None]:
        """Freeze the clock, too."""
        if present_run() is not None:
            raise AurousError(
                f"{self._who}() was called inside explore() or interleave(), which runs it many times. Call it once, "
                f"in the test, around the code under test.\n{_MORE}"
            )
        with noting_runs(), stopped_time(self.app) as time:
            self.time = time
            with self.app.world.lock:
                self._go_back = self.mark()
                self._states = EndStates(self.app)
            yield time

    def begin_anew(self) -> None:
        """Go back to the start."""
        self._go_back()

    def mark(self) -> Callable[[], object]:
        """Return a function that goes back to now."""
        return self._mark(self.time)

    def end(self, failed: Mapping[str, Course]) -> EndState:
        """Return the end state of a run."""
        return self._states.read(failed)

    def check(self, good: Day) -> None:
        """Raise why the good day cannot be one."""
        self._check_end(good)
        if good.error is not None:
            raise _must_succeed(good.error)
        if not good.calls:
            raise AurousError(
                "explore(run): run sent no request to the fake, so there is nothing to break. Let it call the code "
                f"that sends requests, with a client that the fake intercepts.\n{_MORE}"
            )

    def check_again(self, which: str, later: Day, found: str | None) -> None:
        """Name ``fresh`` if a later good day differs; what it raised is shown as the cause."""
        self._check_end(later)
        if found is not None:
            raise AurousError(
                f"Use fresh= to reset what your code keeps between runs: the {which} undisturbed run {found}\n"
                "All runs have to start from the same state. explore(run, fresh=reset) calls reset() before each run: "
                "let it empty what an earlier run has filled, such as a database, a cache or a variable of a module, "
                f"and seed what the code draws at random.\n{_MORE}"
            ) from later.error

    def _check_end(self, good: Day) -> None:
        """Refuse a good day that had to be ended."""
        if good.run.stopped:
            raise AurousError(
                f"explore(): the good day does not end: {good.run.stopped}. It must return before bad days can be "
                f"compared with it.\n{_MORE}"
            ) from good.error
        if isinstance(good.error, RunEnded):
            raise AurousError(
                "explore(): a request came from a thread, a task or an event loop that an earlier run has started. "
                f"Start what the application keeps before explore(), or anew in fresh=.\n{_MORE}"
            ) from good.error

    def refuse(self, why: str, *, met: bool) -> AurousError:  # noqa: ARG002 - it is a mistake, whatever the reason is
        """Return an error with what the faults need."""
        return AurousError(f"explore(): {why}\n{see(f'{PAGE}#faults')}")

    def report(self, exploration: Exploration) -> str:
        """Return all of it."""
        return exploration.report()


class FreshFake(Stage):
    """Each run is a test, which makes a fake of its own.

    Args:
        app: The fake of the run that has passed.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._start: float | None = None
        self._sent = _operations(app.world.journal.entries)

    @contextmanager
    def run_on(self, app: App, attempt: RunAttempt) -> Generator[None, None, None]:
        """Let the block be the run of *attempt*, on a fake that it has just made."""
        self.app = app
        if self._start is None:  # it is what the clock of a new fake says, which a setting may have put elsewhere
            self._start = app.world.clock.time()
        app.world.clock.restore((0.0, self._start, 1.0, 0.0))
        with app.world.lock:
            self._states = EndStates(app)
        with noting_runs(), app.world.clock.skip_sleeps(), attempt.running():
            yield

    @contextmanager
    def _skipping(self) -> Generator[SharedTime, None, None]:
        with skipped_sleeps() as time:
            self._go_back = time.keep()
            yield time

    def begin_anew(self) -> None:
        """Set the clocks of the process back; the next run makes a fake of its own."""
        self._go_back()

    def mark(self) -> Callable[[], object]:
        """Return a function that does nothing: the next run makes a fake of its own."""
        return ignore

    def end(self, failed: Mapping[str, Course]) -> EndState:
        """Return the end state of a run."""
        return self._states.read(failed)

    def check(self, good: Day) -> None:
        """Leave the test out if it cannot be explored."""
        if good.error is not None:
            raise LeftOut(f"it does not pass when it is run again: {told(good.error)}", leaks=True)
        if not self._sent:
            raise LeftOut("it sends no request", harmless=True)
        if missing := ", ".join(sorted(self._sent - _operations(good.calls))):
            raise LeftOut(f"it differs from run to run: when it is run again, it does not send {missing}", leaks=True)

    def check_again(self, which: str, later: Day, found: str | None) -> None:  # noqa: ARG002 - the text says it
        """Leave the test out if a later good day differs."""
        if found is not None:
            raise LeftOut(f"it differs from run to run: the {which} undisturbed run {found}", leaks=True)

    def refuse(self, why: str, *, met: bool) -> AurousError:
        """Leave the test out; nothing is missed if it breaks each request itself."""
        return LeftOut(why, harmless=met)

    def report(self, exploration: Exploration) -> str:
        """Return a sentence for each cause: the end of the run shows the rest, once for all tests."""
        return brief(exploration)


def _operations(calls: Iterable[Call]) -> set[str]:
    """Return what was sent at all: how often may depend on real time, which has passed only in a test's own run."""
    return {call.operation or f"{call.method} {call.path}" for call in calls}


def _must_succeed(error: BaseException) -> BaseException:
    """Return what to raise for the exception of a good day: what the test's author or pytest has to see, unchanged."""
    if isinstance(error, AurousError) or not isinstance(error, Exception):
        return error
    on_purpose = f", or, if it is meant to fail, write with pytest.raises({type(error).__name__}) inside run"
    failure = AurousError(
        f"explore(run): the undisturbed run must succeed, and it raised {told(error)}\n"
        "Its traceback is above. Let run return where nothing goes wrong"
        f"{'' if isinstance(error, AssertionError) else on_purpose}.\n{_MORE}"
    )
    failure.__cause__ = error.with_traceback(without_package(error.__traceback__))
    return failure
