"""One run that a driver makes: its faults, what it does, what ends it, and what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from threading import get_ident
from traceback import format_exception, walk_tb
from typing import TYPE_CHECKING, Any, Final, cast

from ..._core.base.chains import connected, leaves
from ..._core.base.data import View
from ..._core.base.errors import AurousCrash, AurousError
from ..._core.base.frames import PACKAGE, TOOLS, Stack, package_of, signal_handlers
from ..._core.base.work import sender
from ..._core.wire.call import Call, Watcher
from ..._facade import Course, Written
from ..compare import Identities
from ..end_state import paid
from ..ids import slug
from ..kinds import Plan, Scene
from ..laws import Day
from .run import DAY, ExploredRun
from .turns import Calls, Turns

if TYPE_CHECKING:
    from ..stage import Stage

_OURS: Final = sys.stdlib_module_names | {PACKAGE}
_INTERRUPTIONS: Final = frozenset({("builtins", "KeyboardInterrupt"), ("trio", "Cancelled"), ("_pytest", "Exit")})
"""Packages and names of exceptions that end the exploration: Ctrl-C, trio's cancellation and `pytest.exit`."""


class OwnError(AurousError):
    def __init__(self, who: str, error: BaseException) -> None:
        trace = "".join(format_exception(type(error), error, error.__traceback__))
        super().__init__(
            f"{who}(): pytest-aurous itself failed, which says nothing about the code under test.\n"
            f"Please report this with the test that shows it.\n{trace}"
        )


@dataclass(frozen=True)
class Outcome:
    """What a run returned or raised; of two workers, what both returned, or what one of them raised."""

    returned: Any = None
    error: BaseException | None = None


