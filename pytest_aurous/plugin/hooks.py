"""The pytest hooks. Each one calls the module that does the work."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Generator
from functools import partial
from importlib import import_module
from traceback import format_exception
from typing import Any

import pytest

from .._core.base.chains import nothing
from .._core.base.errors import AurousError, AurousWarning
from .._core.base.frames import callers
from .._core.base.redaction import protect, protecting, redacted
from .._core.world.settings import ROWS
from .._fake.environment import ENVIRONMENT
from . import options, sections, stash
from .fixtures import Fixtures
from .guard import NetworkGuard, explain_bypass, reinstall
from .outcome import judge_refusals, judged, show_warnings
from .stash import CURRENT, EXPLORE_WITH, FAKE, GUARD, INVALID_MARKER, MODES, RUNNING, SEED, UNUSED_MARKER


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the options, register the fixtures, and guard the network.

    pytest calls this hook first, as soon as it has loaded the plugin: a plugin that comes later overrides the fixtures.
    """
    options.add_options(parser)
    config: Any = pluginmanager.get_plugin("pytestconfig")
    pluginmanager.register(Fixtures(config), "aurous-fixtures")
    # `RaisesGroup` came with pytest 8.4.
    expecting = filter(None, [type(pytest.raises(AurousError)), getattr(pytest, "RaisesGroup", None)])
    guard = NetworkGuard(lambda: options.early_network(config) == "allow", expecting, inner=_inside_another_run())
    config.stash[GUARD] = guard
    config.add_cleanup(guard.finish)
    guard.start()


# Outside of the hook that imports the conftest.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Redact API keys in the traceback of a conftest that cannot be imported."""
    try:
        return (yield)
    except Exception as error:
        text = "".join(format_exception(error.__cause__ or error))
        with protecting(os.environ.get("AUROUS_API_KEY")):
            safe = redacted(text)
        if safe == text:
            raise
        raise pytest.UsageError(safe) from None


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and read the settings while an error still ends the run with a plain message."""
    config.addinivalue_line(
        "markers",
        "aurous(script=..., credits=..., ...): settings of the fixture aurous for this test, class or module; the "
        "nearest marker wins. Example: aurous(script='synthesizing*3 -> reviewing', credits=50). "
        f"There are {', '.join(ROWS)}; pytest --help says what each does.",
    )
    config.addinivalue_line(
        "markers",
        "aurous_explore(faults=..., laws=..., may_raise=..., patience=..., known=...): run this test again, "
        "once for each way in which each of its requests can break, and fail if that breaks a law; the nearest marker "
        "wins. "
        "aurous_explore(False) excludes a test, class or module from --aurous-explore.",
    )
    allowed = options.configured(config).get("network") == "allow"  # first: it names every option that is wrong
    config.stash[GUARD].allowed = lambda: allowed
    config.stash[GUARD].stderr = stderr = os.dup(2)  # for the end of the process: pytest does not capture yet
    config.add_cleanup(partial(os.close, stderr))
    config.add_cleanup(protect(os.environ.get("AUROUS_API_KEY")))
    config.pluginmanager.register(sections.Painter(config), "aurous-painter")
    config.stash[MODES], config.stash[EXPLORE_WITH] = {}, _explore_with
    for name in options.modes(config):
        import_module(f"{__package__}.modes.{name}").start(config)


def _explore_with(item: pytest.Item) -> dict[str, Any]:
    from .modes import exploring  # most runs do not explore

    return exploring.added(item)


def pytest_report_header(config: pytest.Config) -> str | None:
    return options.header(config)


# Outside of all other hooks, as for the reports of tests.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Redact API keys in a report of collection, such as of a module that cannot be imported."""
    report = yield
    if sections.has_text(report):
        sections.without_keys(report, ())
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: Any) -> Generator[None, None, None]:
    yield
    if metafunc._calls:  # pytest has no public way
        sections.without_keys_in_ids(metafunc._calls)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse an invalid marker before any test runs, and prepare for tests to explore and for tests of Hypothesis."""
    options.check_markers(items)
    if items and (options.explores(items[0].config) or any(map(options.explore_marker, items))):
        from .modes import exploring  # most runs do not explore

        exploring.choose(items)
    if items and "hypothesis.core" in sys.modules:
        from .modes import examples  # most runs have no test of Hypothesis

        examples.start(items[0].config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Store which test runs and its settings, for the fixtures and the guard."""
    guard = item.config.stash[GUARD]
    settings = options.configured(item.config) if INVALID_MARKER in item.stash else options.settings_for(item)
    item.config.stash[CURRENT] = item, settings
    guard.enter(item.nodeid, allowed=settings.get("network") == "allow")
    guard.explain = explain_bypass
    try:
        return (yield)
    finally:
        show_warnings(item.config)  # of connections that were refused too late to fail the test that made them
        guard.leave()
        guard.explain = nothing
        ENVIRONMENT.settle()  # a patch that ended after the fake may have put our variables back


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse an invalid marker that collection could not refuse."""
    if INVALID_MARKER in item.stash:
        raise item.stash[INVALID_MARKER]


@pytest.hookimpl(trylast=True, specname="pytest_runtest_setup")
def pytest_warn_of_marker(item: pytest.Item) -> None:
    """Warn of a marker that no fixture has read."""
    if UNUSED_MARKER in item.stash and SEED not in item.stash:
        warning = AurousWarning(options.unused_marker(item))
        warnings.warn_explicit(warning, None, filename=str(item.path), lineno=(item.location[1] or 0) + 1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test in its call phase, whatever the code under test did with the response."""
    reinstall()
    return (yield from judged(item))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Warn of what came after the last test, and pass on or write what was found."""
    show_warnings(session.config)
    stash.finish_modes(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    if "aurous_exploring" in getattr(node, "workeroutput", {}):
        from .modes import exploring  # markers may have asked for it, which only the workers read

        exploring.start(node.config)
    stash.receive_found(node)


# Outside of all other hooks, so that what they add to the report is redacted, too.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the timeline to the report, and redact API keys in all of it."""
    report = yield
    if RUNNING in item.stash:  # a subtest, whose test has not ended
        sections.Subtests.register(item.config)
    else:
        judge_refusals(item, call, report)
        if FAKE in item.stash:
            sections.add_timeline(item, call, report)
    if sections.has_text(report):
        calls = item.stash[FAKE].calls if report.failed and FAKE in item.stash else ()
        sent = [f"{one.url} {one.request.headers.multi_items()} {one.content!r}" for one in calls]
        sections.without_keys(report, sent)
    return report


# Before the terminal and the JUnit file see it.
@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Redact a warning, and the line of source that the summary shows with it."""
    text = str(warning_message.message)
    if redacted(text) != text:
        warning_message.message = redacted(text)
    if warning_message.line is None:
        line = linecache.getline(warning_message.filename, warning_message.lineno)
        if redacted(line) != line:
            warning_message.line = redacted(line)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    show_warnings(config)
    config.stash[GUARD].use_stderr()
    sections.show_omitted(terminalreporter, config.option.tbstyle)


def _inside_another_run() -> bool:
    """Whether pytest already runs further up in this thread, as with `pytester.runpytest_inprocess`."""
    return any(
        frame.f_code.co_name == "wrap_session" and frame.f_globals.get("__name__") == "_pytest.main"
        for frame in callers(sys._getframe())
    )
