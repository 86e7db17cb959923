"""Explore: the good day, then one run for each fault at each place, all from the same start."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final

from .._core.base.errors import AurousError, AurousExplorationError, hide_mistakes, see
from .._facade import StateReader
from .cases import (
    EXCUSED,
    NOTICED,
    Plans,
    about,
    case_of,
    check_ids,
    good_case,
    most_telling,
    nothing_fits,
    plans_of,
)
from .compare import alike, difference, unaddressed
from .ids import slug
from .kinds import KINDS, Plan
from .laws import Day, Judged, judge, needs_second
from .options import PAGE, Options
from .report.result import Case, Expected, Exploration
from .report.text import story
from .runs.attempt import Outcome, RunAttempt, resting
from .runs.run import ignore
from .stage import Stage
from .unreached import Lines

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_FEW: Final = 2
"""So many cases may miss their fault, however few cases there are."""

Steps = Generator[RunAttempt, Outcome, Any]


class Explorer:
    """Explores one piece of code: yields each run that a driver is to make, and judges what came of it.

    Args:
        stage: Where the runs are made.
        options: What to explore.
        again: The command that runs one case alone, with ``<case>`` for its id.
        done: Called with the result, also before it is raised.
        traced: Whether each case keeps its requests with the state around them.
    """

    def __init__(
        self,
        stage: Stage,
        options: Options,
        again: str = "",
        done: Callable[[Exploration], object] = ignore,
        *,
        traced: bool = False,
    ) -> None:
        self.who: str = stage.who
        self._stage = stage
        self._options = options
        self._again_with = again
        self._done = done
        self._reader = StateReader() if traced else None
        self._cases: list[Case] = []
        self._remarks: list[str] = []
        self._cut = 0
        self.lines: Lines = Lines()
        self._last: RunAttempt | None = None
        self._good: Day | None = None
        self._plans: Plans
        self._order: list[str] = []

    def steps(self) -> Generator[RunAttempt, Outcome, Exploration]:
        """Yield each run that is to be made, and take its outcome; return the result."""
        with self._stage.set_up(self._options.patience), self.lines.watching():
            with self._options.printing():
                good = self._good = yield from self._good_days()
            yield from self._bad_days(good)
        exploration = self._exploration(good)
        self._done(exploration)
        more = [*self._healed(), *self._undecided()]
        if exploration.broken or more:
            report = exploration.report() if self._options.alone else self._stage.report(exploration)
            texts = [report, *more] if exploration.broken else [*more, report]
            raise AurousExplorationError("\n\n".join(texts), exploration)
        if self._options.only is None:
            self._stage.warn(exploration)
        return exploration

    # Runs

    def _attempt(self, plan: Plan = (), before: RunAttempt | None = None) -> Generator[RunAttempt, Outcome, Day]:
        """Let the driver make one run, and return what it did; after *before*, on the state that it left."""
        self._remove_faults()
        if before is None:
            self._stage.begin_anew()
        attempt = self._last = RunAttempt(self._stage, plan, good=self._good, before=before, reader=self._reader)
        day = attempt.day((yield attempt))
        self.lines.sent(day.calls)
        return day

    def _again(self) -> Generator[RunAttempt, Outcome, Day]:
        """Let everything in flight pass, and make an undisturbed run on the state that the last one left."""
        last = self._last
        assert last is not None  # noqa: S101 - it comes after a run
        self._remove_faults()
        self._stage.time.move(last.run.busy)
        for repair in last.run.repairs:
            repair()
        return (yield from self._attempt(before=last))

    def _remove_faults(self) -> None:
        if self._last is not None:
            self._last.remove_faults()

    # The good day

    def _good_days(self) -> Generator[RunAttempt, Outcome, Day]:
        """Make the good day twice from the same start, and return the second one."""
        with resting(self._stage.app):
            first = yield from self._attempt()
            self._stage.check(first)
        with resting(self._stage.app) if self._options.alone else nullcontext():
            second = yield from self._attempt()
        self._stage.check_again("second", second, difference(first, second))
        timeless = second.polls and not second.seconds
        self._check_returned(first, second)
        same = unaddressed(first.returned) == unaddressed(second.returned)
        self._options = replace(self._options, timeless=timeless, same_result=same)
        if timeless:
            faults = tuple(kind for kind in self._options.faults if not KINDS[kind].needs_time)
            self._options = replace(self._options, faults=faults)
            self._remarks.append(
                "Work in progress was polled, and the clock did not move: the suite's own sleeps do nothing, or the "
                "code sleeps by a default argument, such as sleep=time.sleep, which stays real. Nothing that depends "
                "on time was judged. Let the code look up time.sleep when it sleeps: exploring skips that."
            )
        return second

    def _check_returned(self, first: Day, second: Day) -> None:
        """Refuse to judge results that differ between two good days."""
        if "returns" in self._options.laws and not alike(first.returned, second.returned):
            raise AurousError(
                "explore(returns=True): two undisturbed runs from the same start return different values, so no result "
                f"can be judged:\n  first run:  {unaddressed(first.returned)}\n"
                f"  second run: {unaddressed(second.returned)}\nLet run return what is the same each time.\n{_MORE}"
            )

    # The bad days

    def _bad_days(self, good: Day) -> Generator[RunAttempt, Outcome, None]:
        """Run the cases; then go back to the end of the good day, unless only one case was to be run."""
        self._plans = plans_of(good, self._options.faults)
        self._order = [*self._plans.plans]
        self._remarks += self._plans.remarks
        if not self._plans.plans:
            raise self._stage.refuse(nothing_fits(self._plans, self._options.faults), met=self._plans.met)
        plans, only = self._plans.plans, self._options.only
        check_ids(self._options, plans)
        with self._stage.bad_days(lambda: self._exploration(good).table(), stays=self._options.alone):
            try:
                if only is not None:
                    yield from self._case(good, only, plans[only])
                else:
                    yield from self._all(good, plans)
                    with self._options.printing():
                        last = yield from self._attempt()  # the cases may have left something behind
                    self._stage.check_again("last", last, difference(good, last))
            finally:
                self._remove_faults()

    def _all(self, good: Day, plans: dict[str, Plan]) -> Generator[RunAttempt, Outcome, None]:
        """Run the cases, until time or `-x` ends that: first what broke last time; of equal endless cases, one."""
        is_over: Callable[[], bool] = bool  # which is never true
        if self._options.time is not None:
            plans, is_over = most_telling(plans), self._options.time()
        endless, left_out = set[tuple[str, ...]](), list[str]()
        for number, case_id in enumerate(sorted(plans, key=lambda one: one not in self._options.first)):
            found = self._options.stop and any(case.broken and not case.known for case in self._cases)
            if found or is_over():
                self._cut = len(plans) - number
                why = "the first finding ends it" if found else "the time was over"
                self._remarks.append(f"not run: {self._cut} of {len(plans)} cases, because {why}")
                break
            place, kind = plans[case_id][0]
            alike = place.operation, kind, place.line
            if alike in endless:
                left_out.append(case_id)
                continue
            yield from self._case(good, case_id, plans[case_id])
            if "ends" in self._cases[-1].broken:
                endless.add(alike)
        self._cases.sort(key=lambda case: self._order.index(case.id))
        if left_out:
            text = f"{len(left_out)} case{'s' if len(left_out) > 1 else ''}, the first is {left_out[0]}"
            self._remarks.append(f"left out: {text}: the same fault on the same line did not let a run end")

    def _case(self, good: Day, case_id: str, plan: Plan) -> Generator[RunAttempt, Outcome, None]:
        """Run one case and judge it; a case that breaks a law is repeated, because it has to break it again."""
        alone = self._options.alone
        with self._options.printing() as show:
            judged, left = yield from self._judged(good, plan)
            day, reasons, differs = judged.bad, judge(judged), False
            if reasons or alone:
                show(slug(case_id))
        trace = day.error.__traceback__ if day.error is not None else None
        if reasons and not alone and not day.run.stopped:  # which takes long, and does not depend on chance
            with self._options.printing():
                repeated, _ = yield from self._judged(good, plan)
            again = judge(repeated)
            reasons = {law: reason for law, reason in reasons.items() if law in again}
            differs = not reasons
        if "recovers" in reasons and not any("recovers" in case.broken for case in self._cases):
            yield from self._explain_second_run(good)
        case = case_of(case_id, plan, judged, reasons)
        known, file = self._options.accepts(case_id, reasons)
        self._cases.append(replace(case, differs=differs, known=known, baseline=file))
        left()
        if alone and day.error is not None:
            report = self._exploration(good).report() if reasons else story(day, good)
            day.error.__notes__ = [*getattr(day.error, "__notes__", ()), report]  # type: ignore[attr-defined]
            raise day.error.with_traceback(trace)

    def _judged(self, good: Day, plan: Plan) -> Generator[RunAttempt, Outcome, tuple[Judged, Callable[[], object]]]:
        """Run a case, and after it the second run that shows whether it recovers; also return how to go back to it."""
        day, second = (yield from self._attempt(plan)), None
        left = self._stage.mark() if self._options.alone else ignore
        if "recovers" in self._options.laws and needs_second(self._options, day):
            second = yield from self._again()
        return Judged(self._options, good, day, second), left

    def _explain_second_run(self, good: Day) -> Generator[RunAttempt, Outcome, None]:
        """Find out whether a second run pays again even without a fault."""
        yield from self._attempt()
        second = yield from self._again()
        if second.spent > good.spent:
            self._remarks.insert(
                0,
                "A second run pays again even after a good day, so running the code again cannot repair a failure. Let "
                "it find what an earlier run has ordered, for example by an Idempotency-Key that does not change.",
            )

    # The result

    def _exploration(self, good: Day) -> Exploration:
        excuses = map(Expected, about(self._cases, EXCUSED))
        return Exploration(
            cases=tuple(self._cases),
            good_day=good_case(good),
            places=self._plans.places,
            skipped=self._plans.skipped,
            remarks=(*self._remarks, *about(self._cases, NOTICED), *excuses),
            not_run=self._cut,
            reached={} if self._options.alone else self.lines.reached(),
            timeless=self._options.timeless,
            again=self._again_with,
            start=good.views.get(0, {}),
        )

    def _healed(self) -> list[str]:
        """Say which cases are known to break a law, and hold."""
        known, made = self._options.known, {case.id: case for case in self._cases}
        held = [name for name, one in known.items() if not one.file and name in made and not made[name].broken]
        return [f"known={held!r}: no longer breaks a law. Remove it from known.\n{_MORE}"] if held else []

    def _undecided(self) -> list[str]:
        """Say which cases decide nothing: they differ from run to run, or too many of them did not meet their fault."""
        differing = [case.id for case in self._cases if case.differs]
        texts: list[str] = []
        if differing:
            texts.append(
                f"{', '.join(differing)}: differs from run to run. It broke a law, and held when it was repeated. Let "
                f"fresh= reset what your code keeps between runs, and seed what it draws at random.\n{_MORE}"
            )
        unmet = [case.id for case in self._cases if case.outcome == "unmet"]
        if len(unmet) > max(_FEW, len(self._cases) / 10):
            texts.append(
                f"{len(unmet)} of {len(self._cases)} cases show nothing, because their runs never came to the request "
                f"that was to be broken: {', '.join(unmet)}. Usually an earlier run has left something behind, such as "
                f"a cache that is full: let fresh= reset it.\n{_MORE}"
            )
        return texts
