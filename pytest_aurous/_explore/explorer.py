"""Explore: the good day, then one run for each fault at each place, all from the same start."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from .._base.chains import connected, leaves
from .._base.frames import TOOLS, shown_place
from .._engine.pipeline import App
from .._engine.problems import signal_handlers
from .._report.state import Written
from .._wire.call import Call
from .._world.ledger import json_number
from ..errors import INTERRUPTED, AurousCrash, AurousError, AurousExplorationError, hide_mistakes, see, shown
from ..faults.fault import Fault
from .end_state import EndStates, unstable_fields
from .kinds import KINDS, NEED_PATIENCE, NEED_TIME, Scene
from .laws import Day, Judged, Rules, judge, refused, unaddressed
from .observer import Observer
from .options import PAGE, Options
from .places import Place, places_of, without_repeats
from .report import advice, rows, story
from .result import Case, Exploration
from .run import DAY, Run, ignore, own_time, present_run
from .watchdog import RunEnded, Watchdog

if TYPE_CHECKING:
    from .._engine.moment import Moment
    from .._time.turns import SharedTime

__tracebackhide__ = hide_mistakes

_MORE: Final = see(PAGE)
_INTERRUPTIONS: Final = frozenset({("builtins", "KeyboardInterrupt"), ("trio", "Cancelled"), ("_pytest", "Exit")})
"""Packages and names of exceptions that end the exploration: Ctrl-C, trio's cancellation and `pytest.exit`."""

Plan = tuple[tuple[Place, str], ...]
"""The faults of a case, each with its place; none on the good day."""


@dataclass(frozen=True)
class Outcome:
    """What a run returned or raised."""

    returned: Any = None
    error: BaseException | None = None


class Attempt:
    """One run that a driver makes, inside `running`.

    Attributes:
        plan: Its faults, each with its place; none on the good day.
        fresh: Whether the state of the application is made anew before it.
    """

    def __init__(self, explorer: Explorer, plan: Plan, *, fresh: bool = True) -> None:
        self.plan = plan
        self.fresh = fresh
        self._explorer = explorer

    @contextmanager
    def running(self) -> Generator[None, None, None]:
        """Add the faults; the block is the run."""
        with self._explorer.begin(self.plan, fresh=self.fresh):
            yield

    def cancel_with(self, cancel: Callable[[], object]) -> None:
        """Call *cancel*, in another thread, if the run hangs."""
        self._explorer.cancel_with(cancel)

    @property
    def hangs(self) -> bool:
        """Whether the run hung, and was stopped from outside."""
        return self._explorer.hangs


Steps = Generator[Attempt, Outcome, Any]