class RunAttempt(Watcher):
    """One run, and an undisturbed one after it if that is *again*; a driver makes each inside `running`."""

    of_bad_days = True

    def __init__(
        self,
        stage: Stage,
        good: Day | None,
        plan: Plan = (),
        written: Written | None = None,
        turns: Turns | None = None,
        begins: str = "",
    ) -> None:
        names = (*(f"{place} {kind}" for place, kind in plan), *(turns.schedule if turns is not None else ()))
        self.plan: Plan = plan
        self.case: str = slug(" | ".join(names)) or "the good day"
        self.again: bool = False
        self.run: ExploredRun
        self._stage = stage
        self._good = good
        self._written = written
        self._turns = turns
        self._begins = begins
        self._identities = Identities(keyed=True)
        self._has_keys = any(place.key is not None for place, _ in plan)
        self._unmet = self._concurrent = False
        self._polls: dict[tuple[str, Stack], list[float]] = {}  # when each line has polled which work in progress
        self._thread = get_ident()
        self._task: Any = None
        self._waiting: set[Any] = set()
        self._in_flight: set[int] = set()
        self._begun: Callable[[], list[Course]] = list[Course]
        self._failure: OwnError | None = None
        self._starting: dict[int, Sequence[Course]] = {}
        self._views: dict[int, View] = {}

    @property
    def crashed(self) -> bool:
        """Whether a fault has let its process die; before the run begins, `fresh` may be called."""
        return hasattr(self, "run") and self.run.crashed  # pragma: no cover - only lines that run ask, see `Lines`

    @contextmanager
    def running(self) -> Generator[None, None, None]:
        """Add the faults; the block is the run, and what it starts belongs to it."""
        fake, good = self._stage.fake, self._good
        # A run that retries sends more than the good day, and one that retries without end must still end soon.
        if good is None:
            run = self.run = ExploredRun(fake)
        else:
            usual = f"; the good day sent {len(good.calls)}"
            run = self.run = ExploredRun(fake, 20 * len(good.calls) + 100, good.seconds + DAY, usual)
        with fake.lock:
            scene = Scene(fake, run, self._identities)
            scene.begin(() if self.again else self.plan)
            if not self.again:
                self._failed = run.failed
                self._began = fake.clock.time()
                self._since = fake.happening()
                self._before = fake.when_done(lambda: paid(fake))
                self._view(0)
        turns = self._turns.taking(run) if self._turns is not None else nullcontext()
        try:
            with fake.watched(self), run.running(), self._stage.watchdog.guarding(run, self.case), turns:
                yield
        finally:
            with fake.lock:
                self._unmet = scene.unmet or (self._turns is not None and bool(self._turns.left))
                scene.end()

    async def perform(self, calls: Calls, cancel: Callable[[], object] | None = None) -> Outcome:
        """Call the functions under test, by name, and return what they returned, or what one of them raised.

        If the run hangs, *cancel* is called from another thread.
        """
        self._stage.watchdog.cancel = cancel
        found: dict[str, Any] = {}
        try:
            if self._turns is not None:
                await self._turns.perform(calls, found)
            else:
                for name in sorted(calls, key=lambda one: one != self._begins):
                    found[name] = await calls[name]()
        except BaseException as error:  # noqa: BLE001 - each outcome is judged
            return Outcome(error=error)
        returned = [found[name] for name in calls]
        return Outcome(tuple(returned) if len(returned) > 1 else returned[0])

    def arrive(self, call: Call) -> None:
        """See whether threads or tasks send requests, or wait to send theirs, side by side; and who begins work."""
        thread, task = sender()
        over = self._task is None or task is self._task or getattr(self._task, "done", bool)()
        self._concurrent |= thread != self._thread or not over or task in self._waiting
        self._task = task
        self._waiting = asyncio.all_tasks() - {task} if isinstance(task, asyncio.Task) else set[object]()
        if not self._in_flight:  # the test has begun what began since the last request
            self._begun = self._stage.fake.work_begun()
        self._in_flight.add(id(call))

    def leave(self, call: Call) -> None:
        """See what a request does; if that fails, it fails the exploration, whatever the code under test catches."""
        try:
            self._see(call)
        except Exception as error:
            self._failure = OwnError(self._stage.who, error)
            raise

    def _see(self, call: Call) -> None:
        """See whether a request starts work, or polls it until it has ended; while tracing, keep the state after it."""
        self._in_flight.discard(id(call))
        if self._has_keys:
            self._identities.see(call)
        if works := self._begun():
            self._starting[call.number] = works
        self._begun = self._stage.fake.work_begun()
        poll = call.path, call.stack
        goes_on = not {*call.path.split("/")}.isdisjoint(self._stage.fake.working())
        if call.method == "GET" and (goes_on or poll in self._polls):
            self._polls.setdefault(poll, []).append(call.at)
        self._view(call.number)

    def _view(self, number: int) -> None:
        if self._written is not None:
            self._views[number] = self._stage.fake.view(self._written)

    def day(self, outcome: Outcome) -> Day:
        if self._failure is not None:
            raise self._failure
        run, error, fake = self.run, outcome.error, self._stage.fake
        run.raised = error is not None
        if not run.hangs and (ending := interruption(error)) is not None:
            raise ending
        self._stage.watchdog.check()
        if run.crashed or any(isinstance(leaf, AurousCrash) for leaf in leaves(error)):
            name = "crashed"
        elif run.stopped:
            name = "stopped"
        else:
            name = "returned" if error is None else "raised"
        with fake.lock:
            end = self._stage.end(self._failed)
            return Day(
                **vars(self._since()),
                run=run,
                outcome="unmet" if self._unmet else name,
                error=error,
                returned=outcome.returned,
                paid={team: paid - self._before.get(team, Decimal(0)) for team, paid in end.paid.items()},
                end=end,
                seconds=fake.clock.time() - self._began,
                starting=self._starting,
                still=next((stack[:1] for (_, stack), at in self._polls.items() if at[0] == at[-1] and at[1:]), None),
                concurrent=self._concurrent,
                views=self._views,
                senders={call.number: worker for worker, call in self._turns.sent} if self._turns is not None else {},
            )


def interruption(error: BaseException | None) -> BaseException | None:
    """Return what ends the whole exploration, and not only a run, if *error* is that or comes from it.

    That is Ctrl-C, a cancellation, `pytest.exit`, or what a tool such as pytest-timeout raises in a signal handler.
    """
    kinds = [type(leaf) for leaf in leaves(error)]
    if error is None or any((kind.__module__.partition(".")[0], kind.__name__) in _INTERRUPTIONS for kind in kinds):
        return error
    return next((one for one in connected(error) if not TOOLS.isdisjoint(signal_handlers(one))), None)


def with_text(error: Any, text: str) -> BaseException:
    """Add a text to the message of an interruption; trio's cancellation has none."""
    if hasattr(error, "msg"):  # of pytest's exceptions, which show it or their argument
        error.msg = f"{error.msg}\n{text}"
        error.args = (error.msg,)
    elif isinstance(error, KeyboardInterrupt):
        error.args = (text,)
    return cast("BaseException", error)


def theirs(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function of the test, which may be a builtin without a frame: what it raises is no error of ours."""
    return function(*arguments)


def is_ours(error: BaseException) -> bool:
    """Whether an exception that was caught has passed through no code but this package's, and Python's own."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return all(package_of(frame) in _OURS and frame.f_code is not theirs.__code__ for frame in frames)
