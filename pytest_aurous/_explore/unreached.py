"""Lines that never ran: which lines of the code under test no run of an exploration has reached.

`sys.monitoring`, which Python 3.12 is the first to have, tells each line once, so that later runs cost nothing.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from inspect import CO_OPTIMIZED
from itertools import groupby
from linecache import getlines
from types import CodeType
from typing import Any, Final, cast

from .._core.base.frames import SENDERS, package_of, short_path
from .._core.wire.call import Call

Reached = Mapping[str, Mapping[int, bool]]  # whether they ran; only lines of functions that started

_IDS: Final = (4, 3, 5, 2, 1, 0)
"""Of tools; the first two have no purpose, though Hypothesis takes 3. Debuggers, coverage, profilers and optimizers
look for the others."""
_EXCLUDED: Final = re.compile(r"#\s*pragma:\s*no cover\b|^\s*if (typing\.)?TYPE_CHECKING\b")
_CLAUSE: Final = re.compile(r"\s*(except|finally)\b")
_monitoring: Final = cast("Any", getattr(sys, "monitoring", None))


class Lines:
    """The lines of the code under test, and which of them ran."""

    def __init__(self) -> None:
        self._known = False
        self._under_test: set[str] = set()
        self._lines: defaultdict[str, dict[int, bool]] = defaultdict(dict[int, bool])
        self._crashed: Callable[[], bool] = bool  # which is never true
        self._before = set[tuple[str, int]]()
        self._after = set[tuple[str, int]]()
        self._late = dict[CodeType, bool]()  # whether its caller is named instead: it began after the crash

    def watching(self) -> ExitStack:
        """Watch in all threads which functions start, and which of their lines run, until the result is left."""

        def start(code: CodeType, _: int) -> Any:  # pragma: no cover - nothing traces what Python calls to trace
            # A module or the body of a class is no function.
            if code.co_flags & CO_OPTIMIZED and package_of(sys._getframe(1)) not in SENDERS:
                codes.append(code)
                self._late.setdefault(code, self._crashed() and not code.co_name.endswith("exit__"))
                for _, _, number in code.co_lines():
                    if number and number != code.co_firstlineno:  # its `def`
                        self._lines[code.co_filename].setdefault(number, False)
                with suppress(ValueError):  # a thread outlives the exploration
                    _monitoring.set_local_events(tool, code, _monitoring.events.LINE)
            return _monitoring.DISABLE

        def line(code: CodeType, number: int) -> Any:  # pragma: no cover - likewise
            self._lines[code.co_filename][number] = True
            if self._crashed():
                self._after.update([] if self._late.get(code) else [(code.co_filename, number)])
            elif not self._after:  # else the second run has begun
                self._before.add((code.co_filename, number))
            return _monitoring.DISABLE

        codes = list[CodeType]()
        with ExitStack() as undo:
            if (tool := _claim(undo)) is not None:
                for event, callback in ((_monitoring.events.PY_START, start), (_monitoring.events.LINE, line)):
                    undo.callback(_monitoring.register_callback, tool, event, None)
                    _monitoring.register_callback(tool, event, callback)
                undo.callback(lambda: [_monitoring.set_local_events(tool, code, 0) for code in codes])
                undo.callback(_monitoring.set_events, tool, 0)
                _monitoring.set_events(tool, _monitoring.events.PY_START)
                self._known = True
            return undo.pop_all()

    def sent(self, calls: Iterable[Call]) -> None:
        """Note whose code sent requests: these files are the code under test."""
        self._under_test.update(file for call in calls for file, *_ in call.stack)

    def watch_crash(self, crashed: Callable[[], bool]) -> None:
        """Watch from now on each line anew, and which of them run once the process has *crashed*."""
        self._crashed = crashed
        self._before.clear()
        self._after.clear()
        self._late.clear()
        if self._known:
            _monitoring.restart_events()

    def after_crash(self) -> str:
        """Return which lines ran after the crash; empty if none did.

        A ``with`` ran before, and an ``except``, or what a library asks, only looks whether it is meant.
        """
        lines = sorted(one for one in self._after - self._before if one[0] in self._under_test)
        texts = [(file, number, getlines(file)[number - 1 : number]) for file, number in lines]
        ran = [f"{short_path(file)}:{number}" for file, number, text in texts if not _CLAUSE.match("".join(text))]
        return f"{', '.join(ran)} ran after the crash, which a killed process does not run" if ran else ""

    def reached(self) -> Reached | None:
        return {file: self._lines[file] for file in sorted(self._under_test)} if self._known else None


def _claim(undo: ExitStack) -> int | None:
    """Return the number of a tool that is ours from now on; None if there is none."""
    for tool in _IDS if hasattr(_monitoring, "use_tool_id") else ():
        with suppress(ValueError):  # another tool has it
            _monitoring.use_tool_id(tool, "pytest-aurous")
            undo.callback(_monitoring.free_tool_id, tool)
            return tool
    return None


def unreached(reached: Reached | None) -> Mapping[str, tuple[int, ...]] | None:
    """Return the lines that did not run, without those that no test has to reach; None if that is not known."""
    if reached is None:
        return None
    left = {file: {number for number, ran in lines.items() if not ran} for file, lines in reached.items()}
    found = {file: tuple(sorted(lines.difference(_excluded(getlines(file))))) for file, lines in left.items()}
    return {file: lines for file, lines in found.items() if lines}


def never_ran(unreached: Mapping[str, tuple[int, ...]] | None) -> str:
    """Return ``never ran: agent.py:41-43, 60; shop.py:12``, or that it is not known; empty if all lines ran."""
    if unreached is None:
        return "never ran: not known, because that needs Python 3.12 and a free tool id of sys.monitoring"
    texts = [f"{short_path(file)}:{_ranges(lines)}" for file, lines in unreached.items()]
    return f"never ran: {'; '.join(texts)}" if texts else ""


def _ranges(lines: Sequence[int]) -> str:
    """Return ``41-43, 60``."""
    groups = ([line for _, line in group] for _, group in groupby(enumerate(lines), lambda item: item[1] - item[0]))
    return ", ".join(f"{group[0]}-{group[-1]}" if len(group) > 1 else f"{group[0]}" for group in groups)


def _excluded(texts: Iterable[str]) -> Iterator[int]:
    """Yield the lines with such a comment as ``pragma: no cover``, and the lines that are indented below them."""
    depth = -1
    for number, text in enumerate(texts, 1):
        indent = len(text) - len(text.lstrip())
        if 0 <= indent <= depth and text.strip():
            depth = -1
        if depth < 0 and _EXCLUDED.search(text):
            depth = indent
        if depth >= 0:
            yield number
