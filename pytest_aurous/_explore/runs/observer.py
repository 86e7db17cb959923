"""What a run does, while it goes on: from that, its day."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from ..._core.base.data import View
from ..._core.base.work import sender
from ..._core.wire.call import Call, Watcher
from ..._facade import App, StateReader, happening, when_done, work_begun
from ..compare import Identities
from ..end_state import EndState, paid
from ..laws import Day
from .run import Run


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
        self._thread, self._task = get_ident(), sender()[1]
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

    def day(self, run: Run, outcome: str, error: BaseException | None, returned: Any, end: EndState) -> Day:
        """Return what has happened until now.

        Args:
            run: The run.
            outcome: Its outcome, as in `Case`.
            error: What it raised, or None.
            returned: What it returned.
            end: Its end state.
        """
        happened = self._since()
        return Day(
            run=run,
            outcome=outcome,
            error=error,
            returned=returned,
            calls=happened.calls,
            notes=happened.notes,
            spent=end.paid - self._before,
            pitfalls=happened.pitfalls,
            problems=happened.problems,
            end=end,
            seconds=self._app.world.clock.time() - self._began,
            deliveries=[one for one in happened.deliveries if one.headers or one.fault],
            starting=self._starting,
            polls=self._polls,
            concurrent=self._concurrent,
            views=self._views,
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
