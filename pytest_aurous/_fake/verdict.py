"""The verdict on a test: how unmatched requests, unfired faults, unused replies and bugs of the fake affect it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING
from weakref import proxy

from .._core.base.errors import (
    AurousError,
    AurousPitfallWarning,
    AurousUnfiredFault,
    AurousUnmatchedRequest,
    AurousWarning,
)
from .._core.base.frames import Helpers, line_of, shown_line
from .._core.base.work import Work, current_work, older_work
from .._core.engine.pipeline import App
from .._core.engine.pitfalls import Pitfall
from .._core.resources.chat.replies import unused
from .._core.wire.call import Call, Problem, Watcher

if TYPE_CHECKING:
    from .._core.faults.fault import Fault
    from .._core.resources.chat.replies import ScriptedReply


class Verdict:
    """Report each problem of a fake once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._reported: set[Hashable] = set()

    @property
    def _strict(self) -> str:
        return self._app.world.settings.strict

    def begin(self) -> None:
        """Judge the test that runs now; a request from a thread of an older test becomes a warning instead."""
        watchers, since = self._app.world.watchers, current_work()
        watchers[:] = [one for one in watchers if not isinstance(one, _LateCalls)]
        if since is not None:
            # In front: what ends requests stands at the end, and must not keep a late call from being reported.
            watchers.insert(0, _LateCalls(self._app, since))

    def judge(self) -> None:
        """Raise as ``strict`` says: problems not reported yet, and faults that were met too few times."""
        __tracebackhide__ = True
        problems, unfired, unused = self._take_problems()
        # The replies after one that does not fit have waited for it.
        if any(problem.kind == "reply" for problem in problems):
            unused = []
        # A pitfall fails a test only if nothing else does: it may be a consequence.
        if self._strict == "off" or not (problems or unfired or unused):
            self._judge_pitfalls()
            return
        from . import findings  # most tests have nothing to say

        app = self._app
        text = "\n\n".join(
            [
                *findings.problems(app, problems),
                *(findings.unfired(app, fault) for fault in unfired),
                *(findings.unused(app, reply) for reply in unused),
            ]
        )
        if self._strict == "warn":
            warnings.warn(AurousWarning(text), stacklevel=2)
            self._judge_pitfalls()
        elif not problems:
            raise AurousUnfiredFault(text)
        elif all(problem.kind == "unmatched" for problem in problems):
            raise AurousUnmatchedRequest(text)
        else:
            raise AurousError(text)

    def _judge_pitfalls(self) -> None:
        """Raise or warn of each pitfall, at the line of the code under test."""
        seen = self._take_pitfalls()
        mode = self._app.world.settings.pitfalls
        helpers: Helpers = self._app.world.journal.helpers if seen else frozenset()
        if seen and mode == "error":
            places = [f"\n  at {shown_line(one.call.stack, helpers)}" if one.place else "" for one in seen]
            raise AurousPitfallWarning("\n\n".join(f"{one}{place}" for one, place in zip(seen, places, strict=True)))
        for one in seen if mode == "warn" else ():
            if one.place is not None:
                file, line, _ = line_of(one.call.stack, helpers)[0]
                warnings.warn_explicit(AurousPitfallWarning(str(one)), None, file, line)
            else:
                warnings.warn(AurousPitfallWarning(str(one)), stacklevel=3)

    def close(self, test: str) -> None:
        """Warn of what arrived after the body of *test*, which has its verdict already."""
        problems = [one for one in self._app.problems if self._is_new(one)]
        if problems and self._strict != "off":
            from . import findings  # most tests have nothing to say

            text = "\n\n".join(findings.problems(self._app, problems))
            warnings.warn(AurousWarning(f"After the body of {test}:\n{text}"), stacklevel=2)
        for one in self._take_pitfalls() if self._app.world.settings.pitfalls != "off" else ():
            warnings.warn(AurousPitfallWarning(f"{one}\nAfter the body of {test}."), stacklevel=2)

    def mark_reported(self) -> None:
        """Do not report anything that happened until now: the test has its outcome."""
        self._take_problems()
        self._take_pitfalls()

    def keep(self) -> Callable[[], None]:
        problems, reported = self._app.problems[:], set(self._reported)

        def back() -> None:
            self._app.problems[:], self._reported = problems, set(reported)

        return back

    def timeline(self, again: str, *, problems: bool = True) -> str:
        """Return the timeline of a failed test, which *again* repeats; with *problems* that no error has told yet."""
        from .._report.timeline import timeline  # most tests have none
        from .findings import problems as texts_of

        told = texts_of(self._app, self._app.problems) if problems else []
        return "\n\n".join([timeline(self._app, again), *told])

    def _is_new(self, happened: Hashable) -> bool:
        """Whether something was not reported yet; it is reported from now on."""
        new = happened not in self._reported
        self._reported.add(happened)
        return new

    def _take_pitfalls(self) -> list[Pitfall]:
        return [one for one in self._app.pitfalls.seen if self._is_new(one)]

    def _take_problems(self) -> tuple[list[Problem], list[Fault], list[ScriptedReply]]:
        """Return the problems, and the faults and replies that too few requests have met, each of them once."""
        app = self._app
        with app.world.lock:
            return (
                [one for one in app.problems if self._is_new(one)],
                [one for one in app.queue.unfired if self._is_new(one)],
                [one for one in unused(app.world) if self._is_new(one.number)],
            )


class _LateCalls(Watcher):
    """Takes each call that a test before *since* has left behind out of the verdict, and reports it."""

    of_bad_days = True

    def __init__(self, app: App, since: Work) -> None:
        self._app: App = proxy(app)  # which has its watchers itself
        self._since = since

    def leave(self, call: Call) -> None:
        older, app = older_work(self._since), self._app
        if older is None:
            return
        wrong = [problem for problem in app.problems if problem.call is call]
        app.problems[:] = [problem for problem in app.problems if problem.call is not call]
        from .._report.unmatched import late  # most tests leave nothing behind
        from .findings import problems

        texts = [*problems(app, wrong), *app.pitfalls.drop(call)]
        self._since.report(late(call, older.test, self._since.test, texts))
