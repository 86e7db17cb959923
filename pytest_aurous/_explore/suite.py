"""Explore a whole test: each run is the test itself, with a new fake."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final

from .._base.arguments import Check
from .._base.chains import leaves
from .._engine.moment import Moment
from .._engine.pipeline import App
from .._time.skipping import SleepSkipper
from ..errors import AurousError
from .end_state import EndState, EndStates
from .explorer import Attempt, Explorer, Outcome
from .kinds import BY_DEFAULT, KINDS
from .laws import Day, allowed
from .options import PAGE, MarkerOptions, Options, read_names, read_options
from .result import Case, Exploration
from .run import noting_runs

LAWS: Final = ("ends", "pays_once", "no_pitfall")
"""What can be judged without knowing what the code under test has promised."""
_FAULTS: Final = tuple(name for name in KINDS if name != "crash")
"""A crash is judged by a law that is not in `LAWS`."""
_BY_DEFAULT: Final = tuple(name for name in BY_DEFAULT if name in _FAULTS)
LIMIT: Final = 60
"""Cases of each test, unless an option or the marker says something else."""


class LeftOut(AurousError):  # noqa: N818 - it is no mistake
    """A test that cannot be explored; the message is the reason."""


def read_suite_options(who: str, **arguments: Any) -> Options:
    """Check the arguments of the marker ``aurous_explore``.

    Args:
        who: The marker, and where it is.
        **arguments: The arguments of the marker.

    Raises:
        AurousError: If one is invalid, with what is valid.
    """
    check = Check(who, PAGE)
    check.keywords(arguments, MarkerOptions.__annotations__)
    faults = read_names(check, "faults", arguments.pop("faults", "*"), _FAULTS, _BY_DEFAULT)
    laws = read_names(check, "laws", arguments.pop("laws", "*"), LAWS, LAWS)
    return read_options(who, **{"limit": LIMIT, "faults": faults, "laws": laws, **arguments})


class SuiteExplorer(Explorer):
    """Explores one test.

    Args:
        app: The fake of the run that has passed.
        options: What to explore.
        again: The command that runs one case alone, with ``<case>`` for its id.
        progress: Called with the number of cases that were run, and of all.
        traced: Whether each case keeps its requests with the state around them.
    """

    def __init__(
        self, app: App, options: Options, again: str, progress: Callable[[int, int], object], *, traced: bool
    ) -> None:
        super().__init__(app, lambda _: Moment(app, ()), options, again, progress, traced=traced)
        self._states = _Unread()
        self._start_time = app.world.clock.time()

    @contextmanager
    def run_on(self, app: App, attempt: Attempt) -> Generator[None, None, None]:
        """Let the block be the run of *attempt*, with a fake that it has just made."""
        self.app = app
        app.world.clock.restore((0.0, self._start_time))
        with noting_runs(), app.world.clock.skip_sleeps(), attempt.running():
            yield

    @contextmanager
    def _set_up(self) -> Generator[None, None, None]:
        """Skip sleeps, for all runs."""
        with SleepSkipper(lambda _running, _frozen: None) as self._time:
            self._back = self._time.keep()
            with self._watching():
                yield

    def _mark(self) -> Callable[[], None]:
        """Return a function that does nothing: the next run makes a fake of its own."""
        return lambda: None

    def _go_back(self) -> None:
        """Set the clocks of the process back."""
        self._back()

    def _good_day(self) -> Generator[Attempt, Outcome, Day]:
        day = yield from self._attempt(())
        if day.error is not None:
            why = "; ".join(_told(leaf) for leaf in leaves(day.error))
            raise LeftOut(f"it does not pass when it is run again: {why}")
        if not day.calls:
            raise LeftOut("it sends no request")
        return day

    def _differ(self, number: int, first: str, second: str) -> AurousError:
        return LeftOut(f"it differs from run to run: request {number} is {first} or {second}")


class _Unread(EndStates):
    """No end states: a test checks itself what exists at its end, and no law that is judged here reads them."""

    def __init__(self) -> None:
        """Remember nothing."""

    def read(self, failed: Any = None) -> EndState:  # noqa: ARG002 - there is nothing to leave out
        """Return nothing."""
        return EndState([], [])


def _told(error: BaseException) -> str:
    """Return the type of an exception and the first line of its message, if it can be read."""
    with suppress(Exception):
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return type(error).__name__


def count(exploration: Exploration, may_raise: tuple[type[BaseException], ...]) -> dict[str, int]:
    """Return how many cases there are of each kind; *other* are failing assertions and unexpected exceptions."""

    def kind(case: Case) -> str:
        if case.outcome in {"returned", "unmet"}:
            return case.outcome
        return "raised" if case.error is not None and allowed(case.error, may_raise) else "other"

    kinds = [kind(case) for case in exploration.cases]
    return {
        "cases": len(kinds),
        **{name: kinds.count(name) for name in ("returned", "raised", "other", "unmet")},
        "broken": len(exploration.broken),
    }
