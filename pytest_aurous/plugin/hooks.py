"""The pytest hooks: options, markers, the verdict on what the code under test sent, and the report of it."""

from __future__ import annotations

import json
import linecache
import os
import sys
import warnings
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from .._frames import INTERCEPTED, NOT_INTERCEPTED, callers, package_of
from .._handle.environment import ENVIRONMENT
from .._redaction import protecting, redacted, shown
from .._world.settings import ROWS
from ..errors import AurousError, AurousNetworkBlocked, AurousPitfallWarning, AurousWarning
from .fixtures import (
    COVERAGE,
    CURRENT,
    FAKE,
    SEED,
)
from .guard import NetworkGuard
from .options import (
    IDLE,
    WRONG,
    add_options,
    add_reports,
    check_markers,
    configured,
    early_network,
    header,
    idle_marker,
    settings_for,
)
from .sections import TITLE, Painter, again, guarded, record_warning, show, show_left_out, without_keys

__all__ = (
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_fixture_setup",
    "pytest_report_header",
    "pytest_runtest_call",
    "pytest_runtest_logfinish",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "pytest_warning_recorded",
)

_RUNNING: Final = pytest.StashKey[bool]()
_GUARD: Final = pytest.StashKey[NetworkGuard]()
_REFUSED: Final = pytest.StashKey[list[AurousNetworkBlocked]]()
_MOCKER: Final = "pytest_aurous._httpx.mocker"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the settings, and guard the network: pytest calls this first of all, as soon as it has the plugin."""
    add_options(parser)
    add_reports(parser)
    config: Any = pluginmanager.get_plugin("pytestconfig")
    # `RaisesGroup` came with pytest 8.4.
    expecting = filter(None, [type(pytest.raises(AurousError)), getattr(pytest, "RaisesGroup", None)])
    guard = NetworkGuard(lambda: early_network(parser, config) == "allow", expecting, inner=_inside_another_run())
    config.stash[_GUARD] = guard
    config.add_cleanup(guard.finish)
    guard.start()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and read the settings while a mistake can still be told plainly."""
    config.addinivalue_line(
        "markers",
        f"aurous({', '.join(f'{name}=...' for name in ROWS)}): "
        "settings of the `aurous` fixture for this test, class or module; merged from the outside in. "
        "Example: aurous(script='synthesizing*3 -> reviewing', credits=50). "
        "`pytest --help` says what each is, as --aurous-....",
    )
    allowed = configured(config).get("network") == "allow"
    config.stash[_GUARD].allowed = lambda: allowed
    secret = ExitStack()
    secret.enter_context(protecting(os.environ.get("AUROUS_API_KEY")))
    config.add_cleanup(secret.close)
    config.pluginmanager.register(Painter(config), "aurous-painter")
    if config.option.aurous_coverage or config.option.aurous_coverage_json:
        from .._report.coverage import Coverage
        from .._resources.catalog import CATALOG

        config.stash[COVERAGE] = Coverage(CATALOG.by_operation)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which settings differ from their defaults, and where that was said."""
    return header(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a wrong marker before anything runs."""
    check_markers(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Tell the fixtures which test runs, and the guard whose connections come now."""
    guard, everywhere = item.config.stash[_GUARD], configured(item.config)
    settings = everywhere if WRONG in item.stash else settings_for(item)
    item.config.stash[CURRENT] = item, settings
    guard.enter(item.nodeid, allowed=settings.get("network") == "allow")
    guard.explain = _beside
    try:
        return (yield)
    finally:
        guard.leave()
        guard.explain = str


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Refuse a wrong marker where collection could not, and warn of one that nothing has read."""
    if WRONG in item.stash:
        raise item.stash[WRONG]
    result = yield
    if IDLE in item.stash and SEED not in item.stash:
        warnings.warn(AurousWarning(idle_marker(item)), stacklevel=1)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Note that a thread which a fixture of a wider scope starts, such as a server, works for no single test."""
    if fixturedef.scope == "function":
        return (yield)
    with request.config.stash[_GUARD].for_nobody():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give the verdict in the call phase: one FAILED, however the client swallowed the answer."""
    if _MOCKER in sys.modules:
        sys.modules[_MOCKER].AurousMocker.start()  # a fixture may have put itself before us
    item.stash[_RUNNING] = True
    guard = item.config.stash[_GUARD]
    try:
        result = yield
    except BaseException as error:
        guard.accept(error)
        raise
    finally:
        del item.stash[_RUNNING]
        item.stash[_REFUSED] = guard.held()
    if item.stash[_REFUSED]:
        raise _as_failure(item.stash[_REFUSED][0]) from None
    if FAKE in item.stash:
        try:
            item.stash[FAKE]._verdict.judge()
        except (AurousError, AurousPitfallWarning) as error:
            raise _as_failure(error) from None
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Warn of what was held back too late to fail the test that did it."""
    try:
        return (yield)
    except BaseException as error:
        item.config.stash[_GUARD].accept(error)
        raise
    finally:
        _warn_of_untold(item.config)


def pytest_runtest_logfinish() -> None:
    """Take our variables out of the environment, where a patch that was undone after the fake has put them back."""
    ENVIRONMENT.settle()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Likewise, after the last test; and hand on what the suite has met."""
    config = session.config
    _warn_of_untold(config)
    if COVERAGE in config.stash:
        coverage = config.stash[COVERAGE]
        output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        if output is not None:  # a process of pytest-xdist tells the one that reports
            output["aurous_coverage"] = coverage.dump()
        elif config.option.aurous_coverage_json:
            file = Path(config.option.aurous_coverage_json)
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(coverage.json(), indent=2), encoding="utf-8")
            except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
                record_warning(config, f"The coverage could not be written to {file}: {shown(error)}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a process of pytest-xdist has met; one that crashed tells nothing."""
    if COVERAGE in node.config.stash:
        node.config.stash[COVERAGE].merge(getattr(node, "workeroutput", {}).get("aurous_coverage", []))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the timeline of a failed test, whoever failed it; a test that ended otherwise has its verdict too."""
    report = yield
    _add_timeline(item, call, report)
    calls = item.stash[FAKE].calls if report.failed and FAKE in item.stash else ()
    without_keys(report, [f"{one.url} {one.request.headers.multi_items()} {one.content!r}" for one in calls])
    return report


def _add_timeline(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    if _RUNNING in item.stash:  # a subtest: its test has not ended
        return
    _judge_refusals(item, call, report)
    if report.failed and FAKE in item.stash and item.config.option.aurous_har:
        from .._report.har import write_har

        folder = Path(item.config.option.aurous_har)
        try:
            write_har(folder, item.nodeid, item.stash[FAKE].calls)
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            why = f"The HAR file of {item.nodeid} could not be written to {folder}: {shown(error)}"
            record_warning(item.config, why)
    if (call.when == "call" or report.failed) and FAKE in item.stash:
        fake = item.stash[FAKE]
        fake._verdict.hear()
        wanted = fake._settings.report
        if wanted == "all" or (wanted == "failed" and report.failed):
            told = call.excinfo is not None and isinstance(call.excinfo.value, AurousError)
            show(report, guarded(TITLE, lambda: fake._verdict.timeline(again(item), problems=not told)))


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Redact the line of source that the summary shows with a warning."""
    if warning_message.line is None:
        line = linecache.getline(warning_message.filename, warning_message.lineno)
        if redacted(line) != line:
            warning_message.line = redacted(line)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the timelines that ``--tb`` leaves out, and what the suite has met."""
    _warn_of_untold(config)
    config.stash[_GUARD].loud()
    show_left_out(terminalreporter, config.option.tbstyle)
    if COVERAGE in config.stash and config.option.aurous_coverage:
        coverage = config.stash[COVERAGE]
        terminalreporter.section(coverage.title())
        full = config.get_verbosity() > 0
        terminalreporter.write_line(guarded("Aurous coverage", lambda: coverage.table(full=full)))


def _beside() -> str:
    """Return why a connection went past the fake: no fake stands in for its client, or something is before it."""
    client = _other_client()
    server = (
        f"this connection was made by {client}. Use the fixture aurous_server: it serves the same fake over HTTP, and "
        "AUROUS_BASE_URL leads to it. Where the code has a base URL of its own, give it aurous_server.url.\n"
    )
    mocker = getattr(sys.modules.get(_MOCKER), "AurousMocker", None)
    if mocker is None or not mocker.routers:
        return f"There is no fake here, and one would intercept only httpx and httpx2; {server}" if client else ""
    if client:
        return f"The fake stands, but intercepts only clients of httpx and httpx2; {server}"
    before = mocker.in_front()
    if before:
        return (
            f"The fake stands, but {', '.join(before)} has put itself before it. Start that before the fake, "
            "or enter the fake once more inside: `with ..., aurous:`.\n"
        )
    return (
        "The fake stands, but intercepts only clients of httpx and httpx2 with transports of their own; this "
        "connection was made in another way. Give an httpx client aurous.transport. For any other client, use the "
        "fixture aurous_server, and its url.\n"
    )


def _other_client() -> str:
    """Return the HTTP client that connects in this thread, if the fake does not intercept it."""
    packages = [package_of(frame) for frame in callers(sys._getframe())]
    if not INTERCEPTED.isdisjoint(packages):
        return ""
    return next((package for package in reversed(packages) if package in NOT_INTERCEPTED), "")  # not requests' urllib3


def _inside_another_run() -> bool:
    """Whether pytest runs further up in this thread already, as with `pytester.runpytest_inprocess`."""
    return any(
        frame.f_code.co_name == "wrap_session" and frame.f_globals.get("__name__") == "_pytest.main"
        for frame in callers(sys._getframe())
    )


def _judge_refusals(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Fail a test that was refused a connection and did not expect it, even as a skip or an expected failure."""
    guard = item.config.stash[_GUARD]
    error: BaseException | None = getattr(call.excinfo, "value", None)
    if error is not None:
        guard.accept(error)
    refused = item.stash.get(_REFUSED, list[AurousNetworkBlocked]())
    if call.when == "setup" and error is not None:
        refused = guard.held()
    if not refused or call.when == "teardown":
        return
    if not report.failed:
        failure = _as_failure(refused[0])
        with suppress(type(failure)):
            raise failure
        report.outcome = "failed"
        report.longrepr = item.repr_failure(pytest.ExceptionInfo[BaseException].from_exception(failure))
        vars(report).pop("wasxfail", None)
    elif not isinstance(error, AurousNetworkBlocked):
        report.sections.append(("Aurous network guard", "\n\n".join(map(str, refused))))


def _warn_of_untold(config: pytest.Config) -> None:
    """Show what fails no test as warnings; under `-W error` too, since the test that runs now has not caused them."""
    if config.pluginmanager.is_blocked("warnings"):
        return  # the guard writes them to stderr when the run ends
    for text in config.stash[_GUARD].untold():
        warning = AurousWarning(text)
        try:
            config.issue_config_time_warning(warning, stacklevel=2)
        except AurousWarning:
            record = warnings.WarningMessage(warning, AurousWarning, __file__, 0)
            config.hook.pytest_warning_recorded.call_historic(
                kwargs={"warning_message": record, "when": "config", "nodeid": "", "location": None}
            )


def _as_failure(error: Exception) -> BaseException:
    """Return *error*, of its own type still, as what `pytest.fail` raises: the message without a trace of our hooks."""
    kind: Any = type("Failed", (pytest.fail.Exception, type(error)), {"__module__": "builtins"})
    failure: BaseException = kind(f"{type(error).__name__}: {error}", pytrace=False)
    return failure
