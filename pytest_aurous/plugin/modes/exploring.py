"""Explore a whole suite: run each test again, once for each request that it sends and each way to break it.

A run is the whole protocol of the test, so that other plugins treat it as the test: timeouts, the guard, event loops.
Its function-scoped fixtures and its instance of a class are new; fixtures of wider scopes stay.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from io import StringIO
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from ..._core.base.errors import AurousError
from ..._explore.suite import read_case
from ..options import explore_marker, explores, reads_settings, run_option
from ..stash import CURRENT, INVALID_MARKER, MODES, Mode, start_mode
from .explored_results import PAGE, SuiteResults
from .explored_test import PLAN, TEST, ExploredTest, again_with

if TYPE_CHECKING:
    from ..._explore.suite import Exploration
    from ..._fake.session import Session

_MODES: Final = ("report", "fail")


def start(config: pytest.Config) -> None:
    """Check the options, and explore tests from now on."""
    mode, only = run_option(config, "explore"), run_option(config, "explore-only")
    if mode is not None and mode not in _MODES:
        path = f" {mode!r} is a path: write --aurous-explore=report {mode}" if Path(mode).exists() else ""
        raise pytest.UsageError(f"--aurous-explore={mode}: expected report or fail.{path}\n{PAGE}")
    try:
        if only is not None:
            read_case(only)
    except AurousError as wrong:
        raise pytest.UsageError(f"--aurous-explore-only={only}: {wrong}\n{PAGE}") from None
    if explores(config):
        _refuse_reruns(config)
    if "exploring" not in config.stash[MODES]:
        results, others = SuiteResults(config), config.stash[MODES]
        mode = Exploring(config, results)
        config.stash[MODES] = {"exploring": mode, **others}  # before the others: it sets clocks back
        config.pluginmanager.register(mode, "aurous-exploring")
        config.pluginmanager.register(_Inside(mode), "aurous-exploring-runs")
        start_mode(config, "explored", results)


def _refuse_reruns(config: pytest.Config) -> None:
    if config.getoption("reruns", None):
        raise pytest.UsageError(
            "Exploring and --reruns exclude each other: exploring runs each test many times, and a test that only "
            f"passes at times has no good day to compare with. Leave one of them out.\n{PAGE}"
        )


def choose(items: list[pytest.Item]) -> None:
    """Note for each test whether and how it is explored."""
    for item in items:
        try:
            _choose(item)
        except (AurousError, pytest.UsageError) as error:  # noqa: PERF203 - once for each test, at collection
            if not hasattr(item.config, "workerinput"):
                raise pytest.UsageError(str(error)) from None
            item.stash[INVALID_MARKER] = pytest.UsageError(str(error))


def _choose(item: pytest.Item) -> None:
    mark, arguments = explore_marker(item), dict[str, Any]()
    if not isinstance(item, pytest.Function):  # such as a doctest
        return
    if mark is None:
        if not explores(item.config) or not reads_settings(item):
            return
        who, fails = "--aurous-explore", run_option(item.config, "explore") == "fail"
    elif mark.args == (False,) and not mark.kwargs:
        return
    else:
        who, fails, arguments = f"{item.nodeid}: @pytest.mark.aurous_explore", True, {**mark.kwargs}
        if mark.args:
            raise pytest.UsageError(
                f"{who} takes keywords, such as laws='pays_once', or only False; got {mark.args!r}.\n{PAGE}"
            )
        start(item.config)
        _refuse_reruns(item.config)
    mode = cast("Exploring", item.config.stash[MODES]["exploring"])
    options = mode.results.suite.options(item.nodeid, who, arguments)
    item.stash[PLAN] = replace(options, own=mark in item.own_markers, **mode.added(item, fails=fails))


def added(item: pytest.Item) -> dict[str, Any]:
    """Return what the run of pytest adds to a test that explores code itself, and what is called with the result."""
    start(item.config)
    mode = cast("Exploring", item.config.stash[MODES]["exploring"])
    spent = mode.spending()

    def done(exploration: Exploration) -> None:
        spent()
        mode.results.suite.note(item.nodeid, exploration)

    return {
        **mode.added(item, fails=True),
        "again": again_with(item),
        "printing": partial(_printing, item.config),
        "done": done,
    }


class Exploring(Mode):
    """Explores tests after all tests have run, and reports them then."""

    def __init__(self, config: pytest.Config, results: SuiteResults) -> None:
        self._config = config
        self.results: SuiteResults = results
        seconds = run_option(config, "explore-seconds")
        self._seconds: float = inf if seconds is None else seconds
        self._waiting: list[ExploredTest] = []

    def using(self, item: pytest.Item, session: Session) -> AbstractContextManager[None]:
        """Let the block be the time for which a test has its fake."""
        session.traced = "tracing" in self._config.stash[MODES]  # then each case has its views
        return item.stash[TEST].explorer.using(session) if TEST in item.stash else nullcontext()

    def added(self, item: pytest.Item, *, fails: bool) -> dict[str, Any]:
        """Return the options that the run of pytest adds to those of a test."""
        only = run_option(self._config, "explore-only")
        return {
            "only": None if only is None else read_case(only),
            "through": run_option(self._config, "explore") != "fail",
            "first": self.results.suite.broken.get(item.nodeid, ()),
            "fails": fails,
            "stop": fails and self._config.getoption("maxfail", 0) == 1,
            "time": self._share if self._seconds < inf else None,
        }

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """Let a test that is to be explored wait until all tests have run."""
        if TEST in item.stash or PLAN not in item.stash:
            return (yield)
        test = ExploredTest(cast("pytest.Function", item), item.stash[PLAN], self.results)
        with test.present():
            yield
        if test.has_passed():
            test.put_away += [mode.put_away() for mode in item.config.stash[MODES].values()]
            self._waiting.append(test)
        else:
            self._report(nextitem or self.first_waiting(None), test)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Explore the tests that wait, in their order: what that leaves behind reaches no test's own run.

        Report those that were not explored, because the run of pytest has ended before.
        """
        try:
            result = yield
            while self._waiting and not session.shouldfail and not session.shouldstop:
                test, spent = self._waiting.pop(0), self.spending()
                with test.present():
                    test.explore()
                spent()
                self._report(self.first_waiting(None), test)
            return result
        finally:
            while self._waiting:
                test = self._waiting.pop(0)
                test.explorer.leave_out("pytest stopped before its bad days were run")
                self._report(None, test, tear_down=False)

    def spending(self) -> Callable[[], None]:
        """Let the time for exploring pass from now on, until what this returns is called."""
        began = monotonic()

        def end() -> None:
            self._seconds -= monotonic() - began

        return end

    def _share(self) -> Callable[[], bool]:
        """Return what says whether the time of an exploration is over: it has as much as each test that waits."""
        end = monotonic() + self._seconds / (1 + len(self._waiting))
        return lambda: monotonic() > end

    def first_waiting(self, item: pytest.Item | None) -> Any:
        """Return what stands in for the next test: its fixtures of wider scopes stay. *item* is about to wait, too."""
        first = self._waiting[0].item if self._waiting else item
        return first and first.parent

    def _report(self, nextitem: Any, test: ExploredTest, *, tear_down: bool = True) -> None:
        """Report a test that has run before, to all plugins, and end the fixtures that *nextitem* does not need."""
        item = test.item
        with pytest.MonkeyPatch.context() as patch, test.present():
            for plugin in self._config.pluginmanager.get_plugins():
                if hasattr(plugin, "item_index"):  # of a worker of xdist: the reports belong to this test, not the last
                    patch.setattr(plugin, "item_index", item.session.items.index(item))
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            if tear_down:
                test.tear_down(nextitem)
            for report in test.reports:
                item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def pytest_runtest_logreport(self) -> None:
        """Note a report that comes while a test runs: that of a subtest."""
        if CURRENT in self._config.stash and TEST in (item := self._config.stash[CURRENT][0]).stash:
            item.stash[TEST].explorer.has_subtests = True


