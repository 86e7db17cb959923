"""What a run shows or writes on request: the coverage of outcomes, and HAR files. No export costs a test its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .._redaction import shown
from .outcome import record_warning
from .sections import guarded
from .stash import COVERAGE, FAKE

if TYPE_CHECKING:
    import pytest

__all__ = ("export_har", "finish_coverage", "merge_coverage", "show_coverage", "start_coverage")

_OUTPUT: Final = "aurous_coverage"


def start_coverage(config: pytest.Config) -> None:
    """Count outcomes, if an option asks for it."""
    if config.option.aurous_coverage or config.option.aurous_coverage_json:
        from .._report.coverage import Coverage
        from .._resources.catalog import CATALOG

        config.stash[COVERAGE] = Coverage(CATALOG.by_operation)


def finish_coverage(config: pytest.Config) -> None:
    """Send the counts of an xdist worker to its controller; elsewhere write the JSON file."""
    if COVERAGE not in config.stash:
        return
    coverage = config.stash[COVERAGE]
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = coverage.dump()
    elif config.option.aurous_coverage_json:
        file = Path(config.option.aurous_coverage_json)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(coverage.json(), indent=2), encoding="utf-8")
        except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
            record_warning(config, f"The coverage could not be written to {file}: {shown(error)}")


def merge_coverage(node: Any) -> None:
    """Add the counts of an xdist worker; a worker that crashed sends none."""
    if COVERAGE in node.config.stash:
        node.config.stash[COVERAGE].merge(getattr(node, "workeroutput", {}).get(_OUTPUT, {}))


def show_coverage(reporter: Any, config: pytest.Config) -> None:
    """Print the table of outcomes; ``-v`` shows all."""
    if COVERAGE in config.stash and config.option.aurous_coverage:
        coverage = config.stash[COVERAGE]
        reporter.section(coverage.title())
        full = config.get_verbosity() > 0
        reporter.write_line(guarded("Aurous coverage", lambda: coverage.table(full=full)))


def export_har(item: pytest.Item) -> None:
    """Write the calls of a failed test as a HAR file, if the option asks for it."""
    if FAKE not in item.stash or not item.config.option.aurous_har:
        return
    from .._report.har import write_har

    folder = Path(item.config.option.aurous_har)
    try:
        write_har(folder, item.nodeid, item.stash[FAKE].calls)
    except Exception as error:  # noqa: BLE001 - a file that cannot be written costs no result
        why = f"The HAR file of {item.nodeid} could not be written to {folder}: {shown(error)}"
        record_warning(item.config, why)
