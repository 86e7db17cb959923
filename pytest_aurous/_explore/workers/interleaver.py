"""Interleave two workers: one after the other, and then in every schedule with a few switches, from the same start."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Final, TypedDict

from ..._core.base.amounts import json_number
from ..._core.base.arguments import Check
from ..._core.base.errors import AurousError, AurousExplorationError, hide_mistakes, see, shown
from ..._core.base.frames import helpers_of, shown_line
from ..._core.wire.call import Call
from ..cases import bare
from ..compare import difference, told
from ..end_state import unstable_fields
from ..options import read_flag, read_patience
from ..report.result import Case, Exploration
from ..runs.attempt import Outcome, RunAttempt, resting
from ..runs.watchdog import PATIENCE, RunEnded
from ..stage import OneFake
from .oracle import Both, Oracle, cause_of, numbered
from .result import LAW, Interleaving, places, timeline
from .turns import FIRST, PAGE, SECOND, Schedule, SwitchPoint, Turns, read_schedule

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_MOST: Final = 400
"""Run at most this many schedules."""
_SWITCHES: Final = 2
"""A schedule may switch this often before a request."""
_UNMET: Final = 2
"""This many schedules may be unmet, or a tenth of them."""

Outcomes = dict[str, Outcome]


class InterleaveOptions(TypedDict, total=False):
    """The arguments of `Aurous.interleave` and `Aurous.ainterleave` after the workers."""

    fresh: Callable[[], object] | None
    returns: bool
    patience: float
    only: str | None


@dataclass(frozen=True, kw_only=True)
class InterleaveLimits:
    """Which schedules to try, and how to judge them; see `Aurous.interleave`."""

    who: str
    returns: bool = False
    patience: float = PATIENCE
    only: Schedule | None = None


def read_limits(who: str, **arguments: Any) -> InterleaveLimits:
    """Check the arguments of *who*: ``interleave`` or ``ainterleave``.

    Raises:
        AurousError: If one is invalid, with what is valid.
    """
    check, found = Check(who, PAGE), dict(arguments)
    fresh = found.pop("fresh", None)
    if fresh is not None and not callable(fresh):
        raise check.refuse("fresh", fresh, "a function, or None.")
    readers: dict[str, Callable[[Any], Any]] = {
        "returns": partial(read_flag, "returns", check),
        "patience": partial(read_patience, check),
        "only": lambda value: None if value is None else read_schedule(check, value),
    }
    return InterleaveLimits(who=who, **{name: readers[name](value) for name, value in found.items()})


class Meeting:
    """One run of both workers, which a driver makes inside `running`.

    Attributes:
        attempt: What limits the run, and observes it.
        turns: Which worker goes on; it exists once `running` was entered.
    """

    def __init__(self, stage: OneFake, attempt: RunAttempt, schedule: Schedule, *, serial: bool) -> None:
        self.attempt = attempt
        self.turns: Turns
        self._stage = stage
        self._schedule = schedule
        self._serial = serial

    @contextmanager
    def running(self, *, tasks: bool) -> Generator[Turns, None, None]:
        """Run the block as the run of the two workers."""
        with self.attempt.running():
            self.turns = Turns(
                self._stage.app,
                self.attempt.run,
                self._stage.time,
                self._schedule,
                serial=self._serial,
                tasks=tasks,
            )
            with self.turns.taking():
                yield self.turns

    def both(self, outcomes: Outcomes) -> Both:
        """Return what came of it.

        Raises:
            BaseException: What ends the whole exploration, if that has ended a worker.
        """
        errors = [one.error for one in outcomes.values() if one.error is not None]
        error = next((one for one in errors if not isinstance(one, RunEnded)), errors[0] if errors else None)
        returned = tuple(outcomes[name].returned for name in (FIRST, SECOND))
        return Both(
            schedule=self._schedule,
            day=self.attempt.day(Outcome(returned, error)),
            outcomes=outcomes,
            senders={call.number: worker for worker, call in self.turns.sent},
            unmet=bool(self.turns.left),
            deadlock=self.turns.deadlock,
            abandoned=self.turns.abandoned,
            stuck={name: worker.stuck_at for name, worker in self.turns.workers.items()},
        )


Steps = Generator[Meeting, Outcomes, Any]


class Interleaver:
    """Interleaves two workers: yields each run that a driver is to make, and judges what came of it.

    Args:
        stage: Where the runs are made.
        limits: Which schedules to try.
        again: The command that runs one schedule alone, with ``<case>`` for its id.
    """

    def __init__(self, stage: OneFake, limits: InterleaveLimits, again: str) -> None:
        self._stage = stage
        self._limits = limits
        self._again = again
        self._cases: list[Case] = []
        self._remarks: list[str] = []
        self._skipped = self._not_run = 0
        self._found: set[str] = set()
        self._serial: Both
        self._oracle: Oracle
        self._error: BaseException | None = None
        self._pending: deque[Schedule] = deque()

    def steps(self) -> Generator[Meeting, Outcomes, Exploration]:
        """Yield each run that is to be made, and take its outcomes; return the result."""
        with self._stage.set_up(self._limits.patience):
            yield from self._one_after_the_other()
            yield from self._schedules()
        exploration = self._exploration()
        if exploration.broken:
            raise AurousExplorationError(exploration.report(), exploration) from self._error
        self._check_unmet(exploration)
        return exploration

    # One after the other

    def _one_after_the_other(self) -> Steps:
        """Let one worker run after the other, in both orders, and once more in the first one, which stays."""
        app = self._stage.app
        known = frozenset(row.id for row in app.world.rows())
        with resting(app):
            before = yield from self._serial_run(FIRST, plan=True)
            swapped = yield from self._serial_run(SECOND, plan=True)
        with resting(app) if self._limits.only is not None else nullcontext():
            self._serial = yield from self._serial_run(FIRST)
        self._oracle = Oracle((self._serial, swapped), unstable_fields(before.day.end, self._serial.day.end), known)
        self._compare(before, self._serial)

    def _serial_run(self, begins: str, *, plan: bool = False) -> Generator[Meeting, Outcomes, Both]:
        """Let one worker run after the other; perhaps *plan* the schedules that begin with the same one.

        Raises:
            AurousError: If they do not succeed, or send no request.
        """
        meeting = self._meeting(Schedule(begins), serial=True)
        both = meeting.both((yield meeting))
        who, order = self._limits.who, f"{FIRST} and then {SECOND}" if begins == FIRST else f"{SECOND} and then {FIRST}"
        if both.day.run.stopped:
            raise AurousError(
                f"{who}(): the workers do not end when they run one after the other ({order}): "
                f"{both.day.run.stopped}. That is what schedules are compared with, so each worker must end without "
                f"the other.\n{_MORE}"
            ) from both.day.error
        for name, outcome in both.outcomes.items():
            if isinstance(outcome.error, RunEnded):
                raise AurousError(
                    f"{who}(): a request of {name} came from a thread, a task or an event loop that an earlier run has "
                    f"started. Start what the application keeps before {who}(), or anew in fresh=.\n{_MORE}"
                ) from outcome.error
            if isinstance(outcome.error, AurousError):
                raise outcome.error
            if outcome.error is not None:
                raise AurousError(
                    f"{who}(): when the workers ran one after the other ({order}), {name} raised "
                    f"{told(outcome.error)}\n"
                    "Such an undisturbed run must succeed: schedules are compared with it. If an earlier run has left "
                    f"something behind, reset it with fresh=.\n{_MORE}"
                ) from outcome.error
        if begins not in both.senders.values():
            raise AurousError(
                f"{who}(): {begins} sent no request to the fake, although it ran before {order.rpartition(' ')[2]}. "
                "Workers switch only just before a request. Let it call the code that sends requests, with a client "
                f"that the fake intercepts; if an earlier run has left something behind, reset it with fresh=.\n{_MORE}"
            )
        if plan:
            self._plan(both.schedule, meeting.turns)
        return both

    def _compare(self, one: Both, another: Both, when: str = "") -> None:
        """Raise an error if two runs in the same order differ."""
        who, order = self._limits.who, f"{FIRST} and then {SECOND}"
        advice = (
            f"All runs have to start from the same state. {who}({FIRST}, {SECOND}, fresh=reset) calls reset() before "
            f"each run: let it empty what an earlier run has filled, and seed what the workers draw at random.\n{_MORE}"
        )
        if (found := difference(one.day, another.day)) is not None:
            raise AurousError(
                f"Use fresh= to reset what the workers keep between runs: {order}, run once more{when}, {found}\n"
                f"{advice}"
            )
        for name in (FIRST, SECOND):
            once, again = (shown(both.text_of(name, self._oracle.known)) for both in (one, another))
            if once != again:
                raise AurousError(
                    f"{who}(): what {name} returns differs from run to run{when}, first {once} and then {again}, "
                    f"although {order} ran from the same start.\n{advice}"
                )

    # The schedules

    def _schedules(self) -> Steps:
        """Run all schedules, or the one that was asked for; then go back to the end of the serial run."""
        only = self._limits.only
        with self._stage.bad_days(lambda: self._exploration().table(), stays=only is not None):
            if only is not None:
                yield from self._only(only)
            else:
                yield from self._all()

    def _all(self) -> Steps:
        while self._pending and len(self._cases) < _MOST:
            schedule = self._pending.popleft()
            both = yield from self._case(schedule)
            if both.abandoned:
                self._cut(f"workers of {schedule} may still wait, and hold their locks")
                return
        if self._pending:
            self._cut(f"{_MOST} are the most")
        elif not any(case.broken for case in self._cases):
            last = self._meeting(Schedule(FIRST), serial=True)
            self._compare(self._serial, last.both((yield last)), " after all schedules")
        if self._skipped:
            self._remarks.append(f"skipped: {self._skipped} switches between repeated reads")

    def _cut(self, why: str) -> None:
        self._not_run = len(self._pending)
        self._remarks.append(f"cut: {len(self._pending)} or more schedules were not run, because {why}")

    def _only(self, schedule: Schedule) -> Steps:
        both = yield from self._case(schedule)
        self._error = next((one.error for one in both.outcomes.values() if one.error is not None), None)
        if both.unmet:
            counts = ", ".join(
                f"{name} sends {[*self._serial.senders.values()].count(name)} requests" for name in (FIRST, SECOND)
            )
            raise AurousError(
                f"{self._limits.who}(only={str(schedule)!r}): there is no such schedule: a switch was not reached. One "
                f"after the other, {counts}.\n{_MORE}"
            )

    def _case(self, schedule: Schedule) -> Generator[Meeting, Outcomes, Both]:
        """Run one schedule and judge it."""
        meeting = self._meeting(schedule)
        both = meeting.both((yield meeting))
        reason = None if both.unmet else self._oracle.judge(both)
        if reason is not None and self._limits.only is None and cause_of(reason) not in self._found:
            reason = yield from self._again_or(schedule, both, reason)
            self._found.add(cause_of(reason))
        elif reason is None and not both.unmet:
            self._plan(schedule, meeting.turns)
        self._cases.append(_case(both, reason))
        return both

    def _again_or(self, schedule: Schedule, both: Both, reason: str) -> Generator[Meeting, Outcomes, str]:
        """Run a schedule once more, and return the reason, or that it differs from run to run."""
        if both.day.run.hangs:
            return reason
        meeting = self._meeting(schedule)
        again = self._oracle.judge(meeting.both((yield meeting)))
        if again is not None and numbered(again) == numbered(reason):
            return reason
        return (
            f"This schedule differs from run to run. Once: {reason} Then: "
            f"{again or 'it was as one worker after the other.'}"
        )

    def _meeting(self, schedule: Schedule, *, serial: bool = False) -> Meeting:
        self._stage.begin_anew()
        good = None if serial else self._serial.day
        attempt = RunAttempt(self._stage, good=good, name=f"The schedule {schedule}")
        return Meeting(self._stage, attempt, schedule, serial=serial)

    def _plan(self, schedule: Schedule, turns: Turns) -> None:
        """Plan the schedules with one more switch."""
        if turns.slept:
            self._pending.append(schedule)  # which then is no serial run, and has requests of its own
            return
        if len(schedule.points) >= _SWITCHES:
            return
        for _, choices in groupby(turns.choices, _request):
            points = [point for point, _ in choices]
            self._skipped += max(0, len(points) - 2)
            self._pending += [schedule.then(point) for point in dict.fromkeys((points[0], points[-1]))]

    # The result

    def _exploration(self) -> Interleaving:
        return Interleaving(
            cases=tuple(self._cases),
            good_day=_case(self._serial, None),
            skipped=self._skipped,
            not_run=self._not_run,
            remarks=tuple(self._remarks),
            again=self._again,
        )

    def _check_unmet(self, exploration: Interleaving) -> None:
        """Raise an error if too many schedules did not happen: then nothing is known of them."""
        unmet = [case.id for case in exploration.cases if case.outcome == "unmet"]
        if len(unmet) > max(_UNMET, len(exploration.cases) / 10):
            raise AurousExplorationError(
                f"{len(unmet)} of {len(exploration.cases)} schedules were not reached, so nothing is known of them: "
                f"{', '.join(unmet[:3])} ... The workers do not send the same requests in each run: reset the state of "
                f"the application with fresh=, and let each worker send its requests in a fixed order.\n{_MORE}",
                exploration,
            )


def _request(choice: tuple[SwitchPoint, Call]) -> tuple[object, ...]:
    """Return what repeated reads of a worker have in common."""
    point, call = choice
    return point.worker, call.path, call.query, point.number if call.method != "GET" else 0


def _case(both: Both, reason: str | None) -> Case:
    """Return a run in the form of a case."""
    point = str(both.schedule.points[0]) if both.schedule.points else ""
    call = places(both).get(point)
    return Case(
        id=str(both.schedule),
        operation=(call.operation or "") if call is not None else "",
        occurrence=both.schedule.points[0].number if both.schedule.points else 0,
        outcome="unmet" if both.unmet else both.day.outcome,
        broken=(LAW,) if reason is not None else (),
        error=bare(both.day.error),
        returned=both.day.returned,
        credits=json_number(both.day.spent),
        calls=len(both.day.calls),
        sent_at=shown_line(call.stack, helpers_of((one.stack, one.operation) for one in both.day.calls))
        if call is not None
        else "",
        timeline=timeline(both) if reason is not None else None,
        reasons={LAW: reason} if reason is not None else {},
        advice=(_MORE,) if reason is not None else (),
    )
