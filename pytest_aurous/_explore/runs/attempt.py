"""One run that a driver makes: its faults, what it does, what ends it, and what came of it."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, cast

from ..._core.base.chains import connected, leaves
from ..._core.base.data import View
from ..._core.base.errors import AurousCrash
from ..._core.base.frames import TOOLS, signal_handlers
from ..._core.base.work import sender
from ..._core.wire.call import Call, Watcher
from ..._facade import App, StateReader, happening, watched, when_done, work_begun
from ..compare import Identities
from ..end_state import EndState, paid
from ..ids import slug
from ..kinds import Plan, Scene
from ..laws import Day
from .run import DAY, ExploredRun
from .turns import Calls, Turns
from .watchdog import RunEnded

if TYPE_CHECKING:
    from ..stage import Stage

_INTERRUPTIONS: Final = frozenset({("builtins", "KeyboardInterrupt"), ("trio", "Cancelled"), ("_pytest", "Exit")})
"""Packages and names of exceptions that end the exploration: Ctrl-C, trio's cancellation and `pytest.exit`."""


@dataclass(frozen=True)
class Outcome:
    """What a run returned or raised; of two workers, what both returned, and what one of them raised."""

    returned: Any = None
    error: BaseException | None = None


@dataclass(eq=False)
class RunAttempt:
    """One run, which a driver makes inside `running`.

    Attributes:
        stage: Where it is made.
        good: The good day, which limits it; None if this is one.
        plan: Its faults, each with its place; none on the good day.
        before: The run whose state it goes on from; None: it starts anew.
        reader: For `Observer`.
        turns: Lets two workers take turns; None: one function is called after the other.
        begins: The name of the function that is called first; by default, the first one is.
        run: The run; it exists once `running` was entered.
    """

    stage: Stage
    good: Day | None
    plan: Plan = ()
    before: RunAttempt | None = None
    reader: StateReader | None = None
    turns: Turns | None = None
    begins: str = ""
    run: ExploredRun = field(init=False)
    _observer: Observer = field(init=False)
    _unmet: bool = False

    @property
    def case(self) -> str:
        """What it is called in messages: the slug of its case or its schedule, or the good day."""
        faults = self.before.plan if self.before is not None else self.plan
        names = (*(f"{place} {kind}" for place, kind in faults), *(self.turns.schedule if self.turns else ()))
        return slug(" | ".join(names)) or "the good day"

    @contextmanager
    def running(self) -> Generator[None, None, None]:
        """Add the faults; the block is the run, and what it starts belongs to it."""
        app, good = self.stage.app, self.good
        # A run that retries sends more than the good day, and one that retries without end must still end soon.
        if good is None:
            run = self.run = ExploredRun(app)
        else:
            usual = f"; the good day sent {len(good.calls)}"
            run = self.run = ExploredRun(app, 20 * len(good.calls) + 100, good.seconds + DAY, usual)
        with app.world.lock:
            identities = Identities()
            scene = Scene(app, run, self.stage.time.move, identities)
            scene.begin(self.plan)
            needed = identities if any(place.key is not None for place, _ in self.plan) else None
            self._observer = self.before._observer if self.before else Observer(app, needed, self.reader)
        turns = self.turns.taking(run) if self.turns is not None else nullcontext()
        try:
            with watched(app, self._observer), run.running(), self.stage.watchdog.guarding(run, self.case), turns:
                yield
        finally:
            with app.world.lock:
                self._unmet = scene.unmet or (self.turns is not None and bool(self.turns.left))
                scene.end()

    async def perform(self, calls: Calls, cancel: Callable[[], object] | None = None) -> Outcome:
        """Call the functions under test, by name, which return outcomes; return that of all.

        If the run hangs, *cancel* is called from another thread.
        """
        self.stage.watchdog.cancel = cancel
        found: dict[str, Outcome] = {}
        errors: list[BaseException | None] = []
        try:
            if self.turns is not None:
                await self.turns.perform(calls, found)
            else:
                for name in sorted(calls, key=lambda one: one != self.begins):
                    if not any(one.error for one in found.values()):
                        found[name] = await calls[name]()
        except CancelledError as error:
            errors.append(error)
        each = [found.get(name, Outcome()) for name in calls]
        if len(each) == 1:
            return each[0]
        errors += [one.error for one in found.values()]
        if len(found) < len(each):
            errors.append(RunEnded("A worker did not end."))
        return Outcome(tuple(one.returned for one in each), next(filter(None, errors), None))

    def day(self, outcome: Outcome) -> Day:
        """Return what came of the run.

        Raises:
            BaseException: What ends the whole exploration, if that has ended the run.
        """
        run, error = self.run, outcome.error
        if not run.hangs and (ending := interruption(error)) is not None:
            raise ending
        if run.crashed or any(isinstance(leaf, AurousCrash) for leaf in leaves(error)):
            name = "crashed"
        elif run.stopped:
            name = "stopped"
        else:
            name = "returned" if error is None else "raised"
        if self._unmet:
            name = "unmet"
        with self.stage.app.world.lock:
            end = self.stage.states.read((self.before or self).run.failed)
            return self._observer.day(run, name, outcome, end, self.turns.sent if self.turns is not None else ())


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


