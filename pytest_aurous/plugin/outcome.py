"""Fail a test for its refused connections, and show problems that must not fail a test as warnings."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from .._core.base.errors import AurousError, AurousNetworkBlocked, AurousPitfallWarning, AurousWarning
from .._core.base.redaction import shown
from .stash import FAKE, GUARD, REFUSALS, REPEATED, RUNNING


def _accept_expected_failures(item: Any) -> None:
    """Treat a refusal as expected if `unittest.expectedFailure` catches it: pytest does not keep that exception."""
    add = item.__class__.addExpectedFailure  # an earlier run may have wrapped the item's own

    def accept(testcase: Any, error: Any, *reason: Any) -> None:
        item.config.stash[GUARD].accept(error[1])
        add(item, testcase, error, *reason)

    item.addExpectedFailure = accept


def judged(item: pytest.Item) -> Generator[None, Any, Any]:
    """Yield while the body of a test runs, then raise what it did wrong, as `_as_failure` returns it."""
    __tracebackhide__ = True
    guard = item.config.stash[GUARD]
    item.stash[RUNNING] = True
    if hasattr(item, "addExpectedFailure"):
        _accept_expected_failures(item)
    try:
        result = yield
    except BaseException as error:
        guard.accept(error)  # the test has its outcome
        raise
    finally:
        del item.stash[RUNNING]
        refusals = item.stash[REFUSALS] = guard.take_refusals()
    # A refused connection first: it is why a request never arrived, of which the verdict knows nothing.
    if refusals:
        raise _as_failure(refusals[0]) from None
    if FAKE in item.stash and REPEATED not in item.stash:  # else the laws judge it
        try:
            item.stash[FAKE].verdict.judge()
        except (AurousError, AurousPitfallWarning) as error:
            raise _as_failure(error) from None
    return result


def judge_refusals(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Fail a test that was refused a connection and did not expect it, even if it was skipped or failed as expected."""
    error: BaseException | None = getattr(call.excinfo, "value", None)
    refusals = item.stash.get(REFUSALS, None) if call.when == "call" else None
    if error is not None:
        guard = item.config.stash[GUARD]
        guard.accept(error)
        if call.when == "setup":
            refusals = guard.take_refusals()
    if not refusals:
        return
    if not report.failed:
        fail_report(item, report, _as_failure(refusals[0]))
    elif not isinstance(error, AurousNetworkBlocked):
        report.sections.append(("Aurous network guard", "\n\n".join(map(str, refusals))))


def fail_report(item: pytest.Item, report: pytest.TestReport, failure: BaseException) -> None:
    """Turn the report of a phase that has passed into a failure."""
    with suppress(type(failure)):
        raise failure
    report.outcome = "failed"
    report.longrepr = item.repr_failure(pytest.ExceptionInfo[BaseException].from_exception(failure))
    vars(report).pop("wasxfail", None)


def show_warnings(config: pytest.Config) -> None:
    """Issue what the guard kept as warnings; `-W error` does not make them fail the test that runs now."""
    guard = config.stash[GUARD]
    if not guard.pending or config.pluginmanager.is_blocked("warnings"):
        return  # the guard writes them to stderr when the run ends
    for text in guard.take_texts():
        try:
            config.issue_config_time_warning(AurousWarning(text), stacklevel=2)
        except AurousWarning:  # noqa: PERF203 - once for each warning of the guard
            record_warning(config, text)


def record_warning(config: pytest.Config, text: str) -> None:
    """List a warning in the summary at the end; no filter makes it an error, which would end the session."""
    message = warnings.WarningMessage(AurousWarning(text), AurousWarning, __file__, 0)
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={"warning_message": message, "when": "config", "nodeid": "", "location": None}
    )


def record_unwritten(config: pytest.Config, what: str, place: object, error: Exception, read_on: str) -> None:
    """Warn about something that the run could not write; it costs no test its result."""
    advice = f"{error.strerror or shown(error)}. Choose another place." if isinstance(error, OSError) else shown(error)
    record_warning(config, f"{what} could not be written to {place}: {advice}\n{read_on}")


def _as_failure(error: Exception) -> BaseException:
    """Return *error* as what `pytest.fail` raises, still of its own type: pytest shows the message without a trace."""
    kind: Any = type("Failed", (pytest.fail.Exception, type(error)), {"__module__": "builtins"})
    failure: BaseException = kind(f"{type(error).__name__}: {error}", pytrace=False)
    return failure
