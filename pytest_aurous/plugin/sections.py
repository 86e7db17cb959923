"""The timeline as a section of pytest's reports: wherever a failure goes, and in colour on a terminal."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final, cast

import pytest

from .._redaction import keys_in, protecting, redacted, shown
from ..errors import AurousWarning
from .fixtures import SEED

__all__ = ("TITLE", "Painter", "again", "guarded", "record_warning", "show", "show_left_out", "without_keys")

TITLE: Final = "Aurous timeline"


class Painter:
    """Colours the timelines when every other reader of the report has had it plain."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Colour, for a terminal that shows colours."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if getattr(reporter, "hasmarkup", False) and any(title == TITLE for title, *_ in _sections(report)):
            from .._report.timeline import coloured

            for sections in (report.sections, getattr(report.longrepr, "sections", [])):
                sections[:] = [(one[0], coloured(one[1]), *one[2:]) if one[0] == TITLE else one for one in sections]


def guarded(what: str, write: Callable[[], str]) -> str:
    """Return the text that *write* makes; where that fails, one line that says so: a report never costs a result."""
    try:
        return write()
    except Exception as error:  # noqa: BLE001 - whatever the test's own objects do
        return f"{what}: could not be written: {shown(error)}"


def without_keys(report: pytest.TestReport, sent: Iterable[str]) -> None:
    """Redact the whole report in place: the trace shows source lines and values of the test, the sections its output.

    Where pytest has shortened a value, only a part of a key is left, so the keys must be known from elsewhere.
    Lone surrogates are escaped, as pytest-xdist can send none.

    Args:
        report: The report.
        sent: Texts that may have keys, such as the requests of the test.
    """
    with ExitStack() as stack:
        texts = (*sent, *_texts(report.longrepr), *_texts(report.sections))
        for key in set[str]().union(*map(keys_in, texts)):
            stack.enter_context(protecting(key))
        report.sections[:] = [tuple(map(_clean, section)) for section in report.sections]
        report.longrepr = _clean(report.longrepr)


def _texts(value: Any) -> Iterator[str]:
    """Return all texts of a part of a report."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in cast("Sequence[Any]", value):
            yield from _texts(one)
    elif type(cast("object", value)).__module__.startswith("_pytest._code"):
        yield from _texts(list(vars(cast("object", value)).values()))


def _clean(value: Any) -> Any:
    """Return a part of a report without keys; objects of pytest are changed in place."""
    if isinstance(value, str):
        return redacted(value).encode(errors="backslashreplace").decode()
    if isinstance(value, (list, tuple)):
        items = [_clean(one) for one in cast("Sequence[Any]", value)]
        return items if isinstance(value, list) else tuple(items)
    if type(cast("object", value)).__module__.startswith("_pytest._code"):
        for name, part in vars(cast("object", value)).items():
            setattr(value, name, _clean(part))
    return value


def record_warning(config: pytest.Config, text: str) -> None:
    """List a warning in the summary at the end; no filter makes it an error, which would end the session."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(AurousWarning(text), stacklevel=2)
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={"warning_message": caught[0], "when": "runtest", "nodeid": "", "location": None}
    )


def show(report: pytest.TestReport, text: str) -> None:
    """Add the timeline to the report of a failure itself, which goes wherever a failure goes: to JUnit files, too."""
    if report.failed and hasattr(report.longrepr, "addsection"):
        cast("Any", report.longrepr).addsection(TITLE, text)
    else:
        report.sections.append((TITLE, text))


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
            if title == TITLE:
                reporter.section(f"{TITLE}: {report.nodeid}", sep="-")
                reporter.write_line(text)
