"""Explore a whole suite: run each test again, once for each request that it sends and each way to break it.

A run is the whole protocol of the test, so that other plugins treat it as the test: timeouts, the guard, event loops.
Its function-scoped fixtures and its instance of a class are new; fixtures of wider scopes stay.
"""

from __future__ import annotations

import json
import shlex
import warnings
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

import pytest

from ..._base.chains import isolated
from ..._base.errors import AurousError, AurousExplorationError, see
from ..._base.redaction import redacted, shortened
from ..._explore.attempt import Attempt, Outcome
from ..._explore.baseline import Baseline
from ..._explore.budget import Budget
from ..._explore.explorer import Explorer
from ..._explore.options import Options
from ..._explore.ready import write_test
from ..._explore.report import CASE, brief, colored
from ..._explore.result import Exploration
from ..._explore.stage import FreshFake, LeftOut
from ..._explore.suite import causes, count, findings_of, firsts, read_suite_options
from ..._world.journal import WIDTH
from ..collected import Mode
from ..options import explore_marker, explores, reads_settings, run_option
from ..outcome import fail_report, record_unwritten
from ..sections import fitted
from ..stash import INVALID_MARKER, MODES, REPEATED
from .har import export_har

if TYPE_CHECKING:
    from ..._fake.session import Session

Results = list[dict[str, Any]]
"""For each test its name, why it was left out, how many cases there are of each kind, its findings and the data."""

_MODES: Final = ("report", "fail")
_PAGE: Final = see("how-to/explore-a-suite.html")
_COLUMNS: Final = ("cases", "returned", "raised", "other", "unmet", "broken")


class _Plan(NamedTuple):
    """How a test is explored.

    Attributes:
        options: What to explore.
        fails: Whether a broken law fails the test.
        marked: Whether its marker asks for it.
    """

    options: Options
    fails: bool
    marked: bool


_PLAN: Final[pytest.StashKey[_Plan]] = pytest.StashKey()
_TEST: Final[pytest.StashKey[ExploredTest]] = pytest.StashKey()
"""Present while a test that is to be explored runs, for the first time and again."""


def start(config: pytest.Config) -> None:
    """Check the options, and explore tests from now on.

    Raises:
        pytest.UsageError: If the options are invalid.
    """
    mode = run_option(config, "explore")
    if mode is not None and mode not in _MODES:
        path = f" {mode!r} is a path: write --aurous-explore=report {mode}" if Path(mode).exists() else ""
        raise pytest.UsageError(f"--aurous-explore={mode}: expected report or fail.{path}\n{_PAGE}")
    if config.getoption("reruns", None):
        raise pytest.UsageError(
            "Exploring and --reruns exclude each other: exploring runs each test many times, and a test that only "
            f"passes at times has no good day to compare with. Leave one of them out.\n{_PAGE}"
        )
    if "exploring" not in config.stash[MODES]:
        mode, others = Exploring(config), config.stash[MODES]
        config.stash[MODES] = {"exploring": mode, **others}  # before the others: it sets clocks back
        config.pluginmanager.register(mode, "aurous-exploring")
        config.pluginmanager.register(_Inside(mode), "aurous-exploring-runs")


def choose(items: list[pytest.Item]) -> None:
    """Note for each test whether and how it is explored.

    Raises:
        pytest.UsageError: If a marker is invalid.
    """
    for item in items:
        try:
            plan = _plan(item)
        except (AurousError, pytest.UsageError) as error:  # noqa: PERF203 - once for each test, at collection
            if not hasattr(item.config, "workerinput"):
                raise pytest.UsageError(str(error)) from None
            item.stash[INVALID_MARKER] = pytest.UsageError(str(error))
        else:
            if plan is not None:
                item.stash[_PLAN] = plan
    _count(items)


def _count(items: list[pytest.Item]) -> None:
    """Tell the budget how many tests are to come in this process."""
    config = items[0].config
    mode = config.stash[MODES].get("exploring")
    if isinstance(mode, Exploring) and mode.budget is not None:
        workers = getattr(config, "workerinput", {}).get("workercount", 1)
        mode.budget.tests = sum(_PLAN in item.stash for item in items) / workers


