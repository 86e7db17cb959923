"""What a run does, while it goes on: from that, its day."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from ..._core.base.work import sender
from ..._core.engine.pipeline import App
from ..._core.wire.call import Call, Watcher
from ..._report.state import View, Written, view
from ..compare.end_state import EndState, ahead, paid
from ..compare.identity import Identities
from ..kinds import started, succeeds
from ..laws import Day
from .run import Run


class Observer(Watcher):
    """Watches a run, and the undisturbed run after it, from the moment at which it is made.

    Args:
        app: The fake.
        identities: Sees each request; None: no place needs it.
        written: The records that were written as JSON before, if the state is to be kept for a trace; else None.
    """

    of_bad_days = True

    def __init__(self, app: App, identities: Identities | None, written: Written | None) -> None:
        world = app.world
        self._app = app
        self._began = world.clock.time()
        self._identities = identities
        self._written = written
        self._thread, self._task = get_ident(), sender()[1]
        self._concurrent = False
        self._lengths = len(world.journal.entries), len(world.journal.notes), len(app.problems), len(app.pitfalls.seen)
        self._before = ahead(world, lambda: paid(world))
        self._old_deliveries = frozenset(world.outbox.entries)
        self._work: dict[str, Any] = dict(world.runs.items())
        self._starting: dict[int, bool] = {}
        self._polls = False
        self._views: dict[int, View] = {}
        self._view(0)

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """Watch the fake in the block."""
        watchers = self._app.world.watchers
        watchers.insert(0, self)
        try:
            yield
        finally:
            watchers.remove(self)

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
        runs = self._app.world.runs
        if works := started(self._work, now := dict(runs.items())):
            self._starting[call.number] = any(succeeds(work) for _, work in works)
        self._work = now
        polled = [run for part in call.path.split("/") if (run := runs.get(part)) is not None]
        self._polls |= call.method == "GET" and any(not run.last for run in polled)
        self._view(call.number)

    def day(self, run: Run, outcome: str, error: BaseException | None, returned: Any, end: EndState) -> Day:
        """Return what has happened until now.

        Args:
            run: The run.
            outcome: Its outcome, as in `Case`.
            error: What it raised, or None.
            returned: What it returned.
            end: Its end state.
        """
        app, (calls, notes, problems, pitfalls) = self._app, self._lengths
        made = [one for number, one in app.world.outbox.entries.items() if number not in self._old_deliveries]
        return Day(
            run=run,
            outcome=outcome,
            error=error,
            returned=returned,
            calls=app.world.journal.entries[calls:],
            notes=app.world.journal.notes[notes:],
            spent=end.paid - self._before,
            pitfalls=app.pitfalls.seen[pitfalls:],
            problems=app.problems[problems:],
            end=end,
            seconds=app.world.clock.time() - self._began,
            deliveries=[one for one in made if one.headers or one.fault],
            starting=self._starting,
            polls=self._polls,
            concurrent=self._concurrent,
            views=self._views,
        )

    def _view(self, number: int) -> None:
        if self._written is not None:
            self._views[number] = view(self._app, self._written)


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
