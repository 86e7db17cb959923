"""The output of a run: timelines, and reports without API keys. What cannot be written costs no test its result."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from textwrap import TextWrapper
from typing import Any, Final, cast

import pytest

from .._core.base.errors import AurousError, AurousExplorationError
from .._core.base.redaction import keys_in, protecting, redacted, shown
from .stash import FAKE, SEED

_TITLE: Final = "Aurous timeline"
_LEFT: Final = "The requests of the undisturbed run: aurous.{}() leaves the fake as it was then."
NARROWEST: Final = 60
"""Columns of a text in a narrower terminal, too: wrapped to a few words a line, nobody reads it."""
# What can be copied, a case of an exploration with its outcome, and rows of tables.
_WHOLE: Final = r" *(again: |Read on: |\S+#\d+ +[-.\w]( |$)|( +\d+){6}  \S|[| ]+\w+$)"


class Painter:
    """The last touches: colors, after every other plugin has read the plain report, and no keys in its file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not (report.sections or report.longrepr):
            return
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        for sections in (report.sections, getattr(report.longrepr, "sections", [])):
            sections[:] = [(one[0], self._shown(*one[:2]), *one[2:]) for one in sections]

    def _shown(self, title: str, text: str) -> str:
        """Return a section as this terminal shows it, if it is one of the plugin."""
        if not title.startswith("Aurous "):
            return text
        from .._report.timeline import colored

        text = fitted(text, self._config)
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        return colored(text) if reporter.hasmarkup and title == _TITLE else text

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Redact the properties of the whole suite, which the JUnit file has."""
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__name__ == "LogXML":
                plugin.global_properties[:] = _redact(plugin.global_properties)


def fitted(text: str, config: pytest.Config) -> str:
    """Return *text* as a terminal shows it: in lines that are no wider, and in characters that it has.

    What can be copied, and rows of tables, stay in one line.
    """
    writer: Any = config.get_terminal_writer()
    encoding = getattr(writer._file, "encoding", None) or "utf-8"  # pytest would escape the line breaks, too
    width = max(writer.fullwidth, NARROWEST)
    lines: list[str] = []
    for line in text.encode(encoding, "backslashreplace").decode(encoding).split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if len(line) <= width or re.match(_WHOLE, line):
            lines.append(line)
        else:
            hanging = TextWrapper(width, indent, f"{indent}  ", break_long_words=False, break_on_hyphens=False)
            lines += hanging.wrap(line.strip())
    return "\n".join(lines)


def add_timeline(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Add the timeline to the report of a test, if the setting `report` asks for it."""
    if not (call.when == "call" or report.failed):
        return
    fake = item.stash[FAKE]
    fake.verdict.mark_reported()
    setting = fake.settings.report
    error = call.excinfo.value if call.excinfo is not None else None
    explored = isinstance(error, AurousExplorationError)  # its report has the requests that count
    if setting == "all" or (setting == "failed" and report.failed and not explored):
        reported = isinstance(error, AurousError)
        text = guarded(_TITLE, lambda: fake.verdict.timeline(rerun_command(item), problems=not reported))
        text = f"{_LEFT.format(fake.left_by)}\n{text}" if fake.left_by else text
        if report.failed and hasattr(report.longrepr, "addsection"):
            cast("Any", report.longrepr).addsection(_TITLE, text)  # with the failure itself, also into JUnit files
        else:
            report.sections.append((_TITLE, text))


def show_omitted(reporter: Any, style: str) -> None:
    """Show the timelines that ``--tb=no`` omits, and ``--tb=line`` before pytest 9.2."""
    if style in ({"no"} if pytest.version_tuple >= (9, 2) else {"no", "line"}):
        for report in reporter.stats.get("failed", []):
            for title, text, *_ in (*report.sections, *getattr(report.longrepr, "sections", [])):
                if title == _TITLE:
                    reporter.section(redacted(f"{_TITLE}: {report.nodeid}"), sep="-")
                    reporter.write_line(text)


def guarded(what: str, write: Callable[[], str]) -> str:
    """Return the text of *write*; if it fails, one line that says so: a report never costs a test its result."""
    try:
        return write()
    except Exception as error:  # noqa: BLE001 - whatever the test's own objects do
        return f"{what}: could not be written: {shown(error)}"


