"""Where runs are made: on one fake that goes back to the start before each, or each on a fake of its own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from .._core.base.errors import INTERRUPTED, AurousError, AurousWarning, hide_mistakes, see
from .._core.base.frames import PACKAGE, nearest_outside, without_package
from .._core.wire.call import Call
from .._facade import Course, Handle, SharedTime, skipped_sleeps
from .compare import told
from .end_state import EndState, end_states
from .laws import Day
from .options import PAGE
from .runs.attempt import interruption, with_text
from .runs.run import ignore, noting_runs, present_run
from .runs.watchdog import RunEnded, Watchdog

if TYPE_CHECKING:
    from .runs.attempt import RunAttempt

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_REMARKS: Final = f"{PAGE}#the-result"


class LeftOut(AurousError):  # noqa: N818 - it is no mistake
    """A test that cannot be explored; the message is the reason."""

    def __init__(self, reason: str, *, harmless: bool = False) -> None:
        super().__init__(reason)
        self.harmless: bool = harmless  # nothing is missed: there is nothing, or it is explored elsewhere


class Stage:
    """One fake, on which all runs are made."""

    def __init__(self, fake: Handle, who: str, keep: Callable[[SharedTime], Callable[[], object]]) -> None:
        self.fake: Handle = fake
        self.who: str = who
        self.functions: tuple[str, ...] = ("run",) if who.endswith("explore") else ("first", "second")
        self.time: SharedTime
        self.watchdog: Watchdog
        self._keep = keep
        self.go_back: Callable[[], object]
        self.end: Callable[[Mapping[str, Course]], EndState]

    @contextmanager
    def set_up(self, patience: float) -> Generator[None, None, None]:
        """In the block, skip the sleeps of runs, and end a run that makes no progress for *patience* real seconds."""
        with self._skipping() as self.time:
            self.watchdog = Watchdog(patience, self.time)
            with self.watchdog.watching():
                yield

    @contextmanager
    def bad_days(self, table: Callable[[], str], *, stays: bool) -> Generator[None, None, None]:
        """Let the block be the runs after the good day; what interrupts them names the case, and shows the table."""
        go_back = self.keep()
        try:
            with self.fake.resting():
                yield
        except BaseException as error:
            if (ending := interruption(error)) is None:
                raise
            raise with_text(ending, f"{INTERRUPTED} {self.watchdog.case}:\n{table()}") from None
        finally:
            if not stays:
                go_back()

    @contextmanager
    def _skipping(self) -> Generator[SharedTime, None, None]:
        if present_run() is not None:
            raise AurousError(
                f"{self.who}() was called inside explore() or interleave(), which runs it many times. Call it once, "
                f"in the test, around the code under test.\n{_MORE}"
            )
        with noting_runs(), self.fake.stopped_time() as time:
            self.time = time
            with self.fake.lock:
                self.go_back = self.keep()
                self.end = end_states(self.fake)
            yield time

    def keep(self) -> Callable[[], object]:
        return self._keep(self.time)

    def check(self, good: Day) -> None:
        error, stopped = good.error, good.run.stopped
        if not stopped and (isinstance(error, AurousError) or not isinstance(error, Exception | RunEnded | None)):
            raise error  # which the author of the test or pytest has to see, unchanged
        if stopped or error is not None:
            # A receiver that fails, also by an error of ours, is only seen in its delivery; the code may wait for it.
            failed = [f"{one.event}, {one.outcome}" for one in good.deliveries if one.status == "failed"]
            delivery = f" The last webhook delivery that failed: {failed[-1]}." if failed else ""
            what = stopped if stopped or error is None else f"raised {told(error)}"
            raise AurousError(
                f"{self.who}(): the undisturbed run must succeed, and it {what}\n"
                "Its traceback is above. Let run return where nothing goes wrong, or, if it is meant to fail, write "
                f"with pytest.raises(...) inside run.{delivery}\n{_MORE}"
            ) from error and error.with_traceback(without_package(error.__traceback__))
        if not good.calls:
            raise self.nothing_sent(" and ".join(self.functions), "so there is nothing to break")

    def nothing_sent(self, name: str, why: str) -> AurousError:
        return AurousError(
            f"{self.who}(): {name} sent no request to the fake, {why}. Let it call the code that sends requests, with "
            f"a client that the fake intercepts.\n{_MORE}"
        )

    def check_again(self, which: str, later: Day, found: str | None) -> None:
        """Raise an error that names ``fresh`` if a later good day differs from the first."""
        if found is not None:
            names = ", ".join(self.functions)
            raise AurousError(
                f"Use fresh= to reset what your code keeps between runs: the {which} undisturbed run {found}\n"
                f"All runs have to start from the same state. {self.who}({names}, fresh=reset) calls reset() before "
                "each run: let it empty what an earlier run has filled, such as a database, a cache or a variable of a "
                f"module, and seed what the code draws at random.\n{_MORE}"
            ) from later.error

    def warn(self, remarks: Iterable[str]) -> None:
        """Warn of each remark, at the line of the test."""
        frame = nearest_outside({PACKAGE}, sys._getframe())
        for text in remarks:
            warning = AurousWarning(f"{self.who}(): {text.rstrip('.')}.\n{see(_REMARKS)}")
            warnings.warn_explicit(warning, None, frame.f_code.co_filename, frame.f_lineno)


class FreshFake(Stage):
    """Each run is a test, which makes a fake of its own."""

    def __init__(self, fake: Handle) -> None:
        super().__init__(fake, "explore", lambda _: ignore)
        self._start: float | None = None
        self._sent = _operations(fake.journal.entries)

    @contextmanager
    def run_on(self, fake: Handle, attempt: RunAttempt) -> Generator[None, None, None]:
        """Let the block be the run of *attempt*, on a fake that it has just made."""
        self.fake = fake
        if self._start is None:  # it is what the clock of a new fake says, which a setting may have put elsewhere
            self._start = fake.clock.time()
        fake.clock.restore((0.0, self._start, 1.0, 0.0))
        with fake.lock:
            self.end = end_states(fake)
        with noting_runs(), fake.clock.skip_sleeps(), attempt.running():
            yield

    @contextmanager
    def _skipping(self) -> Generator[SharedTime, None, None]:
        """Set the clocks of the process back before each run."""
        with skipped_sleeps() as time:
            self.go_back = time.keep()
            yield time

    def check(self, good: Day) -> None:
        if good.error is not None:
            raise LeftOut(f"it does not pass when it is run again: {told(good.error)}")
        if not self._sent:
            raise LeftOut("it sends no request", harmless=True)
        if missing := ", ".join(sorted(self._sent - _operations(good.calls))):
            raise _differs(f"when it is run again, it does not send {missing}")

    def check_again(self, which: str, later: Day, found: str | None) -> None:  # noqa: ARG002 - the text says it
        if found is not None:
            raise _differs(f"the {which} undisturbed run {found}")


def _differs(how: str) -> LeftOut:
    why = "What stays between its runs, such as a fixture of a wider scope, may be the cause"
    return LeftOut(f"it differs from run to run: {how}. {why}")


def _operations(calls: Iterable[Call]) -> set[str]:
    """Return what was sent at all: how often may depend on real time, which has passed only in a test's own run."""
    return {call.operation or f"{call.method} {call.path}" for call in calls}