def _plan(item: pytest.Item) -> _Plan | None:
    mark = explore_marker(item)
    if not isinstance(item, pytest.Function):  # such as a doctest
        return None
    if mark is None:
        if not explores(item.config) or not reads_settings(item):
            return None
        return _Plan(
            _options(item, "--aurous-explore"), fails=run_option(item.config, "explore") == "fail", marked=False
        )
    place = f"{item.nodeid}: @pytest.mark.aurous_explore"
    if mark.args == (False,) and not mark.kwargs:
        return None
    if mark.args:
        raise pytest.UsageError(
            f"{place} takes keywords, such as laws='pays_once', or only False; got {mark.args!r}.\n{_PAGE}"
        )
    start(item.config)
    return _Plan(_options(item, place, **mark.kwargs), fails=True, marked=True)


def _options(item: pytest.Item, who: str, **arguments: Any) -> Options:
    limit = run_option(item.config, "explore-limit")
    if limit is not None:
        arguments = {"limit": int(limit) if str(limit).isdecimal() else limit, **arguments}
    only = run_option(item.config, "explore-only")
    mode = cast("Exploring", item.config.stash[MODES]["exploring"])
    return replace(
        read_suite_options(who, **arguments),
        only=only,
        through=run_option(item.config, "explore") != "fail",
        accepted=mode.baseline.of(item.nodeid) if mode.baseline is not None else {},
        time=mode.budget.share if mode.budget is not None else None,
    )


def _baseline(config: pytest.Config) -> Baseline | None:
    """Read the baseline, if there is one.

    Raises:
        pytest.UsageError: If it is invalid.
    """
    name, update = run_option(config, "explore-baseline"), run_option(config, "explore-baseline-update")
    if name is None:
        if update:
            raise pytest.UsageError(f"--aurous-explore-baseline-update needs --aurous-explore-baseline=FILE.\n{_PAGE}")
        return None
    try:
        return Baseline.read(Path(name), update=update)
    except AurousError as error:
        raise pytest.UsageError(f"--aurous-explore-baseline: {error}") from None


def _budget(config: pytest.Config) -> Budget | None:
    """Return the time for all tests of this process, if it is limited.

    Raises:
        pytest.UsageError: If it is no number.
    """
    seconds = run_option(config, "explore-seconds")
    if seconds is None:
        return None
    try:
        found = float(seconds)
    except ValueError:
        found = nan
    if not 0 < found < inf:
        raise pytest.UsageError(
            f"--aurous-explore-seconds={seconds}: expected a number of seconds above 0, such as 60.\n{_PAGE}"
        )
    return Budget(found)


