"""Write a trace for each failed test, and an index of all of them. A trace that fails never hides a test's result."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from .._explore.result import Exploration
from .._handle.session import Session
from .._report.har import file_name
from .._trace.data import SECRET, trace
from .._trace.page import page
from .._trace.recorder import Recorder
from ..errors import shown
from .options import RECORDER, run_option
from .outcome import record_warning
from .sections import rerun_command

_OUTPUT: Final = "aurous_traces"
_ROWS: Final = pytest.StashKey[list[dict[str, Any]]]()
"""Of the config: what the index shows of each trace."""
_REPORTS: Final = pytest.StashKey[list[pytest.TestReport]]()
_EXPLORATIONS: Final = pytest.StashKey[list[Exploration]]()


def record(item: pytest.Item, session: Session) -> None:
    """Record a test from now on."""
    item.stash[RECORDER] = Recorder(session.app)
    item.stash[_EXPLORATIONS] = session.explorations
    item.stash.setdefault(_REPORTS, [])


def note(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Keep the report of one phase of the test; pytest-html gets a link to the trace."""
    item.stash[_REPORTS].append(report)
    recorder = item.stash[RECORDER]
    if call.when == "call":
        recorder.stop()  # fixtures may still send requests, which are not the test's
    if report.failed or (call.when == "call" and _keeps_all(item.config)):
        extras: list[Any] = getattr(report, "extras", [])
        link = {
            "name": "trace",
            "format_type": "url",
            "content": os.fspath(_file(item)),
            "mime_type": None,
            "extension": None,
        }
        report.extras = [*extras, link]  # type: ignore[attr-defined]  # of pytest-html


def write(item: pytest.Item) -> None:
    """Write the trace of a test, if it failed or all are kept."""
    recorder, reports, explorations = item.stash[RECORDER], item.stash[_REPORTS], item.stash[_EXPLORATIONS]
    del item.stash[RECORDER], item.stash[_REPORTS], item.stash[_EXPLORATIONS]
    failed = [report for report in reports if report.failed]
    if not failed and not _keeps_all(item.config):
        return
    file = _file(item)
    try:
        recorder.stop()
        test = {
            "id": item.nodeid,
            "outcome": "failed" if failed else reports[-1].outcome if reports else "unknown",
            "phase": ", ".join(str(report.when) for report in failed) or None,
            "message": "\n".join(_message(report) for report in failed) or None,
            "duration": round(sum(report.duration for report in reports), 3),
            "again": rerun_command(item),
        }
        data = trace(recorder, test, explorations)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(data, data["test"]["id"]), encoding="utf-8")
        if run_option(item.config, "trace-json"):
            file.with_suffix(".json").write_text(json.dumps(data, indent=1), encoding="utf-8")
        item.config.stash.setdefault(_ROWS, []).append(_row(file, data))
    except Exception as error:  # noqa: BLE001 - a trace that cannot be written costs no test its result
        why = f"The trace of {item.nodeid} could not be written to {file.parent}: {shown(error)}"
        record_warning(item.config, why)


def finish(config: pytest.Config) -> None:
    """Send the rows of an xdist worker to its controller; elsewhere write the index."""
    rows = config.stash.get(_ROWS, list[dict[str, Any]]())
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = rows
        return
    folder = Path(run_option(config, "trace"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rows = sorted(rows, key=lambda row: str(row["test"]))
        (folder / "index.html").write_text(page({"version": 1, "index": rows}, "Traces"), encoding="utf-8")
    except Exception as error:  # noqa: BLE001 - an index that cannot be written costs no result
        record_warning(config, f"The index of the traces could not be written to {folder}: {shown(error)}")


def merge(node: Any) -> None:
    """Add the rows of an xdist worker; a worker that crashed sends none."""
    rows = getattr(node, "workeroutput", {}).get(_OUTPUT, [])
    node.config.stash.setdefault(_ROWS, []).extend(rows)


def _keeps_all(config: pytest.Config) -> bool:
    return bool(run_option(config, "trace-keep") == "all")


def _file(item: pytest.Item) -> Path:
    return Path(run_option(item.config, "trace")) / f"{file_name(item.nodeid, secret=SECRET)}.html"


def _message(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", None) or report.longrepr)[:2000]


def _row(file: Path, data: dict[str, Any]) -> dict[str, Any]:
    test = data["test"]
    calls = [step for step in data["steps"] if step["kind"] == "call"]
    return {
        "file": file.name,
        "test": test["id"],
        "outcome": test["outcome"],
        "duration": test["duration"],
        "clock": round(data["ended"] - data["began"], 3),
        "calls": len(calls),
        "credits": data["credits"],
        "pitfalls": sum(len(call["pitfalls"]) for call in calls),
    }
