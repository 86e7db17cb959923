"""The result of interleaving two workers, and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Final

from ..._core.base.errors import see, shown
from ..._core.base.frames import helpers_of, shown_line
from ..._core.base.redaction import redacted, shortened
from ..._core.wire.call import Call
from ..._core.wire.lines import NARROW
from ..report.result import Case, Exploration
from ..report.text import CASE
from .oracle import Both, cause_of
from .turns import FIRST, PAGE, SECOND

LAW: Final = "serial"
"""The law of two workers: the result is as if one had run after the other."""
_CELL: Final = 43
"""Columns for each worker; with numbers and margins, 96 columns."""
_FIRST, _LAST = 30, 10
"""Show this many requests from the start and the end of a run."""


class Interleaving(Exploration):
    """An exploration whose cases are schedules."""

    def table(self) -> str:
        """Return how many schedules there are, what was found, and the remarks."""
        met = [case for case in self.cases if case.outcome != "unmet"]
        broken, unmet = len(self.broken), len(self.cases) - len(met)
        head = f"{len(met) - broken} of {len(met)} schedules give what one worker after the other gives"
        head += f"; {broken} {'does' if broken == 1 else 'do'} not" if broken else ""
        head += f"; {unmet} unmet" if unmet else ""
        head += f"; {self.not_run} or more not run" if self.not_run else ""
        found = [f"  {case.id}: {case.reasons[LAW]}" for case, *_ in self._causes()]
        lines: list[str] = []
        for text in map(redacted, [head, *found, *self.remarks]):
            lines += wrap(text, NARROW, subsequent_indent="    ", break_on_hyphens=False)
        return "\n".join(lines)

    def report(self) -> str:
        """Return what happened in the schedules that differ, one for each cause, and the table."""
        return "\n\n".join([*map(self._story, self._causes()), self.table()])

    def _causes(self) -> list[list[Case]]:
        """Return the schedules that differ, grouped by what happened."""
        groups: dict[str, list[Case]] = {}
        for case in self.broken:
            groups.setdefault(cause_of(case.reasons[LAW]), []).append(case)
        return list(groups.values())

    def _story(self, cases: Sequence[Case]) -> str:
        case, *others = cases
        lines = wrap(redacted(case.reasons[LAW]), NARROW, break_on_hyphens=False)
        lines += ["", f"  {_told(case.id)}", *(f"  {line}" for line in (case.timeline or "").split("\n"))]
        lines += [f"  again: {self.again.replace(CASE, case.id)}"] if self.again else []
        if others:
            likewise = f"likewise: {', '.join(other.id for other in others)}"
            lines += wrap(likewise, NARROW - 2, initial_indent="  ", subsequent_indent="    ", max_lines=4)
        return redacted("\n".join([*lines, f"  {see(PAGE)}"]))


def _told(schedule: str) -> str:
    """Return what happens in a schedule.

    Example:
        >>> _told("first#2")
        'first#2: the first worker waits before its request 2.'
    """
    points = [point.partition("#") for point in schedule.split(" | ")]
    told = [f"the {name} worker waits before its request {number}" for name, _, number in points if number]
    return f"{schedule}: {', then '.join(told) or f'the {schedule} worker begins, and they switch when one sleeps'}."


def timeline(both: Both) -> str:
    """Return the requests of a run in two columns, one for each worker, and what each returned or raised."""
    rows: list[tuple[str, str, str]] = [("", FIRST, SECOND)]
    counts: dict[str, int] = {FIRST: 0, SECOND: 0}
    notes: dict[int, list[str]] = {}
    helpers = helpers_of((call.stack, call.operation) for call in both.day.calls)
    for note in both.day.notes:
        if note.during:  # pragma: no branch - the clock of two workers rarely changes anything by itself
            notes.setdefault(note.number, []).append(note.text)
    for number, call in enumerate(both.day.calls, 1):
        sender = both.senders.get(call.number, FIRST)
        counts[sender] += 1
        cell = _cell(counts[sender], call, shown_line(call.stack, helpers), notes.get(call.number, []))
        for line, text in enumerate(cell):
            left, right = (text, "") if sender == FIRST else ("", text)
            rows.append((str(number) if not line else "", left, right))
    ends = {name: _end(both, name) for name in (FIRST, SECOND)}
    rows += [("", left, right) for left, right in zip_longest(*ends.values(), fillvalue="")]
    lines = [f"{number:>3}  {left:<{_CELL}}  {right}".rstrip() for number, left, right in rows]
    if len(lines) > _FIRST + _LAST + 1:
        lines[_FIRST:-_LAST] = [f"     ... {len(lines) - _FIRST - _LAST} more lines"]
    return redacted("\n".join(lines))


def _cell(number: int, call: Call, line: str, notes: Sequence[str]) -> list[str]:
    """Return the lines of a request: what it was, where it was sent, and what it has changed."""
    outcome = " ".join(filter(None, ("no response" if call.status is None else str(call.status), call.error_code)))
    name = call.operation or f"{call.method} {call.path}"
    lines = [f"#{number} {name} -> {outcome}"]
    if call.method != "GET":
        lines += [f"   at {line}"] if line else []
        lines += [f"   {text}" for text in notes]
    return [shortened(one, _CELL) for one in lines]


def _end(both: Both, name: str) -> list[str]:
    outcome = both.outcomes[name]
    if where := both.stuck.get(name):
        return [shortened(f"waits at {where}", _CELL)]
    text = f"returns {shown(outcome.returned)}" if outcome.error is None else f"raises {type(outcome.error).__name__}"
    return [shortened(text, _CELL)]


def places(both: Both) -> Mapping[str, Call]:
    """Return the requests of a run, each by a name such as ``first#2``."""
    counts: dict[str, int] = {FIRST: 0, SECOND: 0}
    found: dict[str, Call] = {}
    for call in both.day.calls:
        if (sender := both.senders.get(call.number)) is not None:
            counts[sender] += 1
            found[f"{sender}#{counts[sender]}"] = call
    return found