def has_text(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether a report says more than its outcome; the reports of most tests do not."""
    return bool(
        report.longrepr or report.sections or getattr(report, "user_properties", ()) or hasattr(report, "wasxfail")
    )


def without_keys(report: pytest.TestReport | pytest.CollectReport, sent: Iterable[str]) -> None:
    """Redact API keys in the whole report: source lines and values in the traceback, and the captured output.

    Where pytest has shortened a value, only a part of a key is left, so the keys must be known from other texts.
    Such texts are those *sent*, the requests of the test. Lone surrogates are escaped: pytest-xdist cannot send them.
    """
    properties: list[tuple[str, object]] = getattr(report, "user_properties", [])
    with ExitStack() as stack:
        texts = (*sent, *_texts(report.longrepr), *_texts(report.sections))
        for key in set[str]().union(*map(keys_in, texts)):
            stack.enter_context(protecting(key))
        report.sections[:] = [tuple(map(_redact, section)) for section in report.sections]
        report.longrepr = _redact(report.longrepr)
        properties[:] = [(_redact(name), _redact(value)) for name, value in properties]
        if hasattr(report, "wasxfail"):
            vars(report)["wasxfail"] = _redact(report.wasxfail)


class Subtests:
    """Redacts what subtests are called; a run without subtests has no such plugin."""

    @classmethod
    def register(cls, config: pytest.Config) -> None:
        if not config.pluginmanager.has_plugin("aurous-subtests"):
            config.pluginmanager.register(cls(), "aurous-subtests")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Redact API keys in the message of a subtest, which nobody has seen before, and in its values."""
        context: Any = getattr(report, "context", None)
        if context is not None:
            object.__setattr__(context, "msg", _redact(context.msg))  # it is frozen, and a copy would quote the values
            context.kwargs.update({name: _redact(value) for name, value in context.kwargs.items()})


def without_keys_in_ids(calls: list[Any]) -> None:
    """Replace API keys in the ids of a parametrized test, that in the environment by the name of its variable.

    They change in *calls*, of which pytest makes the tests: afterwards, each version of pytest keeps ids elsewhere.
    """
    parts: list[str] = list(dict.fromkeys(part for call in calls for part in call._idlist))
    text = "\0".join(parts)  # as one text, so that several keys are numbered
    key = os.environ.get("AUROUS_API_KEY")
    safe = redacted(text.replace(key, "AUROUS_API_KEY") if key and redacted(key) != key else text)
    if safe == text:
        return
    # pytest writes ids in ASCII, so that they can be typed anywhere.
    names = dict(zip(parts, safe.replace("\N{HORIZONTAL ELLIPSIS}", "...").split("\0"), strict=True))
    calls[:] = [replace(call, _idlist=[names[part] for part in call._idlist]) for call in calls]


def _texts(value: Any) -> list[str]:
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    _changed(value, note)
    return found


def _redact(value: Any) -> Any:
    return _changed(value, lambda text: redacted(text).encode(errors="backslashreplace").decode())


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    """Return a part of a report with each text as *change* returns it.

    Objects of pytest are changed in place. An error of another plugin, or a dict, becomes text if that is changed.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, (list, tuple)):
        items = [_changed(one, change) for one in cast("Sequence[Any]", value)]
        return items if isinstance(value, list) else tuple(items)
    if _is_pytests(value):
        for name, part in vars(cast("object", value)).items():
            setattr(value, name, _changed(part, change))
    elif isinstance(value, dict) or hasattr(value, "toterminal"):
        text = str(cast("object", value))
        if (changed := change(text)) != text:
            return changed
    return cast("Any", value)


def _is_pytests(value: object) -> bool:
    """Whether *value* is an object in which pytest describes an error, or a part of one."""
    return type(value).__module__.startswith("_pytest.") and hasattr(value, "toterminal")


def rerun_command(item: pytest.Item, option: str = "") -> str:
    """Return the command that repeats a test with an option, by default with its seed, from where pytest was started.

    sh, PowerShell and cmd read it; where no quotes are safe in all of them, it runs the test with all parameters.
    pytest-xdist adds ``@group`` to the ids of its groups.
    """
    file, *names = item.nodeid.split("::")
    path = os.path.relpath(item.config.rootpath / file, item.config.invocation_params.dir)
    nodeid = "::".join([Path(path).as_posix(), *names])
    for mark in item.iter_markers("xdist_group"):
        for group in (*mark.args, *mark.kwargs.values()):
            nodeid = nodeid.removesuffix(f"@{group}")
    nodeid = nodeid.partition("[")[0] if re.search(r'[$`"%!\\].*\]$', nodeid) else nodeid
    quoted = nodeid if re.fullmatch(r"[\w./:@-]+", nodeid) else f'"{nodeid}"'
    return f"pytest {quoted} {option or f'--aurous-seed={item.stash[SEED]}'}"