class Exploring(Mode):
    """Explores tests after all tests have run, and reports them then."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._update = run_option(config, "explore-baseline-update")
        self.baseline: Baseline | None = _baseline(config)
        self.budget: Budget | None = _budget(config)
        self.results: Results = []
        self._own: Results = []
        self._test: ExploredTest | None = None  # while its own run goes on
        self._waiting: list[tuple[ExploredTest, list[Callable[[], object]]]] = []

    def unknown(self, result: dict[str, Any]) -> AurousError | None:
        """Return the error for a test whose baseline accepts a case that there is not."""
        return None if self.baseline is None or self._update else self.baseline.unknown(result)

    def using(self, item: pytest.Item, session: Session) -> AbstractContextManager[None]:
        """Let the block be the time for which a test has its fake."""
        session.explore_only = run_option(self._config, "explore-only")
        session.explore_judged = run_option(self._config, "explore") == "fail"
        session.traced = "tracing" in self._config.stash[MODES]  # then each case has its views
        return item.stash[_TEST].using(session) if _TEST in item.stash else self._finding(item, session)

    @contextmanager
    def _finding(self, item: pytest.Item, session: Session) -> Generator[None, None, None]:
        """Note at the end of the block what a test has found that explores code itself."""
        yield
        for exploration in session.explorations:
            self._own.append({"test": item.nodeid, "findings": findings_of(exploration)})

    def found(self) -> list[Results]:
        """Return the results of a worker."""
        return [self.results, self._own]

    def add(self, found: list[Results]) -> None:
        """Add the results of a worker."""
        results, own = found
        self.results += results
        self._own += own

    def finish(self) -> None:
        """Write the files."""
        name, folder = run_option(self._config, "explore-json"), run_option(self._config, "explore-tests")
        if name:
            self._write("The results of exploring", Path(name), self._write_json)
        if folder:
            self._write("The tests of the findings", Path(folder), self._write_tests)
        if self.baseline is not None and self._update:
            self._write("The baseline", Path(run_option(self._config, "explore-baseline")), self._write_baseline)

    def _write(self, what: str, path: Path, write: Callable[[Path], object]) -> None:
        try:
            write(path)
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            record_unwritten(self._config, what, path, error, _PAGE)

    def _write_tests(self, folder: Path) -> None:
        for test, finding in firsts([*self._sorted(), *self._own]):
            write_test(folder.absolute(), self._config.rootpath, test, finding["cases"][0], finding["finding"])

    def _write_baseline(self, _: Path) -> None:
        cast("Baseline", self.baseline).update(self._sorted())

    def _write_json(self, file: Path) -> None:
        tests = [{name: value for name, value in one.items() if name != "findings"} for one in self._sorted()]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(redacted(json.dumps({"tests": tests}, indent=2)), encoding="utf-8")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """Let a test that is to be explored wait until all tests have run; after the last one, explore them."""
        if _TEST in item.stash:
            return (yield)
        if _PLAN not in item.stash:
            result = yield
        else:
            result = True
            test = self._test = ExploredTest(cast("pytest.Function", item), item.stash[_PLAN], self)
            try:
                with test.present():
                    yield
            finally:
                self._test = None
            self._waiting.append((test, [mode.put_away() for mode in item.config.stash[MODES].values()]))
            if not test.has_passed():
                test, go_on = self._waiting.pop()
                self._report(nextitem or self.first_waiting(None), test, go_on)
        if nextitem is None:
            self._explore_all(item.session)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """Report the tests that were not explored, because the run of pytest has ended before."""
        try:
            return (yield)
        finally:
            while self._waiting:
                test, go_on = self._waiting.pop(0)
                test.leave_out("pytest stopped before its bad days were run")
                self._report(None, test, go_on, tear_down=False)

    def _explore_all(self, session: pytest.Session) -> None:
        """Explore the tests that wait, in their order: what that leaves behind reaches no test's own run."""
        while self._waiting and not session.shouldfail and not session.shouldstop:
            test, go_on = self._waiting.pop(0)
            if run_option(self._config, "explore-only") is not None:  # then the trace is that of the case
                while go_on:
                    go_on.pop()()
            with test.present(), self.budget.spending() if self.budget is not None else nullcontext():
                test.explore()
            self._report(self.first_waiting(None), test, go_on)

    def first_waiting(self, item: pytest.Item | None) -> Any:
        """Return what stands in for the next test: its fixtures of wider scopes stay. *item* is about to wait, too."""
        first = self._waiting[0][0].item if self._waiting else item
        return None if first is None else _Parent(first)

    def _report(
        self, nextitem: Any, test: ExploredTest, go_on: list[Callable[[], object]], *, tear_down: bool = True
    ) -> None:
        """Report a test that has run before, to all plugins, and end the fixtures that *nextitem* does not need."""
        item = test.item
        for one in go_on:
            one()
        with self._as_present(item), test.present():
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            ended = test.tear_down(nextitem) if tear_down else []
            for report in (*test.reports, *ended):
                item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    @contextmanager
    def _as_present(self, item: Any) -> Generator[None, None, None]:
        """In a worker of xdist, let the reports of the block be those of *item*, and not of the last test."""
        worker: Any = next(
            (one for one in self._config.pluginmanager.get_plugins() if hasattr(one, "item_index")), None
        )
        if worker is None:
            yield
            return
        before, worker.item_index = worker.item_index, item.session.items.index(item)
        try:
            yield
        finally:
            worker.item_index = before

    def pytest_runtest_logreport(self) -> None:
        """Note a report that comes while a test runs."""
        if self._test is not None:
            self._test.note_log()

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Print the table, and what is broken."""
        results = self._sorted()
        if results:
            terminalreporter.section("aurous bad days")
            for line in _table(results):
                terminalreporter.write_line(fitted(line, config))
        stale = self.baseline.stale(results) if self.baseline is not None and not self._update else []
        for line in map(redacted, [*causes(results), *stale]):
            shown = fitted(line, config)
            terminalreporter.write_line(colored(shown) if terminalreporter.hasmarkup else shown)
        for one in results:
            if one.get("more") and not one["fails"]:
                terminalreporter.section(redacted(f"bad days of {one['test']}"), sep="-")
                terminalreporter.write_line(fitted(one["more"], config))

    def _sorted(self) -> Results:
        """Return the results in the order of their tests, whichever worker has run them, and in which order."""
        return sorted(self.results, key=lambda one: str(one["test"]))


class _Inside:
    """Makes each run of a test that is explored, inside what other plugins do around a test."""

    def __init__(self, mode: Exploring) -> None:
        self._mode = mode

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Any) -> bool | None:
        """Make the run, without a report to other plugins; the last test leaves what the first explored one needs."""
        following = nextitem or self._mode.first_waiting(item if _TEST in item.stash else None)
        if _TEST in item.stash:
            item.stash[_TEST].run(following)
        elif nextitem is None and following is not None:
            runner: Any = item.config.pluginmanager.get_plugin("runner")
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            runner.runtestprotocol(item, nextitem=following)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        else:
            return None
        return True


class _Parent:
    """Stands in for the next test, so that a teardown ends what belongs to *item* alone."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = item.listchain()[:-1]

    def listchain(self) -> list[Any]:
        """Return the collectors of the test."""
        return self._chain


