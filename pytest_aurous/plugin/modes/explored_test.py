"""One test that is explored: its own run, its runs on bad days, and what came of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import pytest

from ..._core.base.chains import isolated
from ..._core.base.errors import AurousError, see
from ..._explore.suite import CASE, LeftOut, Options, SuiteTest
from ..options import run_option
from ..outcome import fail_report
from ..sections import rerun_command
from ..stash import REPEATED
from .har import export_har

if TYPE_CHECKING:
    from .explored_results import SuiteResults

_PAGE: Final = see("how-to/explore-a-suite.html")

PLAN: Final[pytest.StashKey[Options]] = pytest.StashKey()
TEST: Final[pytest.StashKey[ExploredTest]] = pytest.StashKey()
"""Present while a test that is to be explored runs, for the first time and again."""


class ExploredTest:
    """One test, and its runs.

    Attributes:
        put_away: What brings back what belongs to the test, while others run.
        run: Makes the present run, inside the protocol.
    """

    def __init__(self, item: pytest.Function, options: Options, results: SuiteResults) -> None:
        self.item: Any = item
        _, line, _ = item.location  # counted from 0
        self.explorer: SuiteTest = SuiteTest(results.suite, item.nodeid, (line or 0) + 1, options, again_with(item))
        self.reports: list[pytest.TestReport] = []
        self.put_away: list[Callable[[], object]] = []
        self.run: Callable[[Any], None] = self._run_itself
        self._runner: Any = item.config.pluginmanager.get_plugin("runner")  # of pytest, which has no public name
        self._options = options
        self._function = item.obj if item.cls is None else None
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
        if self.explorer.session is not None and outcomes & {"xfail", "failed"} and "skipped" not in outcomes:
            self.explorer.leave_out("it is expected to fail" if "xfail" in outcomes else "it fails")
        return outcomes == {"passed"}

    def explore(self) -> None:
        """Explore the test; what goes wrong meanwhile, a bug of ours too, is a failure of the test."""
        session, alone = self.explorer.session, self._options.alone
        if session is None and not self._options.own:
            return
        if alone and session is not None and session.explored:
            return  # it has run the case itself
        try:
            error = self._found()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as bug:  # noqa: BLE001 - pytest would end the session
            error = bug
        reported = alone and error is self._error  # as the error of the test itself
        if error is not None and not reported:
            self._fail(error)
        if alone:
            notes = getattr(self._error, "__notes__", ())
            self.reports[-2].sections += [("Aurous exploration", note) for note in notes]

    def _found(self) -> BaseException | None:
        self.run = lambda _: isolated(self._run_again)
        self.item.stash[REPEATED] = False
        try:
            return self.explorer.explore(self._run)
        except LeftOut as why:
            self.explorer.leave_out(str(why))
            who = "--aurous-explore-only: the test" if self._options.alone else "The test"
            fails = self._options.alone or (self._options.fails and not why.harmless)
            return AurousError(f"{who} cannot be explored: {why}\n{_PAGE}") if fails else None
        finally:
            del self.item.stash[REPEATED]

    def _fail(self, error: BaseException) -> None:
        """Let the body of the test fail; only an error that explains itself has no traceback."""
        failure = error
        if isinstance(error, AurousError):
            failure = pytest.fail.Exception(f"{type(error).__name__}: {error}", pytrace=False)
            failure.__suppress_context__ = True  # it would say the same once more
        fail_report(self.item, self.reports[1], failure)
        if (session := self.explorer.session) is not None and run_option(self.item.config, "har"):
            export_har(self.item, session)

    def _run(self) -> BaseException | None:
        """Make one run, with the whole protocol of the test, and return what that has raised."""
        self._error = None
        self.item.stash[REPEATED] = self.explorer.reported
        self.item.config.hook.pytest_runtest_protocol(item=self.item, nextitem=self.item.parent)
        return self._error

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
        if self.explorer.reported:
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
        if self.explorer.reported:
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
    return rerun_command(item, f"--aurous-explore-only={CASE}")
