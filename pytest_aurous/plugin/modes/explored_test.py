"""One test that is explored: its own run, its runs on bad days, and what came of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import pytest

from ..._core.base.chains import isolated
from ..._core.base.errors import AurousError, AurousExplorationError, see
from ..._explore.explorer import Explorer
from ..._explore.options import Options
from ..._explore.own import OwnError
from ..._explore.report.result import Exploration
from ..._explore.report.text import CASE, about_known, brief, findings_of
from ..._explore.runs.attempt import Outcome, RunAttempt
from ..._explore.runs.run import complete
from ..._explore.stage import FreshFake, LeftOut
from ..options import run_option
from ..outcome import fail_report
from ..sections import rerun_command
from ..stash import REPEATED
from .explored_results import count
from .har import export_har

if TYPE_CHECKING:
    from ..._fake.session import Session
    from .explored_results import SuiteResults

_PAGE: Final = see("how-to/explore-a-suite.html")
_EXPLORES: Final = "it explores code itself"
_NO_FAKE: Final = "it does not use the fixture aurous"


PLAN: Final[pytest.StashKey[Options]] = pytest.StashKey()
TEST: Final[pytest.StashKey[ExploredTest]] = pytest.StashKey()
"""Present while a test that is to be explored runs, for the first time and again."""


class ExploredTest:
    """One test, and its runs.

    Attributes:
        item: The test.
        attempt: The present run of the exploration; None: the test's own run.
        reports: Those of the test: of setup, call and teardown.
        logged: Whether something was reported while the test ran: a subtest.
        put_away: What brings back what belongs to the test, while others run.
        run: Makes the present run, inside the protocol.
    """

    def __init__(self, item: pytest.Function, options: Options, results: SuiteResults) -> None:
        self.attempt: RunAttempt | None = None
        self.reports: list[pytest.TestReport] = []
        self.item: Any = item
        self._runner: Any = item.config.pluginmanager.get_plugin("runner")  # of pytest, which has no public name
        self._options = options
        self._results = results
        self._function = item.obj if item.cls is None else None
        self._alone = options.alone
        self.run: Callable[[Any], None] = self._run_itself
        self.logged: bool = False
        self.put_away: list[Callable[[], object]] = []
        self._session: Session | None = None
        self._stage: FreshFake
        self._used = False
        self._error: BaseException | None = None

    @contextmanager
    def present(self) -> Generator[None, None, None]:
        """Let runs of the item in the block be runs of this."""
        self.item.stash[TEST] = self
        while self.put_away:
            self.put_away.pop()()
        try:
            yield
        finally:
            del self.item.stash[TEST]

    @property
    def reported(self) -> bool:
        """Whether the present run is reported as the test's run."""
        return self.attempt is None or (self._alone and self.attempt.plan != () and not self.attempt.again)

    @contextmanager
    def using(self, session: Session) -> Generator[None, None, None]:
        """Let the block be the time for which the test has its fake."""
        self._used = True
        if self.attempt is None:
            self._session = session
            yield
        else:
            with self._stage.run_on(session.handle, self.attempt):
                yield

    def tear_down(self, nextitem: pytest.Item | None) -> None:
        """End the fixtures of wider scopes that *nextitem* does not need; add a report if that fails."""
        capture: Any = self.item.config.pluginmanager.get_plugin("capturemanager")

        def end() -> None:
            # Not the hook: the test itself has been torn down, and a plugin may do that once only.
            self.item.session._setupstate.teardown_exact(nextitem)

        def run(_: Any) -> None:
            with capture.item_capture("teardown", self.item) if capture is not None else nullcontext():
                call = pytest.CallInfo[None].from_call(end, when="teardown", reraise=(pytest.exit.Exception,))
            report = self.item.ihook.pytest_runtest_makereport(item=self.item, call=call)
            self.reports += [report] if report.failed else []

        self.run = run
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=nextitem)

    def _run_itself(self, nextitem: Any) -> None:
        self.reports = self._runner.runtestprotocol(self.item, log=False, nextitem=nextitem)

    # Exploring

    def has_passed(self) -> bool:
        """Return whether its own run has passed, so that it can be explored; note a test that has not."""
        outcomes = {"xfail" if hasattr(report, "wasxfail") else report.outcome for report in self.reports}
        if self._session is not None and outcomes & {"xfail", "failed"} and "skipped" not in outcomes:
            fails = "it is expected to fail" if "xfail" in outcomes else "it fails"
            self.leave_out(_EXPLORES if self._session.explored else fails)
        return outcomes == {"passed"}

    def leave_out(self, why: str) -> None:
        """Note that the test is not explored."""
        if self._options.only is None:
            self._results.tests[self.item.nodeid] = {"test": self.item.nodeid, "left_out": why}

    def explore(self) -> None:
        """Explore the test; what goes wrong meanwhile, a bug of ours too, is a failure of the test."""
        session = self._session
        if session is None and not self._options.own:
            return
        if self._alone and session is not None and session.explored:
            return  # it has run the case itself
        try:
            error = self._found()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as bug:  # noqa: BLE001 - pytest would end the session
            error = bug
        reported = self._alone and error is self._error  # as the error of the test itself
        if error is not None and not reported:
            self._fail(error)
        if self._alone:
            notes = getattr(self._error, "__notes__", ())
            self.reports[-2].sections += [("Aurous exploration", note) for note in notes]

    def _found(self) -> BaseException | None:
        """Explore the test, and note what was found; return why the test fails, or None."""
        test, fails, error = self.item.nodeid, self._options.fails or self._alone, None
        try:
            exploration = self._explored()
        except LeftOut as why:
            self.leave_out(text := f"{why}{self._wider_fixtures() if why.leaks else ''}")
            who = "--aurous-explore-only: the test" if self._alone else "The test"
            error = AurousError(f"{who} cannot be explored: {text}\n{_PAGE}")
            return error if self._alone or (fails and not why.harmless) else None
        except OwnError:
            raise
        except AurousExplorationError as found:
            exploration, error = found.exploration, found
        except AurousError as found:  # `known` names a case that there is not
            self.leave_out(str(found))
            return found if fails else None
        if self._alone:
            return error
        result = self._results.tests[test] = {
            "test": test,
            "fails": fails,
            "left_out": None,
            "failed": error is not None,
            **count(exploration, self._options.may_raise),
            "not_run": exploration.not_run,
            "remarks": exploration.unexpected if error is None else (),
            "known": about_known(exploration),
            "more": str(error or "").replace(brief(exploration), "").strip(),
            "findings": findings_of(exploration, test),
            "data": exploration.json(),
        }
        self._results.note(test, exploration)
        self._results.used |= {id(one.cached_result): test for one in self._kept().values()}
        cast("Session", self._session).explorations.append(exploration)
        return (error or self._results.baseline.unknown(result)) if fails else None

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
        """Return the fixtures of the test, other than those of installed plugins, that are not new in each run."""
        plugins = [plugin.__name__ for plugin, _ in self.item.config.pluginmanager.list_plugin_distinfo()]
        tools = {"_pytest", *(name.partition(".")[0] for name in plugins)}
        found = {name: definitions[-1] for name, definitions in self.item._fixtureinfo.name2fixturedefs.items()}
        return {
            name: one
            for name, one in found.items()
            if one.scope != "function" and one.func.__module__.partition(".")[0] not in tools
        }

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
            raise LeftOut(_NO_FAKE, harmless=not self._options.own)
        if session.served:
            raise LeftOut("it uses a server, and a request in another thread or process cannot be broken off")
        if session.explored:
            raise LeftOut(_EXPLORES, harmless=True)
        if self.logged:
            raise LeftOut("it has subtests, which report what happens in each run")
        self._stage = FreshFake(session.handle)
        explorer = Explorer(self._stage, self._options, again_with(self.item), traced=session.traced)
        self.run = lambda _: isolated(self._run_again)
        self.item.stash[REPEATED] = False
        try:
            return complete(explorer.explore(self._make))
        finally:
            del self.item.stash[REPEATED]

    async def _make(self, attempt: RunAttempt) -> Outcome:
        """Make one run, with the whole protocol of the test."""
        self.attempt = attempt
        self._used, self._error = False, None
        self.item.stash[REPEATED] = self.reported
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=self.item.parent)
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
            self._phase("teardown", nextitem=item.parent)
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


def again_with(item: pytest.Item) -> str:
    """Return the command that runs one case of a test, with ``<case>`` for its slug."""
    return rerun_command(item, f"--aurous-explore-only={CASE}")
