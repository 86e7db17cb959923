"""Interleave two workers: one after the other, and then in every schedule with a few switches, from the same start."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final, TypedDict

from .._core.base.arguments import Check
from .._core.base.errors import AurousError, hide_mistakes, see
from .._core.wire.call import Call
from .cases import Plans
from .compare import told
from .explorer import OVER, Explorer
from .laws import Breach, Day, Judged, judge
from .options import Options
from .runs.turns import FIRST, PAGE, SECOND, Schedule, Turns, read_schedule
from .stage import Stage

__tracebackhide__ = hide_mistakes

LAW: Final = "serial"
"""The law of two workers: the result is as if one had run after the other, in either order."""
SWITCHES: Final = 2
"""The most switches of a schedule: two are enough to show each race in our corpora."""
SCHEDULES: Final = 400
"""So many are run: with the requests of an ordinary worker, an exploration takes seconds."""
_MORE: Final = see(PAGE)


class InterleaveOptions(TypedDict, total=False):
    """The arguments of `Aurous.interleave` and `Aurous.ainterleave` after the workers."""

    fresh: Callable[[], object] | None
    returns: bool
    patience: float
    only: str | None


class Interleaver(Explorer):
    """Interleaves two workers. On its good days, one worker runs after the other."""

    def __init__(self, stage: Stage, options: Options, again: str, done: Callable[..., object]) -> None:
        laws = "ends", "pays_once", "tells", *(["returns"] if options.returns else [])
        super().__init__(stage, replace(options, may_raise=(), laws=laws), again, done=done)
        only, check = options.only, Check(stage.who, PAGE)
        self._only: dict[str, Any] = {} if only is None else {only: read_schedule(check, only)}
        self._pending: deque[Schedule] = deque([(FIRST,), (SECOND,)])
        self._orders: list[Day] = []
        self._turns: Turns

    def _planned(self, good: Day) -> Plans:  # noqa: ARG002 - each run tells which switches are possible
        return Plans(self._only, (), met=False, skipped=0, remarks=[])

    async def _all(self, good: Day) -> None:
        """Run the schedules: after each that is as it should be, those with one more switch."""
        is_over = self._options.time() if self._options.time is not None else bool
        while self._pending:
            if len(self._cases) == SCHEDULES or is_over():
                why = OVER if is_over() else f"{SCHEDULES} were run"
                self._leave_out(len(self._pending), "or more schedules", why)
                break
            schedule = self._pending.popleft()
            name, points = " | ".join(schedule), [point for point in schedule if "#" in point]
            case = await self._case(good, name, schedule)
            if self._last.run.abandoned:
                why = f"workers of {name} may still wait, and hold their locks"
                self._leave_out(len(self._pending), "or more schedules", why)
                break
            if not points and name not in dict(self._turns.sent):
                raise self._stage.nothing_sent(name, "and workers switch only just before a request")
            if not case.broken and case.outcome != "unmet" and len(points) < SWITCHES:
                self._switch(points)

    def _switch(self, before: Sequence[str]) -> None:
        """Plan the schedules with one more switch: of repeated reads of one line, at the first and the last."""
        for _, group in groupby(self._turns.choices, _request):
            points = [point for point, _ in group]
            self._pending += [(*before, point) for point in dict.fromkeys((points[0], points[-1]))]

    async def _judged(self, good: Day, plan: Any, wait: float = 0) -> Judged:  # noqa: ARG002 - no law needs it
        """Run a schedule, the first one after the other order of the workers."""
        if not self._orders:
            swapped = await self._attempt(begins=SECOND)
            self._stage.check(swapped)
            self._orders = [good, swapped]
        self._turns = Turns(self._stage.fake, self._stage.time, plan, self.tasks)
        day = await self._attempt(turns=self._turns)
        if day.outcome == "unmet" and self._only:
            raise AurousError(
                f"{self.who}(only={self._options.only!r}): there is no such schedule: a switch is not reached.\n{_MORE}"
            )
        return Judged(self._options, good, day)

    def _judge(self, judged: Judged) -> dict[str, Breach]:
        """Return how a run differs from the nearest of both orders, unless it is as one of them."""
        error = judged.bad.error
        found = [judge(replace(judged, good=day)) for day in self._orders]
        if not all(found):
            return {}
        breach = next(iter(min(found, key=len).values()))
        text = re.sub("(on )?the good day", "one after the other", breach.reason)
        if error is not None and not judged.bad.run.stopped:
            text = f"a worker raised {told(error)}; one after the other, neither raises"
        return {LAW: breach._replace(reason=text)}

    def _fields(self, plan: Any) -> dict[str, Any]:
        waits = [f"the {' worker waited before its request '.join(point.split('#'))}" for point in plan if "#" in point]
        how = ", then ".join(waits) or f"the {plan[0]} worker began, and they switched when one slept"
        return {"happened": how, "advice": (_MORE,)}


def _request(choice: tuple[str, Call]) -> tuple[object, ...]:
    """Return what repeated reads of a worker have in common, which one line sends."""
    point, call = choice
    return point.partition("#")[0], call.path, call.stack if call.method == "GET" and call.stack else point
