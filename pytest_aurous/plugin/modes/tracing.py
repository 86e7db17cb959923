"""Write a trace for each failed test, and an index of all of them. A trace that fails never hides a test's result.

Registered only if an option asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ..._core.base.errors import see
from ..._core.base.files import write_whole
from ..._core.base.redaction import SECRET, redacted
from ..._core.wire.har import file_name
from ..._explore.suite import matrix
from ..._fake.session import Session
from ..._trace.data import trace
from ..._trace.page import page
from ..._trace.recorder import Recorder
from ..options import run_option, trace_folders
from ..outcome import record_unwritten
from ..sections import rerun_command
from ..stash import REPEATED, RUNNING, Mode, start_mode

_PAGE: Final = see("how-to/trace.html")


class _Traced(NamedTuple):
    item: pytest.Item
    recorder: Recorder
    session: Session
    reports: list[pytest.TestReport]


def start(config: pytest.Config) -> None:
    start_mode(config, "tracing", Traces(config))


class Traces(Mode):
    """Records each test that has a fake, and writes what it has recorded when the test and its exploration end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._pages, self._data = trace_folders(config)
        self._home = config.invocation_params.dir  # of relative paths: a test may leave another one behind
        self._keeps_all = run_option(config, "trace-keep") == "all"
        self._traced: _Traced | None = None
        self._rows: dict[str, dict[str, Any]] = {}  # of the index, by file
        self._index: Path | None = None

    @contextmanager
    def using(self, item: pytest.Item, session: Session) -> Generator[None, None, None]:
        """Record a test as long as it has its fake, unless it is repeated without a report."""
        if not item.stash.get(REPEATED, True):
            yield
            return
        session.traced = True
        recorder = Recorder(session.handle)
        self._traced = _Traced(item, recorder, session, [])
        yield
        recorder.stop()

    def put_away(self) -> Callable[[], None]:
        traced, self._traced = self._traced, None

        def go_on() -> None:
            self._traced = traced

        return go_on

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of one phase of the test; pytest-html gets a link to the page."""
        if self._traced is None or (RUNNING in self._traced.item.stash and not report.failed):
            return  # a subtest, whose test has not ended
        self._traced.reports.append(report)
        if self._pages is not None and (report.failed or (report.when == "call" and self._keeps_all)):
            extras: list[Any] = getattr(report, "extras", [])
            url = self._link(self._home / self._pages / f"{_name(self._traced.item)}.html")
            link = {"name": "trace", "format_type": "url", "content": url, "mime_type": None, "extension": None}
            report.extras = [*extras, link]  # type: ignore[attr-defined]  # of pytest-html

    def pytest_runtest_logfinish(self) -> None:
        traced, self._traced = self._traced, None
        if traced is not None and (self._keeps_all or any(report.failed for report in traced.reports)):
            try:
                self._write(traced)
            except Exception as error:  # noqa: BLE001 - a trace that cannot be written costs no test its result
                folders = " and ".join(str(one) for one in dict.fromkeys((self._pages, self._data)) if one is not None)
                record_unwritten(self._config, f"The trace of {traced.item.nodeid}", folders, error, _PAGE)

    def found(self) -> dict[str, Any]:
        return self._rows

    def add(self, found: dict[str, Any]) -> None:
        self._rows |= found

    def finish(self) -> None:
        if self._pages is not None:
            rows = sorted(self._rows.values(), key=lambda row: str(row["test"]))
            try:
                html = page({"version": 1, "index": rows}, "Traces")
                self._save(self._pages, "index.html", html)
                self._index = self._pages / "index.html"
            except Exception as error:  # noqa: BLE001 - an index that cannot be written costs no result
                record_unwritten(self._config, "The index of the traces", self._pages, error, _PAGE)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._rows and self._index is not None:
            count = len(self._rows)
            terminalreporter.write_sep("-", f"aurous: {count} trace{'s' * (count > 1)}, listed in {self._index}")

    def _write(self, traced: _Traced) -> None:
        item, recorder, session, reports = traced
        failed = [report for report in reports if report.failed]
        test = {
            "id": item.nodeid,
            "outcome": _outcome(reports),
            "phase": ", ".join(str(report.when) for report in failed) or None,
            "message": "\n".join(_message(report) for report in failed) or None,
            "duration": round(sum(report.duration for report in reports), 3),
            "again": rerun_command(item),
        }
        data = trace(recorder, test, matrix(session.explorations))
        name = _name(item)
        if self._pages is not None:
            file = f"{name}.html"
            self._save(self._pages, file, page(data, data["test"]["id"]))
            self._rows[file] = _row(file, data)
        if self._data is not None:
            self._save(self._data, f"{name}.json", json.dumps(data, indent=1))

    def _save(self, folder: Path, name: str, text: str) -> None:
        there = self._home / folder
        there.mkdir(parents=True, exist_ok=True)
        write_whole(there / name, text)

    def _link(self, file: Path) -> str:
        """Return the address of a page, as a report of pytest-html has to write it."""
        report = self._home / (getattr(self._config.option, "htmlpath", None) or "report.html")
        try:
            return os.path.relpath(file, report.parent)
        except ValueError:  # pragma: no cover - on another drive of Windows
            return os.fspath(file)


def _name(item: pytest.Item) -> str:
    return file_name(item.nodeid, secret=SECRET)


def _outcome(reports: list[pytest.TestReport]) -> str:
    """Return the outcome of a test in the words of pytest."""
    for report in sorted(reports, key=lambda report: not report.failed):
        if hasattr(report, "wasxfail"):
            return "xpassed" if report.passed else "xfailed"
        if not report.passed:
            return report.outcome
    return "passed"


def _message(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return redacted(str(getattr(crash, "message", None) or report.longrepr), SECRET)[:2000]


def _row(file: str, data: dict[str, Any]) -> dict[str, Any]:
    test = data["test"]
    calls = [step for step in data["steps"] if step["kind"] == "call"]
    cases = data.get("exploration", {}).get("cases", {}).values()
    return {
        "file": file,
        "test": test["id"],
        "outcome": test["outcome"],
        "duration": test["duration"],
        "clock": round(data["ended"] - data["began"], 3),
        "calls": len(calls),
        "credits": data["credits"],
        "pitfalls": sum(len(call["pitfalls"]) for call in calls),
        "error": (test["message"] or "").partition("\n")[0],
        "cases": len(cases),
        "breaking": sum(bool(case["broken"]) for case in cases),
        "findings": data.get("exploration", {}).get("findings", []),
    }
