"""Explore: the good day, then one run for each fault at each place, all from the same start."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final

from .._core.base.errors import AurousError, AurousExplorationError, hide_mistakes, see
from .._core.base.frames import shown_place
from .._facade import Written
from .cases import (
    Plans,
    about,
    case_of,
    case_of_day,
    check_ids,
    most_telling,
    nothing_fits,
    plans_of,
)
from .compare import alike, difference, unaddressed
from .ids import slug
from .kinds import DOWN, END_PROCESS, KINDS, NEED_TIME, PARTLY_DOWN, Plan
from .laws import AFTER_A_WHILE, GIVEN_UP, Breach, Day, Judged, judge, needs_second, unrepaired
from .options import PAGE, Options
from .report.result import Case, Expected, Exploration
from .report.text import brief, number_of, story
from .runs.attempt import Outcome, OwnError, RunAttempt, is_ours
from .runs.run import ignore
from .stage import LeftOut, Stage
from .unreached import Lines, never_ran

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
OVER: Final = "--aurous-explore-seconds was reached"
_HOUR: Final = 3600.0
"""Seconds. What a breaker, a lease or a time of delivery keeps from the code is over by then."""
_FEW: Final = 2
"""So many cases may miss their fault, however few cases there are."""

Make = Callable[[RunAttempt], Awaitable[Outcome]]
"""Makes one run."""


class Explorer:
    """Explores one piece of code: lets a driver make each run, and judges what came of it."""

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
        self.tasks: bool = stage.who.startswith("a")  # the code is coroutine functions
        self._stage = stage
        self._options = options
        self._again_with = again
        self._done = done
        self._written: Written | None = {} if traced else None
        self._cases: list[Case] = []
        self._remarks: list[str] = []
        self._cut = 0
        self._sent_other_body = False  # in the last case
        self._left: Callable[[], object] = ignore  # goes back to what the only case has left
        self.lines: Lines = Lines()
        self._last: RunAttempt
        self._good: Day | None = None
        self._plans: Plans
        self._make: Make

    async def explore(self, make: Make) -> Exploration:
        self._make = make
        try:
            exploration = await self._explored()
        except Exception as error:
            if isinstance(error, AurousError) or not is_ours(error):
                raise
            raise OwnError(self.who, error) from error
        # Here, because a filter can make each warning an error, which is no failure of this package.
        if self._options.only is None and not self._options.whole:  # else the end of the run warns once for all tests
            self._stage.warn([*exploration.unexpected, *self._untried(exploration)])
        return exploration

    async def _explored(self) -> Exploration:
        with self._stage.set_up(self._options.patience), self.lines.watching():
            with self._options.printing():
                good = self._good = await self._good_days()
            self._plans = self._planned(good)
            with self._stage.bad_days(lambda: str(self._exploration(good)), stays=self._options.alone):
                if self._options.only is not None:
                    await self._case(good, self._options.only, self._plans.plans[self._options.only])
                else:
                    await self._all(good)
                    if not self._last.run.abandoned:
                        with self._options.printing():
                            last = await self._attempt()  # the cases may have left something behind
                        self._stage.check_again("last", last, difference(good, last))
        exploration = self._exploration(good)
        self._done(exploration)
        more = [*self._complaints()]
        if exploration.broken or more:
            whole = self._options.whole and not self._options.alone  # then the end of the run shows the rest
            report = brief(exploration) if whole else exploration.report()
            texts = [report, *more] if exploration.broken else [*more, report]
            raise AurousExplorationError("\n\n".join(texts), exploration)
        return exploration

    def _untried(self, exploration: Exploration) -> Iterator[str]:
        """Yield which lines never ran, if all cases and faults were tried; where a test has chosen some, it knows."""
        if exploration.unreached and not self._cut and self._options.faults == tuple(KINDS) and self._plans.places:
            yield (
                f"{never_ran(exploration.unreached)}. No case came to these lines, so nobody knows what they do. Test "
                "them by themselves, or delete them; a comment excludes some: # pragma: no cover"
            )

    # Runs

    async def _attempt(self, plan: Plan = (), **workers: Any) -> Day:
        """Make one run; *workers* says who begins, or how two workers take turns."""
        self._stage.go_back()
        last = self._last = RunAttempt(self._stage, self._good, plan, self._written, **workers)
        if any(kind in END_PROCESS for _, kind in plan):
            self.lines.watch_crash(lambda: last.crashed)
        return await self._day(self._last)

    async def _again(self, last: RunAttempt, wait: float = 0) -> Day:
        """Let everything in flight pass, and make an undisturbed run on the state that the last one left."""
        self._stage.time.move(last.run.busy + wait)
        for repair in last.run.repairs:
            repair()
        last.again = True
        return await self._day(last)

    async def _day(self, attempt: RunAttempt) -> Day:
        day = attempt.day(await self._make(attempt))
        self.lines.sent(day.calls)
        return day

    # The good day

    async def _good_days(self) -> Day:
        """Make the good day twice from the same start, and return the second one."""
        with self._stage.fake.resting():
            first = await self._attempt()
            self._stage.check(first)
        with self._stage.fake.resting() if self._options.alone else nullcontext():
            second = await self._attempt()
        self._stage.check_again("second", second, difference(first, second))
        if "returns" in self._options.laws and not alike(first.returned, second.returned):
            raise AurousError(
                f"{self.who}(returns=True): two undisturbed runs from the same start return different values, so no "
                f"result can be judged:\n  first run:  {unaddressed(first.returned)}\n"
                f"  second run: {unaddressed(second.returned)}\nLet run return what is the same each time.\n{_MORE}"
            )
        if second.still is not None:
            faults = tuple(kind for kind in self._options.faults if kind not in NEED_TIME)
            self._options = replace(self._options, faults=faults, timeless=True)
            where = "".join(f" at {shown_place(place)}" for place in second.still)
            self._remarks.append(
                f"Work in progress was polled{where}, and the clock did not move: the loop sleeps for 0 s, the suite's "
                "own sleeps do nothing, or the code sleeps by a default argument, such as sleep=time.sleep, which "
                "stays real. Nothing that depends on time was judged. Let the code look up time.sleep when it sleeps, "
                "for as long as in production: exploring skips that."
            )
        return second

    # The bad days

    def _planned(self, good: Day) -> Plans:
        plans = plans_of(good, self._options.faults)
        self._remarks += plans.remarks
        if not plans.plans:
            why = nothing_fits(plans, self._options.faults)
            if self._options.whole:
                raise LeftOut(why, harmless=plans.met)
            raise AurousError(f"explore(): {why}\n{see(f'{PAGE}#faults')}")
        check_ids(self._options, plans.plans)
        return plans

    async def _all(self, good: Day) -> None:
        """Run the cases, until time or `-x` ends that: first what broke last time; of equal endless cases, one."""
        plans, order = self._plans.plans, [*self._plans.plans]
        is_over = self._options.time() if self._options.time is not None else bool  # which is never true
        if self._options.stop or self._options.time is not None:
            plans = most_telling(plans)
        endless, left_out = set[tuple[str, ...]](), list[str]()
        pending = deque(sorted(plans, key=lambda one: one not in self._options.first))
        if DOWN in self._options.faults:  # which says whether there are other bodies
            pending = deque(one for one in pending if plans[one][0][1] != PARTLY_DOWN)
        while pending:
            found = self._options.stop and any(case.broken and not case.known for case in self._cases)
            if found or is_over():
                number = len(self._cases) + len(left_out) + len(pending)
                self._leave_out(len(pending), f"of {number} cases", "the first finding ends it" if found else OVER)
                break
            case_id = pending.popleft()
            place, kind = plans[case_id][0]
            alike = place.operation, kind, place.line
            if alike in endless:
                left_out.append(case_id)
            elif "ends" in (await self._case(good, case_id, plans[case_id])).broken:
                endless.add(alike)  # a run that is stopped takes long, and the next one would show the same loop
            if self._sent_other_body and kind == DOWN and (other := f"{place} {PARTLY_DOWN}") in plans:
                pending.appendleft(other)
        self._cases.sort(key=lambda case: order.index(case.id))
        if left_out:
            text = f"{number_of(len(left_out), 'case')}, the first is {left_out[0]}"
            self._remarks.append(f"left out: {text}: the same fault on the same line did not let a run end")

    def _leave_out(self, cut: int, what: str, why: str) -> None:
        self._cut = cut
        self._remarks.append(f"not run: {cut} {what}, because {why}")

    async def _case(self, good: Day, case_id: str, plan: Any) -> Case:
        """Run one case and judge it; a case that breaks a law is repeated, because it has to break it again.

        What starts again is cron, a queue or a person. So if a second run fails at once, it comes an hour later then.
        """
        alone, remarks = self._options.alone, tuple[str, ...]()
        with self._options.printing() as show:
            judged = await self._judged(good, plan)
            day, reasons, differs = judged.bad, self._judge(judged), False
            self._sent_other_body = day.run.other_body
            if reasons or alone:
                show(slug(case_id))
        trace = day.error.__traceback__ if day.error is not None else None
        if reasons and not alone and not day.run.stopped:  # which takes long, and does not depend on chance
            early = unrepaired(reasons)
            with self._options.printing():
                later = await self._judged(good, plan, _HOUR if early else 0)
            again = self._judge(later)
            if early and "recovers" not in again:
                remarks = (f"{AFTER_A_WHILE} {early}",)
                del reasons["recovers"]
            differs = bool(reasons) and reasons.keys().isdisjoint(again)
            judged, reasons = later, {law: reason for law, reason in again.items() if law in reasons}
        if "recovers" in reasons and not any("recovers" in case.broken for case in self._cases):
            await self._explain_second_run(good)
        known, file = self._options.accepts(case_id, reasons)
        case = replace(case_of(case_id, judged, reasons), differs=differs, known=known, baseline=file)
        if judged.bad.outcome == "crashed" and (ran := self.lines.after_crash()):
            remarks = (*remarks, ran)
        case = replace(case, remarks=(*case.remarks, *remarks))
        self._cases.append(replace(case, **self._fields(plan)))
        self._left()
        if alone and day.error is not None:
            report = self._exploration(good).report() if reasons else story(day, good)
            day.error.__notes__ = [*getattr(day.error, "__notes__", ()), report]  # type: ignore[attr-defined]
            raise day.error.with_traceback(trace)
        return self._cases[-1]

    def _judge(self, judged: Judged) -> dict[str, Breach]:
        return judge(judged)

    def _fields(self, plan: Any) -> dict[str, Any]:
        place, kind = plan[0]
        return {
            "operation": place.operation,
            "occurrence": place.occurrence,
            "fault": kind,
            "sent_at": place.line,
            "happened": KINDS[kind].happened.format(place.words),
        }

    async def _judged(self, good: Day, plan: Any, wait: float = 0) -> Judged:
        """Run a case, and after it, and after so many seconds, the second run that shows whether it recovers."""
        day, second = (await self._attempt(plan)), None
        if self._options.alone:
            self._left = self._stage.keep()
        if "recovers" in self._options.laws and needs_second(self._options, day, good):
            second = await self._again(self._last, wait)
        return Judged(self._options, good, day, second)

    async def _explain_second_run(self, good: Day) -> None:
        """Find out whether a second run pays again even without a fault."""
        await self._attempt()
        second = await self._again(self._last)
        if second.spent > good.spent:
            self._remarks.insert(
                0,
                "Running the code twice orders twice, even if nothing fails. Use the same Idempotency-Key in each run.",
            )

    # The result

    def _exploration(self, good: Day) -> Exploration:
        noticed = about(self._cases).items()
        return Exploration(
            cases=tuple(self._cases),
            good_day=case_of_day("good day", good, good),
            places=self._plans.places,
            skipped=self._plans.skipped,
            remarks=(*self._remarks, *(Expected(text) if remark == GIVEN_UP else text for remark, text in noticed)),
            not_run=self._cut,
            _reached={} if self._options.alone else self.lines.reached(),
            _again=self._again_with,
            _start=good.views.get(0, {}),
        )

    def _complaints(self) -> Iterator[str]:
        """Yield what is wrong besides findings: known cases hold, or cases decide nothing."""
        made = {case.id: case for case in self._cases}
        known = [name for name, one in self._options.known.items() if not one.file and name in made]
        if held := [name for name in known if not made[name].broken]:
            yield f"known={held!r}: no longer breaks a law. Remove it from known.\n{_MORE}"
        if differing := [case.id for case in self._cases if case.differs]:
            yield (
                f"{', '.join(differing)}: differs from run to run. It broke a law, and held when it was repeated. Let "
                f"fresh= reset what your code keeps between runs, and seed what it draws at random.\n{_MORE}"
            )
        plans = self._plans.plans
        repeated = {case_id for case_id, plan in plans.items() if getattr(plan[0][0], "repeats", False)}
        unmet = [case.id for case in self._cases if case.outcome == "unmet" and case.id not in repeated]
        if len(unmet) > max(_FEW, len(self._cases) / 10):
            yield (
                f"{len(unmet)} of {len(self._cases)} cases show nothing, because their runs never came to the request "
                f"of the case: {', '.join(unmet)}. Usually an earlier run has left something behind, such as a cache "
                f"that is full: let fresh= reset it.\n{_MORE}"
            )
