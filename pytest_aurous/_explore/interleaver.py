"""Interleave two workers: one after the other, and then in every schedule with a few switches, from the same start."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Any, Final, NamedTuple, TypedDict

from .._core.base.amounts import json_number, plain
from .._core.base.arguments import Check
from .._core.base.errors import AurousError, AurousExplorationError, hide_mistakes, see, shown
from .._core.base.forms import ID, formless
from .._core.base.frames import helpers_of, shown_line
from .._core.base.redaction import redacted, shortened
from .._core.wire.call import Call
from .cases import bare
from .charges import orders
from .compare import alike, difference, told, unaddressed
from .end_state import Change, changes
from .laws import Day
from .options import read_flag, read_patience
from .report.result import Case, Expected, Exploration
from .runs.attempt import Outcome, RunAttempt, resting
from .runs.run import ignore
from .runs.turns import FIRST, PAGE, SECOND, Schedule, SwitchPoint, Turns, read_schedule
from .runs.watchdog import PATIENCE
from .stage import Stage

__tracebackhide__ = hide_mistakes

LAW: Final = "serial"
"""The law of two workers: the result is as if one had run after the other."""
SWITCHES: Final = 2
"""A schedule has at most so many: two are enough for each race that our corpora have."""
SCHEDULES: Final = 400
"""So many are run: with the requests of an ordinary worker, an exploration takes seconds."""
_FEW: Final = 2
"""So many schedules may be unmet, or a tenth of them."""
_LONGEST: Final = 160
_LINES: Final = 40
_MORE: Final = see(PAGE)


class InterleaveOptions(TypedDict, total=False):
    """The arguments of `Aurous.interleave` and `Aurous.ainterleave` after the workers."""

    fresh: Callable[[], object] | None
    returns: bool
    patience: float
    only: str | None


class Met(NamedTuple):
    """One run of both workers.

    Attributes:
        turns: Who went on, and when.
        day: What the fake saw.
        each: What each worker returned or raised.
    """

    turns: Turns
    day: Day
    each: Mapping[str, Outcome]

    @property
    def senders(self) -> dict[int, str]:
        """For each request, by its number, its worker."""
        return {call.number: worker for worker, call in self.turns.sent}


Steps = Generator[RunAttempt, Outcome, Any]


class Interleaver:
    """Interleaves two workers: yields each run that a driver is to make, and judges what came of it.

    Args:
        stage: Where the runs are made.
        again: The command that runs one schedule alone, with ``<case>`` for its id.
        time: Returns what says whether the time for schedules is over; None: there is no limit.
        done: Called with the result, also before it is raised.
        **options: Those of `InterleaveOptions`.

    Raises:
        AurousError: If an option is invalid, with what is valid.
    """

    def __init__(
        self,
        stage: Stage,
        again: str,
        time: Callable[[], Callable[[], bool]] | None = None,
        done: Callable[[Exploration], object] = ignore,
        **options: Any,
    ) -> None:
        check = Check(stage.who, PAGE)
        fresh, only = options.get("fresh"), options.get("only")
        if fresh is not None and not callable(fresh):
            raise check.refuse("fresh", fresh, "a function, or None.")
        self.who: str = stage.who
        self._stage = stage
        self._again = again
        self._done = done
        self._returns = read_flag("returns", check, options.get("returns", False))
        self._patience = read_patience(check, options.get("patience", PATIENCE))
        self._only = None if only is None else read_schedule(check, only)
        self._is_over: Callable[[], bool] = time() if time is not None else bool
        self._cases: list[Case] = []
        self._remarks: list[str] = []
        self._skipped = self._not_run = 0
        self._causes: set[str] = set()
        self._serials: list[Met] = []
        self._pending: deque[Schedule] = deque()

    def steps(self) -> Generator[RunAttempt, Outcome, Exploration]:
        """Yield each run that is to be made, and take its outcome; return the result."""
        error: BaseException | None = None
        with self._stage.set_up(self._patience):
            yield from self._one_after_the_other()
            with self._stage.bad_days(lambda: self._exploration().table(), stays=self._only is not None):
                if self._only is None:
                    yield from self._all()
                else:
                    error = (yield from self._alone(self._only)).day.error
        exploration = self._exploration()
        self._done(exploration)
        if exploration.broken:
            raise AurousExplorationError(exploration.report(), exploration) from error
        unmet = [case.id for case in self._cases if case.outcome == "unmet"]
        if len(unmet) > max(_FEW, len(self._cases) / 10):
            raise AurousExplorationError(
                f"{len(unmet)} of {len(self._cases)} schedules were not reached, so nothing is known of them: "
                f"{', '.join(unmet[:3])} ... The workers do not send the same requests in each run: reset the state of "
                f"the application with fresh=, and let each worker send its requests in a fixed order.\n{_MORE}",
                exploration,
            )
        if self._only is None:
            self._stage.warn(exploration)
        return exploration

    def _run(self, schedule: Schedule, *, serial: bool = False) -> Generator[RunAttempt, Outcome, Met]:
        """Let the driver make one run of both workers."""
        self._stage.begin_anew()
        tasks = self.who.startswith("a")
        turns = Turns(self._stage.app, self._stage.time, schedule, serial=serial, tasks=tasks)
        attempt = RunAttempt(self._stage, good=None if serial else self._serials[0].day, turns=turns)
        outcome = yield attempt
        return Met(turns, attempt.day(outcome), outcome.each)

    # One after the other

    def _one_after_the_other(self) -> Steps:
        """Let one worker run after the other, in both orders, and once more in the first one, which stays."""
        with resting(self._stage.app):
            before = yield from self._serial_run(FIRST)
            swapped = yield from self._serial_run(SECOND)
        with resting(self._stage.app) if self._only is not None else nullcontext():
            serial = yield from self._serial_run(FIRST)
        self._serials = [serial, swapped]
        self._check_again("second", before, serial)
        for met in (before, swapped):
            self._plan(met)

    def _serial_run(self, begins: str) -> Generator[RunAttempt, Outcome, Met]:
        """Let one worker run after the other.

        Raises:
            AurousError: If they do not succeed, or the one that begins sends no request.
        """
        met = yield from self._run(Schedule(begins), serial=True)
        self._stage.check(met.day)
        if begins not in met.senders.values():
            raise self._stage.nothing_sent(begins, "and workers switch only just before a request")
        return met

    def _check_again(self, which: str, one: Met, another: Met) -> None:
        """Raise an error if two runs in the same order differ."""
        found = difference(one.day, another.day)
        if found is None and self._returns and not alike(another.day.returned, one.day.returned):
            found = f"returned {unaddressed(another.day.returned)} and not {unaddressed(one.day.returned)}"
        self._stage.check_again(which, another.day, found)

    # The schedules

    def _all(self) -> Steps:
        """Run the schedules; then one worker after the other once more: the runs may have left something behind."""
        while self._pending:
            if len(self._cases) == SCHEDULES or self._is_over():
                why = "the time was over" if self._is_over() else f"{SCHEDULES} were run"
                self._cut(why)
                break
            schedule = self._pending.popleft()
            met = yield from self._case(schedule)
            if met.turns.abandoned:
                self._cut(f"workers of {schedule} may still wait, and hold their locks")
                break
        else:
            if not any(case.broken for case in self._cases):
                last = yield from self._run(Schedule(FIRST), serial=True)
                self._check_again("last", self._serials[0], last)
        if self._skipped:
            self._remarks.append(Expected(f"skipped: {self._skipped} switches between repeated reads of one line"))

    def _cut(self, why: str) -> None:
        self._not_run = len(self._pending)
        self._remarks.append(f"not run: {self._not_run} or more schedules, because {why}")

    def _alone(self, schedule: Schedule) -> Generator[RunAttempt, Outcome, Met]:
        """Run one schedule.

        Raises:
            AurousError: If it does not happen.
        """
        met = yield from self._case(schedule)
        if met.turns.left:
            sent = [*self._serials[0].senders.values()]
            counts = ", ".join(f"{name} sends {sent.count(name)} requests" for name in (FIRST, SECOND))
            raise AurousError(
                f"{self.who}(only={str(schedule)!r}): there is no such schedule: a switch was not reached. One after "
                f"the other, {counts}.\n{_MORE}"
            )
        return met

    def _case(self, schedule: Schedule) -> Generator[RunAttempt, Outcome, Met]:
        """Run one schedule and judge it; the first one that shows a race has to show it again."""
        met = yield from self._run(schedule)
        reason = None if met.turns.left else self._judge(met)
        if reason is None and not met.turns.left:
            self._plan(met)
        elif reason is not None and self._only is None and _cause(reason) not in self._causes:
            if not met.day.run.stopped:
                again = self._judge((yield from self._run(schedule)))
                if again is None or _cause(again) != _cause(reason):
                    then = again or "it was as one worker after the other."
                    reason = f"This schedule differs from run to run. Once: {reason} Then: {then}"
            self._causes.add(_cause(reason))
        self._cases.append(_case(met, reason))
        return met

    def _plan(self, met: Met) -> None:
        """Plan the schedules with one more switch.

        Of repeated reads of one line, the first and the last are enough: between them nothing but the request happens.
        """
        schedule = met.turns.schedule
        if met.turns.slept:
            self._pending.append(schedule)  # which then is no serial run, and has requests of its own
        elif len(schedule.points) < SWITCHES:
            for _, choices in groupby(met.turns.choices, _request):
                points = [point for point, _ in choices]
                self._skipped += max(0, len(points) - 2)
                self._pending += [schedule.then(point) for point in dict.fromkeys((points[0], points[-1]))]

    # The oracle

    def _judge(self, met: Met) -> str | None:
        """Return in plain words how a run differs from both orders; None if it is as one of them."""
        if met.day.run.stopped:
            return _endless(met)
        for name, outcome in met.each.items():
            if outcome.error is not None:
                what = shortened(told(outcome.error), _LONGEST)
                return f"The {name} worker raised {what}. One after the other, neither worker raises."
        distances = [self._distance(met, serial) for serial in self._serials]
        if not all(distances):
            return None
        nearest = self._serials[distances.index(min(distances))].day
        if met.day.spent != nearest.spent:
            return self._paid(met, nearest)
        if found := changes(met.day.end, nearest.end):
            return self._left(met, found[0])
        usual = ", or ".join(dict.fromkeys(_returned(serial) for serial in self._serials))
        return f"The workers returned {_returned(met)}. One after the other, they return {usual}."

    def _distance(self, met: Met, serial: Met) -> int:
        """Return in how many things a run differs from one order."""
        returned = self._returns and not alike(met.day.returned, serial.day.returned)
        left = changes(met.day.end, serial.day.end)
        return len(left) + returned + (met.day.spent != serial.day.spent)

    def _paid(self, met: Met, serial: Day) -> str:
        """Return who has paid for what."""
        day, usual = met.day, Counter(one.call.operation for one in orders(serial))
        prices = f"one after the other pays {plain(serial.spent)} credits, this schedule {plain(day.spent)}."
        calls = [one.call for one in orders(day)]
        more = next(
            (one for one, number in Counter(call.operation for call in calls).items() if number > usual[one]), ""
        )
        if not more:
            return f"The team paid {'more' if day.spent > serial.spent else 'less'}: {prices}"
        calls = [call for call in calls if call.operation == more]
        who = list(dict.fromkeys(met.senders.get(call.number, FIRST) for call in calls))
        subject = "Both workers" if len(who) > 1 else f"The {who[0]} worker"
        times = "twice" if day.spent == 2 * serial.spent else "more"
        return f"{subject} {self._made(day, calls)}, so the team paid {times}: {prices}"

    def _made(self, day: Day, calls: Sequence[Call]) -> str:
        """Return what requests have created."""
        numbers = {call.number for call in calls}
        made = {note.text.partition(":")[0] for note in day.notes if note.number in numbers and ": new" in note.text}
        labels = {record.label for record in day.end.there if record.id in made}
        return f"created the {labels.pop()}" if len(labels) == 1 else f"called {calls[0].operation}"

    def _left(self, met: Met, change: Change) -> str:
        """Return how a record at the end differs, and who has overwritten it."""
        text = re.sub("(on )?the good day", "one after the other", change.text)
        changing = [call for call in met.day.calls if call.committed and call.method != "GET"]
        writers = [met.senders.get(call.number) for call in changing if change.record.id in call.path]
        if change.what == "changed" and {FIRST, SECOND} <= {*writers}:
            before = SECOND if writers[-1] == FIRST else FIRST
            return f"The {writers[-1]} worker overwrote what the {before} worker had changed: {text}."
        return f"{text[:1].upper()}{text[1:]}."

    # The result

    def _exploration(self) -> Exploration:
        return Exploration(
            cases=tuple(self._cases),
            good_day=_case(self._serials[0], None),
            skipped=self._skipped,
            not_run=self._not_run,
            remarks=tuple(self._remarks),
            again=self._again,
        )


def _request(choice: tuple[SwitchPoint, Call]) -> tuple[object, ...]:
    """Return what repeated reads of a worker have in common, which one line sends."""
    point, call = choice
    repeats = call.method == "GET" and call.stack
    return point.worker, call.path, call.query, call.stack, 0 if repeats else point.number


def _cause(reason: str) -> str:
    """Return what the reasons of one cause have in common, whichever worker it was and whatever the values are."""
    return formless(ID.sub("<id>", re.sub(rf"\b(?:{FIRST}|{SECOND})\b", "one", reason.partition(":")[0])))


def _endless(met: Met) -> str:
    stuck = [f"the {name} worker waits at {one.stuck_at}" for name, one in met.turns.workers.items() if one.stuck_at]
    where = f" ({', '.join(stuck)})" if stuck else ""
    if met.turns.deadlock:
        return f"Each worker waits for the other, and neither can go on{where}."
    return f"The run of the workers {met.day.run.stopped}{where}."


def _returned(met: Met) -> str:
    return " and ".join(unaddressed(met.each[name].returned) for name in (FIRST, SECOND))


def _case(met: Met, reason: str | None) -> Case:
    """Return a run in the form of a case."""
    schedule, day = met.turns.schedule, met.day
    helpers = helpers_of((call.stack, call.operation) for call in day.calls)
    switch = schedule.points[0] if schedule.points else None
    sent = [call for worker, call in met.turns.sent if switch is not None and worker == switch.worker]
    call = sent[switch.number - 1] if switch is not None and len(sent) >= switch.number else None
    return Case(
        id=str(schedule),
        operation=(call.operation or "") if call is not None else "",
        occurrence=switch.number if switch is not None else 0,
        outcome="unmet" if met.turns.left else day.outcome,
        broken=(LAW,) if reason is not None else (),
        error=bare(day.error),
        returned=day.returned,
        credits=json_number(day.spent),
        calls=len(day.calls),
        cause=f"{LAW}: {_cause(reason)}" if reason is not None else "",
        sent_at=shown_line(call.stack, helpers) if call is not None else "",
        timeline=_timeline(met) if reason is not None else None,
        reasons={LAW: reason} if reason is not None else {},
        advice=(_MORE,) if reason is not None else (),
    )


def _timeline(met: Met) -> str:
    """Return how the workers took turns, the requests, each with its worker, and what each returned or raised."""
    day, schedule = met.day, met.turns.schedule
    waits = [f"the {point.worker} worker waits before its request {point.number}" for point in schedule.points]
    how = ", then ".join(waits) or f"the {schedule} worker begins, and they switch when one sleeps"
    lines = [f"{schedule}: {how}."]
    helpers = helpers_of((call.stack, call.operation) for call in day.calls)
    for number, call in enumerate(day.calls, 1):
        name = call.operation or f"{call.method} {call.path}"
        line = shown_line(call.stack, helpers) if call.method != "GET" else ""
        status = " ".join(filter(None, (str(call.status or "no response"), call.error_code, line and f" at {line}")))
        lines.append(f"{number:>3}  {met.senders.get(call.number, ''):<6}  {name} -> {status}")
        lines += [f"{'':13}  {note.text}" for note in day.notes if note.during and note.number == call.number]
    for name, outcome in met.each.items():
        text = f"raises {type(outcome.error).__name__}" if outcome.error else f"returns {shown(outcome.returned)}"
        stuck = met.turns.workers[name].stuck_at
        lines.append(f"     {name:<6}  {f'waits at {stuck}' if stuck else text}")
    middle = len(lines) - _LINES
    if middle > 0:
        lines[_LINES // 2 : -_LINES // 2] = [f"     ... {middle} more lines"]
    return redacted("\n".join(shortened(line, _LONGEST) for line in lines))