class Explorer:
    """Explores one piece of code on one fake.

    Args:
        app: The fake.
        moment: Returns the present moment of the fake and of skipped sleeps.
        options: What to explore.
        again: The command that runs one case alone, with ``<case>`` for its id.
        progress: Called with the number of cases that were run, and of all.
        done: Called with the result, also before it is raised.
        traced: Whether each case keeps its requests with the state around them.
    """

    def __init__(
        self,
        app: App,
        moment: Callable[[SharedTime], Moment],
        options: Options,
        again: str = "",
        progress: Callable[[int, int], object] = ignore,
        done: Callable[[Exploration], object] = ignore,
        *,
        traced: bool = False,
    ) -> None:
        self.app = app
        self._moment = moment
        self._options = options
        self._again_with = again
        self._progress = progress
        self._done = done
        self._rules = Rules(options.may_raise, options.may_return, options.laws)
        self._good: Day | None = None
        self._faults: list[Fault] = []
        self._cases: list[Case] = []
        self._remarks: list[str] = []
        self._skipped = 0
        self._cut = 0
        self._swallowed: list[str] = []
        self._sent_at: dict[str, str] = {}
        self._written: Written | None = {} if traced else None

    def steps(self) -> Generator[Attempt, Outcome, Exploration]:
        """Yield each run that is to be made, and take its outcome; return the result."""
        with self._set_up():
            good = yield from self._good_days()
            end = self._mark()
            plans = self._plans(good)
            self._check_ids(plans)
            only = self._options.only
            try:
                with self._unwatched():
                    if only is not None:
                        yield from self._case(good, only, plans[only])
                    else:
                        yield from self._all(good, plans)
            except BaseException as error:
                if (ending := interruption(error)) is None:
                    raise
                raise _with_text(ending, f"{INTERRUPTED}\n{self._exploration(good).table()}") from None
            finally:
                if only is None:
                    self._remove_faults()
                    end()
        exploration = self._exploration(good)
        self._done(exploration)
        if exploration.broken or self._healed():
            raise AurousExplorationError("\n\n".join([exploration.report(), *self._healed()]), exploration)
        return exploration

    # Setting up, and going back

    @contextmanager
    def _unwatched(self) -> Generator[None, None, None]:
        """Let a trace and the coverage rest in the block: they see only the run that stays, the second good day."""
        watchers = self.app.world.watchers
        resting = [one for one in watchers if not one.of_bad_days]
        watchers[:] = [one for one in watchers if one.of_bad_days]
        try:
            yield
        finally:
            watchers[:0] = resting

    @contextmanager
    def _set_up(self) -> Generator[None, None, None]:
        """Freeze the clock, skip sleeps and watch each request, for all runs."""
        app = self.app
        if present_run() is not None:
            raise AurousError(
                "explore() was called inside explore(): the inner one would explore bad days of bad days. Call it "
                f"once, in the test, around the code under test. For pairs of faults use depth=2.\n{_MORE}"
            )
        with own_time(app) as self._time, self._watching():
            with app.world.lock:
                self._start = self._mark()
                self._states = EndStates(app.world, app.snapshot().world)
            yield

    @contextmanager
    def _watching(self) -> Generator[None, None, None]:
        """End runs that hang."""
        self._watchdog = Watchdog(self._options.patience, self._time)
        with self._watchdog.watching():
            yield

    def _mark(self) -> Callable[[], None]:
        """Return a function that goes back to now."""
        return self._moment(self._time).go_back

    def _go_back(self) -> None:
        """Return to the start."""
        self._remove_faults()
        self._start()

    def _remove_faults(self) -> None:
        with self.app.world.lock:
            for fault in self._faults:
                self.app.queue.remove(fault)

    @contextmanager
    def begin(self, plan: Plan, *, fresh: bool = True) -> Generator[None, None, None]:
        """Add the faults of a case; the block is the run. What it starts belongs to it.

        Args:
            plan: The faults.
            fresh: Whether it starts anew, and does not go on from what the last run left.
        """
        good = self._good
        run = Run(self.app) if good is None else Run(self.app, 20 * len(good.calls) + 100, good.seconds + DAY)
        self._run = run
        with self.app.world.lock:
            queue = self.app.queue
            self._faults = [KINDS[kind].add(Scene(self.app, run, self._time.move), place) for place, kind in plan]
            for fault in reversed(self._faults):
                queue.put_first(fault)
            if fresh:
                self._observer = Observer(self.app, self._written)
        watchers = self.app.world.watchers
        watchers.insert(0, self._observer)
        case = " + ".join(f"{place} {kind}" for place, kind in plan) or "The good day"
        try:
            with run.running(), self._watchdog.guarding(run, case):
                yield
        finally:
            watchers.remove(self._observer)

    def cancel_with(self, cancel: Callable[[], object]) -> None:
        """Call *cancel*, in another thread, if the present run hangs."""
        self._watchdog.cancel = cancel

    @property
    def hangs(self) -> bool:
        """Whether the present run hung, and was stopped from outside."""
        return self._run.hangs

    # Runs

    def _attempt(self, plan: Plan, before: Day | None = None) -> Generator[Attempt, Outcome, Day]:
        """Let the driver make one run, and return what it did; after *before*, on the state that it left."""
        if before is None:
            self._go_back()
        outcome = yield Attempt(self, plan, fresh=before is None)
        return self._day(outcome, before)

    def _day(self, outcome: Outcome, before: Day | None) -> Day:
        app, run, error = self.app, self._run, outcome.error
        if not run.hangs and (ending := interruption(error)) is not None:
            raise ending
        if run.crashed or any(isinstance(leaf, AurousCrash) for leaf in leaves(error)):
            name = "crashed"
        elif run.stopped:
            name = "stopped"
        else:
            name = "returned" if error is None else "raised"
        if any(not fault.fired for fault in self._faults):
            name = "unmet"
        with app.world.lock:
            end = self._states.read((before.run if before else run).failed)
            return self._observer.day(run, name, error, outcome.returned, end)

    # The good day

    def _good_days(self) -> Generator[Attempt, Outcome, Day]:
        """Make the good day twice from the same start, and return the second one."""
        with self._unwatched():
            first = yield from self._good_day()
        with self._unwatched() if self._options.only is not None else nullcontext():
            second = yield from self._good_day()
        self._compare(first, second)
        unstable = unstable_fields(first.end, second.end)
        timeless = second.polls and not second.seconds
        same = unaddressed(first.returned) == unaddressed(second.returned)
        self._rules = replace(self._rules, unstable=unstable, timeless=timeless, same_result=same)
        self._good = second
        if unstable:
            names = ", ".join(sorted(f"{kind}.{name}" for kind, name in unstable))
            self._remarks.append(f"not compared, because two good days differ there: {names}")
        if timeless:
            self._remarks.append(
                "Work in progress was polled, and the clock did not move: the suite's own sleeps do nothing. Nothing "
                "that depends on time was judged. Let the code call the real sleep functions: exploring skips them."
            )
        return second

    def _good_day(self) -> Generator[Attempt, Outcome, Day]:
        day = yield from self._attempt(())
        if day.run.stopped:
            raise AurousError(
                f"explore(): the good day does not end: {day.run.stopped}. It must return before bad days can be "
                f"compared with it.\n{_MORE}"
            ) from day.error
        if isinstance(day.error, RunEnded):
            raise AurousError(
                "explore(): a request came from a thread, a task or an event loop that an earlier run has started. "
                f"Start what the application keeps before explore(), or anew in fresh=.\n{_MORE}"
            ) from day.error
        if day.error is not None:
            raise day.error
        if not day.calls:
            raise AurousError(
                "explore(run): run sent no request to the fake, so there is nothing to break. Let it call the code "
                f"that sends requests, with a client that the fake intercepts.\n{_MORE}"
            )
        return day

    def _compare(self, first: Day, second: Day) -> None:
        """Refuse a run that differs from run to run.

        Raises:
            AurousError: With the first request that differs.
        """
        once, twice = ([(call.operation, call.path, call.status) for call in day.calls] for day in (first, second))
        if once == twice:
            return
        pairs = [*zip(once, twice, strict=False)]
        number = next((n for n, (one, other) in enumerate(pairs) if one != other), len(pairs))
        calls = [_call(day.calls[number]) if number < len(day.calls) else "no request" for day in (first, second)]
        raise self._differ(number + 1, *calls)

    def _differ(self, number: int, first: str, second: str) -> AurousError:
        """Return the error for two good days that differ, first in a request with this number."""
        return AurousError(
            f"explore(run): two undisturbed runs from the same start differ, first in request {number}:\n"
            f"  first run:  {first}\n  second run: {second}\n"
            "Reset the state of the application before each run with fresh=, seed what it draws at random, and make "
            f"its requests in a fixed order.\n{_MORE}"
        )

    # The cases

    def _plans(self, good: Day) -> dict[str, Plan]:
        """Return the cases with one fault, by id, in order."""
        places = places_of(self.app, good.calls, good.deliveries, good.starting)
        lines = {call.number: shown_place(call.place) for call in good.calls if call.place is not None}
        self._sent_at = {str(place): lines.get(place.number, "") for place in places}
        kept = without_repeats(places)
        impatient = sum(
            place.is_call and not place.patience and (kind == "timeout" or place.changes)
            for place in kept
            for kind in self._options.faults
            if kind in NEED_PATIENCE
        )
        repeats = len(places) - len(kept)
        self._skipped = repeats + impatient
        if repeats:
            self._remarks.append(f"skipped: {repeats} repeated reads, which show what the reads before and after show")
        if impatient:
            self._remarks.append(f"skipped: {impatient} timeouts, because the client has no read timeout")
        return {f"{place} {kind}": ((place, kind),) for place in kept for kind in self._kinds(place)}

    def _kinds(self, place: Place) -> list[str]:
        timed = NEED_TIME if self._rules.timeless else ()
        return [kind for kind in self._options.faults if kind not in timed and KINDS[kind].fits(place)]

    def _check_ids(self, plans: dict[str, Plan]) -> None:
        """Refuse ids of cases that there are not; pairs are found only while exploring."""
        wanted = [*([self._options.only] if self._options.only else []), *self._options.known]
        for case_id in wanted:
            first = case_id.partition(" + ")[0]
            if first not in plans or (case_id != first and case_id == self._options.only):
                from difflib import get_close_matches  # takes 4 ms to import, and only this message needs it

                near = get_close_matches(case_id, list(plans), n=3, cutoff=0)
                name = "only" if case_id == self._options.only else "known"
                raise AurousError(
                    f"explore({name}={shown(case_id)}): there is no such case. The nearest are: "
                    f"{', '.join(map(repr, near))}. "
                    f"A case is a place and a fault, such as 'characters.create#1 lost'.\n{_MORE}"
                )

    def _all(self, good: Day, plans: dict[str, Plan]) -> Generator[Attempt, Outcome, None]:
        """Run all cases, and with ``depth=2`` all pairs, up to the limit."""
        pairs: dict[str, Plan] = {}
        deep = self._options.depth > 1
        for number, (case_id, plan) in enumerate(plans.items()):
            if number >= self._options.limit:
                break
            self._progress(number, len(plans))
            day = yield from self._case(good, case_id, plan)
            if deep:
                pairs.update(self._pairs(case_id, plan, day))
        for number, (case_id, plan) in enumerate(pairs.items(), len(plans)):
            if number >= self._options.limit:
                break
            self._progress(number, len(plans) + len(pairs))
            yield from self._case(good, case_id, plan)
        cut = [*plans, *pairs][self._options.limit :]
        if cut:
            self._cut = len(cut)
            self._remarks.append(f"cut: {len(cut)} cases beyond limit={self._options.limit}, the first is {cut[0]!r}")

    def _pairs(self, case_id: str, plan: Plan, day: Day) -> dict[str, Plan]:
        """Return the pairs of a case: its fault, and another one at a request or an event that came after it."""
        if day.outcome in {"unmet", "crashed"}:
            return {}
        found = places_of(self.app, day.calls, day.deliveries, day.starting)
        order = [str(place) for place in sorted(found, key=lambda place: place.number)]
        later = order[order.index(str(plan[0][0])) + 1 :] if str(plan[0][0]) in order else []
        return {
            f"{case_id} + {place} {kind}": (*plan, (place, kind))
            for place in without_repeats([place for place in found if str(place) in later])
            for kind in self._kinds(place)
        }

    def _case(self, good: Day, case_id: str, plan: Plan) -> Generator[Attempt, Outcome, Day]:
        """Run one case and judge it."""
        day = yield from self._attempt(plan)
        second = None
        trace = day.error.__traceback__ if day.error is not None else None
        left = self._mark() if self._options.only is not None else lambda: None
        judgeable = day.outcome in {"raised", "crashed"} or refused(self._rules, day)
        if "recovers" in self._rules.laws and judgeable and not day.run.deleted:
            second = yield from self._again(day)
        reasons = judge(Judged(self._rules, good, day, second))
        if "recovers" in reasons and not self._cases_break("recovers"):
            yield from self._explain_second_run(good)
        self._cases.append(self._as_case(case_id, plan, day, second, reasons))
        left()
        if self._options.only is not None and day.error is not None:
            report = self._exploration(good).report() if reasons else story(day, good)
            day.error.__notes__ = [*getattr(day.error, "__notes__", ()), report]  # type: ignore[attr-defined]
            raise day.error.with_traceback(trace)
        return day

    def _again(self, day: Day) -> Generator[Attempt, Outcome, Day]:
        """Let everything in flight pass, and make a second, undisturbed run on the state that *day* left."""
        self._remove_faults()
        self._time.move(day.run.busy)
        return (yield from self._attempt((), day))

    def _explain_second_run(self, good: Day) -> Generator[Attempt, Outcome, None]:
        """Find out whether a second run pays again even without a fault."""
        day = yield from self._attempt(())
        second = yield from self._again(day)
        if second.spent > good.spent:
            self._remarks.insert(
                0,
                "A second run pays again even after a good day, so running the code again cannot repair a failure. Let "
                "it find what an earlier run has ordered, for example by an Idempotency-Key that does not change.",
            )

    def _cases_break(self, law: str) -> bool:
        return any(law in case.broken for case in self._cases)

    def _as_case(self, case_id: str, plan: Plan, day: Day, second: Day | None, reasons: dict[str, str]) -> Case:
        place, _ = plan[-1]
        good = self._good
        assert good is not None  # noqa: S101 - cases come after the good day
        remarks = ["recovers was not judged: the record was deleted"] if day.run.deleted else []
        if day.outcome == "crashed" and not any(isinstance(leaf, AurousCrash) for leaf in leaves(day.error)):
            self._swallowed.append(case_id)
            remarks.append("AurousCrash did not leave the run: the code continues after its process has died")
        return Case(
            id=case_id,
            operation=place.operation,
            occurrence=place.occurrence,
            fault=" + ".join(kind for _, kind in plan),
            outcome=day.outcome,
            broken=tuple(reasons),
            error=_bare(day.error),
            returned=day.returned,
            credits=json_number(day.spent),
            calls=len(day.calls),
            sent_at=self._sent_at.get(str(plan[0][0]), ""),
            timeline=story(day, good, second) if reasons else None,
            reasons=reasons,
            advice=advice(reasons, second or day) if reasons else (),
            known=self._options.known.get(case_id, ""),
            remarks=tuple(remarks),
            rows=tuple(rows(second or day)),
        )

    # The result

    def _exploration(self, good: Day) -> Exploration:
        day = Case(
            id="good day",
            outcome="returned",
            returned=good.returned,
            credits=json_number(good.spent),
            calls=len(good.calls),
            rows=tuple(rows(good)),
        )
        return Exploration(
            cases=tuple(self._cases),
            good_day=day,
            skipped=self._skipped,
            remarks=(*self._remarks, *self._about_crashes()),
            again=self._again_with,
            start=good.views.get(0, {}),
        )

    def _about_crashes(self) -> list[str]:
        if not self._swallowed:
            return []
        text = (
            f"AurousCrash did not leave the run in {', '.join(self._swallowed)}: it was in another thread, or "
            "the code catches BaseException and continues after its process has died."
        )
        return [text]

    def _healed(self) -> list[str]:
        """Say which cases are known to break a law, and hold, or do not exist."""
        known, made = self._options.known, {case.id: case for case in self._cases}
        held = [name for name in known if name in made and not made[name].broken]
        texts = [f"known={held!r}: no longer breaks a law. Remove it from known.\n{_MORE}"] if held else []
        missing = [name for name in known if " + " in name and name not in made]
        if missing and not self._cut and self._options.only is None:
            texts.append(f"known={missing!r}: there is no such case.\n{_MORE}")
        return texts