class Observer(Watcher):
    """Watches a run, and the undisturbed run after it, from the moment at which it is made.

    Args:
        app: The fake.
        identities: Sees each request; None: no place needs it.
        reader: Reads the state for a trace; None: the test is not traced.
    """

    of_bad_days = True

    def __init__(self, app: App, identities: Identities | None, reader: StateReader | None) -> None:
        self._app = app
        self._began = app.world.clock.time()
        self._identities = identities
        self._reader = reader
        self._thread = get_ident()
        self._task: Any = None
        self._concurrent = False
        self._since = happening(app)
        self._before = when_done(app, lambda: paid(app))
        self._begun = work_begun(app)
        self._starting: dict[int, bool] = {}
        self._polls = False
        self._views: dict[int, View] = {}
        self._view(0)

    def arrive(self, call: Call) -> None:  # noqa: ARG002 - it counts who sends it
        """See whether threads or tasks send requests side by side, and not one after the other."""
        thread, task = sender()
        over = self._task is None or task is self._task or getattr(self._task, "done", bool)()
        self._concurrent |= thread != self._thread or not over
        self._task = task

    def leave(self, call: Call) -> None:
        """See whether a request starts work, or polls work in progress; while tracing, keep the state after it."""
        if self._identities is not None:
            self._identities.see(call)
        if works := self._begun():
            self._starting[call.number] = any(work.succeeds for work in works)
        self._begun = work_begun(self._app)
        polled = [run for part in call.path.split("/") if (run := self._app.world.runs.get(part)) is not None]
        self._polls |= call.method == "GET" and any(not run.last for run in polled)
        self._view(call.number)

    def day(
        self, run: ExploredRun, name: str, outcome: Outcome, end: EndState, sent: Collection[tuple[str, Call]]
    ) -> Day:
        """Return what has happened until now; *name* is the outcome in one word, as in `Case`."""
        happened = self._since()
        return Day(
            run=run,
            outcome=name,
            error=outcome.error,
            returned=outcome.returned,
            calls=happened.calls,
            notes=happened.notes,
            paid={team: paid - self._before.get(team, Decimal(0)) for team, paid in end.paid.items()},
            pitfalls=happened.pitfalls,
            problems=happened.problems,
            end=end,
            seconds=self._app.world.clock.time() - self._began,
            deliveries=[one for one in happened.deliveries if one.headers or one.fault],
            starting=self._starting,
            polls=self._polls,
            concurrent=self._concurrent,
            views=self._views,
            senders={call.number: worker for worker, call in sent},
        )

    def _view(self, number: int) -> None:
        if self._reader is not None:
            self._views[number] = self._reader.read(self._app)


@contextmanager
def resting(app: App) -> Generator[None, None, None]:
    """Let a trace and the coverage rest in the block: they see only the run that stays."""
    watchers = app.world.watchers
    rest = [one for one in watchers if not one.of_bad_days]
    watchers[:] = [one for one in watchers if one.of_bad_days]
    try:
        yield
    finally:
        watchers[:0] = rest
