"""One test that is explored: its own run, its runs on bad days, and what came of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

import pytest

from ..._core.base.chains import isolated
from ..._core.base.errors import AurousError, AurousExplorationError, see
from ..._core.base.redaction import shortened
from ..._core.wire.lines import WIDTH
from ..._explore.explorer import Explorer
from ..._explore.options import Options
from ..._explore.report.result import Exploration
from ..._explore.report.text import about_known, again_with, brief, findings_of
from ..._explore.runs.attempt import Outcome, RunAttempt
from ..._explore.runs.run import complete
from ..._explore.stage import FreshFake, LeftOut
from ..._explore.suites.suite import count
from ..options import run_option
from ..outcome import fail_report
from ..stash import REPEATED
from .har import export_har

if TYPE_CHECKING:
    from ..._fake.session import Session
    from .explored_results import SuiteResults

_PAGE: Final = see("how-to/explore-a-suite.html")
_TOOLS: Final = frozenset({"pytest_aurous", "_pytest", "faker"})
_NO_FAKE: Final = "it does not use the fixture aurous"


class ExplorePlan(NamedTuple):
    """How a test is explored.

    Attributes:
        options: What to explore.
        fails: Whether a broken law fails the test.
        marked: Whether a marker asks for it.
        own: Whether that is the test's own, and not the marker of its class or module.
    """

    options: Options
    fails: bool
    marked: bool = False
    own: bool = False


PLAN: Final[pytest.StashKey[ExplorePlan]] = pytest.StashKey()
TEST: Final[pytest.StashKey[ExploredTest]] = pytest.StashKey()
"""Present while a test that is to be explored runs, for the first time and again."""


class Parent:
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

    def __init__(self, item: pytest.Function, plan: ExplorePlan, results: SuiteResults) -> None:
        self.attempt: RunAttempt | None = None
        self.reports: list[pytest.TestReport] = []
        self.item: Any = item
        self._runner: Any = item.config.pluginmanager.get_plugin("runner")  # of pytest, which has no public name
        self._plan = plan
        self._results = results
        self._siblings: Any = Parent(item)
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
        self.item.stash[TEST] = self
        try:
            yield
        finally:
            del self.item.stash[TEST]

    @property
    def reported(self) -> bool:
        """Whether the present run is reported as the test's run."""
        return self.attempt is None or (self._plan.options.alone and self.attempt.plan != () and not self.attempt.again)

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
            self._results.tests[self.item.nodeid] = {"test": self.item.nodeid, "left_out": why}

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
        error: AurousError | None = None
        try:
            exploration = self._explored()
        except LeftOut as why:
            self.leave_out(text := f"{why}{self._wider_fixtures() if why.leaks else ''}")
            error = None if why.harmless else AurousError(f"The test cannot be explored: {text}\n{_PAGE}")
        except AurousExplorationError as found:
            error = self._note(found.exploration, found)
        except AurousError as found:  # `known` names a case that there is not
            self.leave_out(str(found))
            error = found
        else:
            error = self._note(exploration)
        if error is not None and self._plan.fails:
            self._fail(error)

    def _note(self, exploration: Exploration, error: AurousError | None = None) -> AurousError | None:
        """Note what was found, and return why the test fails; None: it passes."""
        test = self.item.nodeid
        result = self._results.tests[test] = {
            "test": test,
            "fails": self._plan.fails,
            "left_out": None,
            "failed": error is not None,
            **count(exploration, self._plan.options.may_raise),
            "not_run": exploration.not_run,
            "remarks": exploration.unexpected if error is None else (),
            "known": about_known(exploration),
            "more": str(error or "").replace(brief(exploration), "").strip(),
            "findings": findings_of(exploration, test),
            "data": exploration.json(),
        }
        self._results.note(test, exploration)
        cast("Session", self._session).explorations.append(exploration)
        return error or self._results.unknown(result)

    def _wider_fixtures(self) -> str:
        """Return a text about the fixtures of the test that are not new in each run, and who may have spoiled them."""
        kept, text = self._kept(), ""
        if kept:
            names = ", ".join(f"{name} ({definition.scope})" for name, definition in kept.items())
            text = f". Fixtures that stay between its runs: {names}"
        used = self._results.used
        before = ((used[id(one.cached_result)], name) for name, one in kept.items() if id(one.cached_result) in used)
        for test, name in [*before][:1]:
            text += (
                f". The cause is probably {test}, which was explored before: what its runs have left in {name} is "
                f"still there. Let {name} be new for each test, or keep that test out: "
                "@pytest.mark.aurous_explore(False)"
            )
        return text

    def _kept(self) -> dict[str, Any]:
        """Return the fixtures of the test, other than those of tools, that are not new in each run."""
        found = {name: definitions[-1] for name, definitions in self.item._fixtureinfo.name2fixturedefs.items()}
        return {
            name: one
            for name, one in found.items()
            if one.scope != "function" and one.func.__module__.partition(".")[0] not in _TOOLS
        }

    def _explore_one_case(self) -> None:
        """Let the run of the only case be the test's run."""
        if self._session is not None and self._session.explored:
            return  # it has run the case itself
        try:
            self._explored()
        except LeftOut as why:
            self._fail(AurousError(f"--aurous-explore-only: the test cannot be explored: {why}.\n{_PAGE}"))
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            if error is not self._error:  # else it is reported as the test's error
                raise
        notes = getattr(self._error, "__notes__", [])
        self.reports[-2].sections.append(("Aurous exploration", "\n".join(notes)))

    def _fail(self, error: BaseException) -> None:
        """Let the body of the test fail; only an error that explains itself has no traceback."""
        failure = error
        if isinstance(error, AurousError):
            failure = pytest.fail.Exception(f"{type(error).__name__}: {error}", pytrace=False)
            failure.__suppress_context__ = True  # it would say the same once more
        fail_report(self.item, self.reports[1], failure)
        if self._session is not None and run_option(self.item.config, "har"):
            export_har(self.item, self._session)

    def _explored(self) -> Exploration:
        """Make all runs."""
        session = self._session
        if session is None:
            raise LeftOut(_NO_FAKE, harmless=not self._plan.own)
        if session.served:
            raise LeftOut("it uses a server, and a request in another thread or process cannot be broken off")
        if session.explored:
            raise LeftOut("it explores code itself", harmless=True)
        if self._logged:
            raise LeftOut("it has subtests, which report what happens in each run")
        self._stage = FreshFake(session.app)
        again = again_with(self.item.nodeid)
        explorer = Explorer(self._stage, self._plan.options, again, self._progress, traced=session.traced)
        self._run = lambda _: isolated(self._run_again)
        self.item.stash[REPEATED] = False
        try:
            return complete(explorer.explore(self._make))
        finally:
            for one in self._kept().values():
                if one.cached_result is not None:
                    self._results.used.setdefault(id(one.cached_result), self.item.nodeid)
            del self.item.stash[REPEATED]
            self._end_progress()

    async def _make(self, attempt: RunAttempt) -> Outcome:
        """Make one run, with the whole protocol of the test."""
        self.attempt = attempt
        self._used, self._error = False, None
        self.item.stash[REPEATED] = self.reported
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=self._siblings)
        if not self._used:
            raise LeftOut(f"{_NO_FAKE} when it is run again")
        return Outcome(error=self._error)

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