class ExploredTest:
    """One test, and its runs.

    Attributes:
        item: The test.
        attempt: The present run of the exploration; None: the test's own run.
        reports: Those of the test: of setup, call and teardown.
    """

    def __init__(self, item: pytest.Function, plan: _Plan, mode: Exploring) -> None:
        self.attempt: Attempt | None = None
        self.reports: list[pytest.TestReport] = []
        self.item: Any = item
        self._runner: Any = item.config.pluginmanager.get_plugin("runner")  # of pytest, which has no public name
        self._plan = plan
        self._results = mode.results
        self._mode = mode
        self._siblings: Any = _Parent(item)
        self._function = item.obj if item.cls is None else None
        self._run: Callable[[Any], None] = self._run_itself
        self._logged = False
        self._session: Session | None = None
        self._stage: FreshFake
        self._used = False
        self._error: BaseException | None = None

    @contextmanager
    def present(self) -> Generator[None, None, None]:
        """Let runs of the item in the block be runs of this."""
        self.item.stash[_TEST] = self
        try:
            yield
        finally:
            del self.item.stash[_TEST]

    @property
    def reported(self) -> bool:
        """Whether the present run is reported as that of the test."""
        return self.attempt is None or (self._plan.options.alone and self.attempt.plan != ())

    @contextmanager
    def using(self, session: Session) -> Generator[None, None, None]:
        """Let the block be the time for which the test has its fake."""
        self._used = True
        if self.attempt is None:
            self._session = session
            yield
        else:
            with self._stage.run_on(session.app, self.attempt):
                yield

    def run(self, nextitem: Any) -> None:
        """Make the present run, inside the protocol."""
        self._run(nextitem)

    def note_log(self) -> None:
        """Note that something was reported while the test ran: a subtest."""
        self._logged = True

    def tear_down(self, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        """End the fixtures of wider scopes that *nextitem* does not need; return a report if that fails."""
        session, reports = self.item.session, list[pytest.TestReport]()
        capture: Any = self.item.config.pluginmanager.get_plugin("capturemanager")
        last = None if session.shouldfail or session.shouldstop else nextitem

        def run(_: Any) -> None:
            # Not the hook: the test itself has been torn down, and a plugin may do that once only.
            with capture.item_capture("teardown", self.item) if capture is not None else nullcontext():
                call = pytest.CallInfo[None].from_call(
                    lambda: session._setupstate.teardown_exact(last), when="teardown", reraise=(pytest.exit.Exception,)
                )
            reports.append(self.item.ihook.pytest_runtest_makereport(item=self.item, call=call))

        self._run = run
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=nextitem)
        return [report for report in reports if report.failed]

    def _run_itself(self, nextitem: Any) -> None:
        self.reports = self._runner.runtestprotocol(self.item, log=False, nextitem=nextitem)

    # Exploring

    def has_passed(self) -> bool:
        """Return whether its own run has passed, so that it can be explored; note a test that has not."""
        if all(report.passed and not hasattr(report, "wasxfail") for report in self.reports):
            return True
        if self._session is not None and not any(
            report.skipped and not hasattr(report, "wasxfail") for report in self.reports
        ):
            self.leave_out("it is expected to fail" if hasattr(self.reports[-2], "wasxfail") else "it fails")
        return False

    def leave_out(self, why: str) -> None:
        """Note that the test is not explored."""
        if self._plan.options.only is None:
            self._results.append({**self._result, "left_out": why})

    @property
    def _result(self) -> dict[str, Any]:
        return {"test": self.item.nodeid, "fails": self._plan.fails, "left_out": None, "broken": 0, "failed": False}

    def explore(self) -> None:
        """Explore the test; what goes wrong meanwhile, a bug of ours too, is a failure of the test."""
        try:
            self._explore()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:  # noqa: BLE001 - pytest would end the session
            self._fail(error)

    def _explore(self) -> None:
        """Explore the test, and note what was found."""
        if not self._plan.marked and self._session is None:
            return
        if self._plan.options.alone:
            self._explore_one_case()
            return
        result, error = self._result, cast("AurousError | None", None)
        try:
            exploration: Exploration | None = self._explored()
        except LeftOut as why:
            exploration = None
            result["left_out"] = text = f"{why}{self._wider_fixtures() if why.leaks else ''}"
            error = None if why.harmless else AurousError(f"The test cannot be explored: {text}\n{_PAGE}")
        except AurousExplorationError as found:
            exploration, error = found.exploration, found
        except AurousError as found:  # `known` names a case that there is not
            exploration, error = None, found
        if exploration is not None:
            result |= count(exploration, self._plan.options.may_raise)
            result |= {"failed": error is not None, "not_run": exploration.not_run, "timeless": exploration.timeless}
            result |= {"more": str(error or "").removeprefix(brief(exploration)).strip(), "data": exploration.json()}
            result |= {"findings": findings_of(exploration)}
            cast("Session", self._session).explorations.append(exploration)
            error = error or self._mode.unknown(result)
        self._results.append(result)
        if error is not None and self._plan.fails:
            self._fail(error)

    def _wider_fixtures(self) -> str:
        """Return a text about the fixtures of the test that are not new in each run."""
        found: dict[str, str] = {}
        for name, definitions in self.item._fixtureinfo.name2fixturedefs.items():
            ours = definitions[-1].func.__module__.partition(".")[0] in {"pytest_aurous", "_pytest"}
            if definitions[-1].scope != "function" and not ours:
                found[name] = definitions[-1].scope
        names = ", ".join(f"{name} ({scope})" for name, scope in found.items())
        return f". Fixtures that stay between its runs: {names}" if names else ""

    def _explore_one_case(self) -> None:
        """Let the run of the one case be that of the test."""
        if self._session is not None and self._session.explored:
            return  # it has run the case itself
        try:
            self._explored()
        except LeftOut as why:
            self._fail(AurousError(f"--aurous-explore-only: the test cannot be explored: {why}.\n{_PAGE}"))
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            if error is not self._error:  # else it is reported as that of the test
                raise
        notes = getattr(self._error, "__notes__", [])
        self.reports[-2].sections.append(("Aurous exploration", "\n".join(notes)))

    def _fail(self, error: BaseException) -> None:
        """Let the body of the test fail; only an error that explains itself has no traceback."""
        failure = error
        if isinstance(error, AurousError):
            failure = pytest.fail.Exception(f"{type(error).__name__}: {error}", pytrace=False)
        fail_report(self.item, self.reports[1], failure)
        if self._session is not None and run_option(self.item.config, "har"):
            export_har(self.item, self._session)

    def _explored(self) -> Exploration:
        """Make all runs."""
        session = self._session
        if session is None:
            raise LeftOut("it does not use the fixture aurous", harmless=True)
        if session.served:
            raise LeftOut("it uses a server, and a request in another thread or process cannot be broken off")
        if session.explored:
            raise LeftOut("it explores code itself", harmless=True)
        if self._logged:
            raise LeftOut("it has subtests, which report what happens in each run")
        self._stage = FreshFake(session.app)
        explorer = Explorer(self._stage, self._plan.options, self._again(), self._progress, traced=session.traced)
        steps, outcome = explorer.steps(), cast("Outcome", None)
        self._run = lambda _: isolated(self._run_again)
        self.item.stash[REPEATED] = False
        try:
            while True:
                self.attempt = steps.send(outcome)
                self._used, self._error = False, None
                self.item.stash[REPEATED] = self.reported
                self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=self._siblings)
                self._check_used()
                outcome = Outcome(error=self._error)
        except StopIteration as stop:
            return cast("Exploration", stop.value)
        except BaseException as error:  # noqa: BLE001 - of the steps, or of a hook
            return cast("Exploration", steps.throw(error))
        finally:
            del self.item.stash[REPEATED]
            self._end_progress()

    def _check_used(self) -> None:
        if not self._used:
            raise LeftOut("it does not use the fixture aurous when it is run again")

    def _again(self) -> str:
        """Return the command that runs one case."""
        return f'pytest {shlex.quote(self.item.nodeid)} --aurous-explore-only="{CASE}"'

    def _run_again(self) -> None:
        """Run the test with new fixtures and a new instance, and without reports, unless it is the only case."""
        item = self.item
        sections, properties = len(item._report_sections), len(item.user_properties)
        item.__dict__.pop("_instance", None)
        item.__dict__["_obj"] = self._function
        item._initrequest()
        tmpdir: Any = item.config.pluginmanager.get_plugin("tmpdir")
        if tmpdir is not None:
            item.stash.setdefault(tmpdir.tmppath_result_key, {})  # a report would set it; `tmp_path` needs it to end
        if self.reported:
            self.reports = []
        with warnings.catch_warnings(record=True):
            if self._phase("setup"):
                self._phase("call")
            self._phase("teardown", nextitem=self._siblings)
        item._request, item.funcargs = False, None
        del item._report_sections[sections:], item.user_properties[properties:]

    def _phase(self, when: Literal["setup", "call", "teardown"], **arguments: Any) -> bool:
        """Run one phase, and note what it raises; return whether it has passed."""
        item = self.item
        hook = getattr(item.ihook, f"pytest_runtest_{when}")
        call = pytest.CallInfo[None].from_call(lambda: hook(item=item, **arguments), when=when)
        if self.reported:
            report = item.ihook.pytest_runtest_makereport(item=item, call=call)
            self.reports.append(report)
            if self._runner.check_interactive_exception(call, report):
                item.ihook.pytest_exception_interact(node=item, call=call, report=report)
        # unittest does not raise, it collects
        found = cast("list[Any]", item.__dict__.pop("_excinfo", None) or [call.excinfo])
        if self._error is None and found[0] is not None:
            self._error = found[0].value
        return call.excinfo is None

    # Progress

    def _progress(self, number: int, of: int) -> None:
        """Show how far the exploration is, on a terminal."""
        if (reporter := self._terminal()) is not None:
            reporter.ensure_newline()
            width = min(reporter._tw.fullwidth, WIDTH) - 1
            reporter.rewrite(shortened(f"exploring {self.item.nodeid}: {number} of {of}", width), erase=True)

    def _end_progress(self) -> None:
        """Remove it."""
        if (reporter := self._terminal()) is not None:
            reporter.rewrite("", erase=True)
            reporter.rewrite("")

    def _terminal(self) -> Any:
        reporter: Any = self.item.config.pluginmanager.get_plugin("terminalreporter")
        shown = reporter is not None and reporter.isatty and reporter.verbosity >= 0
        return reporter if shown else None


# The results


def _table(results: Results) -> list[str]:
    """Return a line for each test."""
    explored = [one for one in results if "cases" in one]
    widths = [len(name) + 2 for name in _COLUMNS]
    lines = ["".join(f"{name:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))] if explored else []
    for one in explored:
        numbers = "".join(f"{one[name]:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))
        lines.append(f"{numbers}  {one['test']}")
    for one in results:
        if one["left_out"]:
            lines.append(f"left out: {one['test']}: {one['left_out']}")
        if one.get("not_run"):
            total = one["cases"] + one["not_run"]
            lines.append(f"cut: {one['test']}: {one['not_run']} of {total} cases not run")
        if one.get("timeless"):
            lines.append(f"time was not judged: {one['test']}: its sleeps do nothing while work is polled")
    return [redacted(line) for line in lines]