@contextmanager
def _printing(config: pytest.Config) -> Generator[Callable[[str], object], None, None]:
    """Drop what is printed and logged in the block, unless that calls what it gets with a title, or raises."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    logging: Any = config.pluginmanager.get_plugin("logging-plugin")
    log = logging.report_handler.stream if logging is not None else StringIO()
    before, logged = capture.read_global_capture(), log.tell()
    titles: list[str] = []
    try:
        yield lambda title: titles.append(f"-- {title} --\n")
    except BaseException:
        titles.append("")
        raise
    finally:
        since, entries = capture.read_global_capture(), log.getvalue()[logged:]
        log.seek(logged)
        log.truncate()
        streams = (sys.stdout, sys.stderr, log)
        for stream, old, new in zip(streams, (*before, ""), (*since, entries), strict=True):
            stream.write("".join([old, *(title + new for title in titles if new)]))


class _Inside:
    """Makes each run of a test that is explored, inside what other plugins do around a test."""

    def __init__(self, mode: Exploring) -> None:
        self._mode = mode

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Any) -> bool | None:
        """Make the run, without a report to other plugins; the last test leaves what the first explored one needs."""
        following = nextitem or self._mode.first_waiting(item if TEST in item.stash else None)
        if TEST in item.stash:
            item.stash[TEST].run(following)
            return True
        runner: Any = item.config.pluginmanager.get_plugin("runner")
        return runner.pytest_runtest_protocol(item, following) if nextitem is None and following is not None else None