def _call(call: Call) -> str:
    return f"{call.operation or 'unmatched'}: {call.method} {call.path} -> {call.status or 'no response'}"


def interruption(error: BaseException | None) -> BaseException | None:
    """Return what ends the whole exploration, and not only a run, if *error* is that or comes from it.

    That is Ctrl-C, a cancellation, `pytest.exit`, or what a tool such as pytest-timeout raises in a signal handler.
    """
    if error is None or any(_named(leaf) in _INTERRUPTIONS for leaf in leaves(error)):
        return error
    return next((one for one in connected(error) if not TOOLS.isdisjoint(signal_handlers(one))), None)


def _with_text(error: Any, text: str) -> BaseException:
    """Add a text to the message of an interruption; trio's cancellation has none."""
    if hasattr(error, "msg"):  # of pytest's exceptions, which show it or their argument
        error.msg = f"{error.msg}\n{text}"
        error.args = (error.msg,)
    elif isinstance(error, KeyboardInterrupt):
        error.args = (text,)
    return cast("BaseException", error)


def _named(error: BaseException) -> tuple[str, str]:
    return type(error).__module__.partition(".")[0], type(error).__name__


def _bare(error: BaseException | None) -> BaseException | None:
    """Remove the tracebacks of an error, which would keep everything alive that the run has used."""
    if error is not None:
        for one in connected(error):
            one.with_traceback(None)  # unlike an assignment, it also works for a frozen dataclass
    return error
