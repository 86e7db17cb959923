"""The timeline as a section of pytest's reports: wherever a failure goes, and in colour on a terminal."""

from __future__ import annotations

import shlex
from typing import Any, Final, cast

import pytest

from .fixtures import SEED

__all__ = ("Painter", "again", "show", "show_left_out")

_TITLE: Final = "Aurous timeline"


class Painter:
    """Colours the timelines when every other reader of the report has had it plain."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Colour, for a terminal that shows colours."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if getattr(reporter, "hasmarkup", False) and any(title == _TITLE for title, *_ in _sections(report)):
            from ._report import coloured

            for sections in (report.sections, getattr(report.longrepr, "sections", [])):
                sections[:] = [(one[0], coloured(one[1]), *one[2:]) if one[0] == _TITLE else one for one in sections]


def show(report: pytest.TestReport, text: str) -> None:
    """Add the timeline to the report of a failure itself, which goes wherever a failure goes: to JUnit files, too."""
    if report.failed and hasattr(report.longrepr, "addsection"):
        cast("Any", report.longrepr).addsection(_TITLE, text)
    else:
        report.sections.append((_TITLE, text))


def _sections(report: pytest.TestReport) -> list[tuple[str, ...]]:
    return [*report.sections, *getattr(report.longrepr, "sections", [])]


def again(item: pytest.Item) -> str:
    """Return the command that runs a test again as it was; pytest-xdist adds ``@group`` to the ids of its groups."""
    nodeid = item.nodeid
    if item.get_closest_marker("xdist_group") is not None and nodeid.endswith(tuple(_groups(item))):
        nodeid = nodeid.rpartition("@")[0]
    return f"pytest {shlex.quote(nodeid)} --aurous-seed={item.stash[SEED]}"


def _groups(item: pytest.Item) -> list[str]:
    marks = item.iter_markers("xdist_group")
    return [f"@{name}" for mark in marks for name in (*mark.args, *mark.kwargs.values())]


def show_left_out(reporter: Any, style: str) -> None:
    """Show the timelines that ``--tb=no`` leaves out, and ``--tb=line`` before pytest 9.2."""
    left_out = {"no"} if pytest.version_tuple >= (9, 2) else {"no", "line"}
    for report in reporter.stats.get("failed", []) if style in left_out else ():
        for title, text, *_ in _sections(report):
            if title == _TITLE:
                reporter.section(f"{_TITLE}: {report.nodeid}", sep="-")
                reporter.write_line(text)
