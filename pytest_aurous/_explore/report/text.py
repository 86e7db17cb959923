"""The report of an exploration: headline, matrix, and the requests of each case that breaks a law."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.errors import see
from ..._core.base.frames import Helpers, helpers_of, shown_line
from ..._core.base.redaction import redacted, shortened
from ..._core.wire.call import Call
from ..._core.wire.lines import NARROW, WIDTH, folded
from ..._facade import difference
from ..compare import key_of
from ..kinds import KINDS
from ..laws import LAWS, Day, new_pitfalls
from ..unreached import never_ran

if TYPE_CHECKING:
    from .result import Case, Exploration

_OUTCOMES: Final = {"returned": ".", "raised": "r", "crashed": "c", "stopped": "s", "unmet": "-"}
_KNOWN: Final = "k"
_DIFFERS: Final = "~"
CASE: Final = "<case>"
"""Stands for the slug of a case in the command that runs it again."""
_SAME: Final = 2
"""Fold lines that are as on the good day if there are more than this."""
_FIRST, _LAST = 30, 5
"""Show this many requests from the start and the end of a run."""
_NAMED: Final = 5
"""So many tests of a finding are named; the data has all."""

Finding = dict[str, Any]
"""What the cases of one mistake share, as JSON data: see `findings_of`."""


def number_of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(cases: Sequence[str], more: str = " (and {} more)") -> str:
    """Return ``characters.create#1 lost (and 2 more)``."""
    return cases[0] + (more.format(len(cases) - 1) if len(cases) > 1 else "")


def headline(exploration: Exploration) -> str:
    """Return ``3 findings in 8 of 47 cases``, or ``47 of 47 cases hold``."""
    made = exploration.cases
    cases = [case for case in made if case.outcome != "unmet"]
    broken, known, differing = exploration.broken, len(exploration.accepted), sum(case.differs for case in cases)
    of = f"of {len(cases)} {'cases' if not made or any(case.fault for case in made) else 'schedules'}"
    hold = f"{len(cases) - known - differing} {of} hold"
    parts = [f"{number_of(len(exploration.findings), 'finding')} in {len(broken)} {of}" if broken else hold]
    parts += [f"{known} known"] if known else []
    parts += [f"{len(made) - len(cases)} unmet"] if len(made) > len(cases) else []
    parts += [f"{exploration.not_run} of {len(made) + exploration.not_run} not run"] if exploration.not_run else []
    parts += [f"{differing} differ{'s' if differing == 1 else ''} from run to run"] if differing else []
    parts += [number_of(len(exploration.unexpected), "remark")] if exploration.unexpected else []
    return "; ".join(parts)


def by_mistake(cases: Iterable[Case]) -> tuple[tuple[Case, ...], ...]:
    """Return the cases of each mistake, the worst law first."""
    found: dict[tuple[str, str], list[Case]] = {}
    for case in sorted(cases, key=lambda case: [*LAWS, *case.broken].index(case.broken[0])):
        found.setdefault((case.cause, case.at), []).append(case)
    return tuple(map(tuple, found.values()))


def findings_of(exploration: Exploration, test: str = "") -> list[Finding]:
    """Return what the cases of each mistake share, as data that pytest-xdist can send.

    Each has its cause, its line, the laws that its first case breaks, what happened, all its cases, the command that
    runs the first one again, and its story: what else is wrong, and the requests.
    """
    return [
        {
            "cause": cases[0].cause,
            "at": cases[0].at or cases[0].sent_at,
            "laws": cases[0].broken,
            "finding": cases[0].finding,
            "cases": [case.id for case in cases],
            "again": exploration._again.replace(CASE, cases[0].slug),
            "story": _story(cases[0]),
            "tests": [test] if test else [],
        }
        for cases in exploration.findings
    ]


def overview(found: Sequence[Finding], width: int = WIDTH - 4) -> list[str]:
    """Return for each finding what happened, its line, which law and case that is, and the command that runs it."""
    lines: list[str] = []
    for number, one in enumerate(found, 1):
        tests = f"   {number_of(len(one['tests']), 'test')}" if len(one["tests"]) > 1 else ""
        where, which = f"   at {one['at']}" if one["at"] else "", f"   {one['laws'][0]}   {listed(one['cases'])}{tests}"
        lines += wrap(
            one["finding"], width, initial_indent=f"{number}  ", subsequent_indent="   ", break_on_hyphens=False
        )
        lines += filter(None, [where + which] if len(where + which) <= width else [where, which])
        lines += [f"   again: {one['again']}"] if one["again"] else []
    return lines


def stories(found: Sequence[Finding]) -> list[str]:
    lines: list[str] = []
    for number, one in enumerate(found, 1):
        names, more = one["tests"][:_NAMED], len(one["tests"]) - _NAMED
        tests = f", in {', '.join(names)}{f' and {more} more' if more > 0 else ''}" if names else ""
        lines += ["", *_wrapped(f"{one['cases'][0]}{tests}", f"{number}  ", "     ")]
        lines += one["story"].split("\n")
    return lines


def _story(case: Case) -> str:
    lines: list[str] = []
    for law in case.broken[1:]:
        lines += _wrapped(f"{law}: {case.reasons[law]}", "   ", "     ")
    lines += [f"   {address}" for address in case.advice]
    lines += [f"   {line}" for line in (case.timeline or "").split("\n")]
    return redacted("\n".join(lines))


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return wrap(redacted(text), NARROW - 2, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def table(exploration: Exploration) -> str:
    lines = [headline(exploration), "", *overview(findings_of(exploration)), "", *_matrix(exploration), ""]
    for text in [*exploration.remarks, *about_known(exploration)]:
        lines += _wrapped(text, "", "  ")
    return redacted(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip())


def report(exploration: Exploration) -> str:
    """Return the table, one timeline for each finding, and the lines that never ran, if all cases did."""
    unreached = "" if exploration.not_run else never_ran(exploration.unreached)
    lines = [table(exploration), *stories(findings_of(exploration)), "", *_wrapped(unreached, "", "  ")]
    return redacted("\n".join(lines).rstrip())


def brief(exploration: Exploration) -> str:
    remarks = [line for text in exploration.remarks for line in _wrapped(text, "", "  ")]
    return redacted("\n".join([headline(exploration), *overview(findings_of(exploration)), *remarks]))


def about_known(exploration: Exploration) -> list[str]:
    """Return for the known cases of each mistake, in one line, why the first of them is accepted."""
    mistakes = by_mistake(exploration.accepted)
    return [f"known: {listed([case.id for case in cases])}: {cases[0].known}" for cases in mistakes]


def _matrix(exploration: Exploration) -> list[str]:
    """Return a row for each place and a column for each fault; the names of the faults descend like stairs."""
    cases = [case for case in exploration.cases if case.fault]  # the schedules of two workers have none
    faults = [name for name in KINDS if any(case.fault == name for case in cases)]
    met = {case.id.partition(" ")[0] for case in cases}
    places = [place for place in exploration.places if place in met]
    found = {case.id: case for case in cases}
    stairs = max((2 * number + len(name) for number, name in enumerate(faults)), default=0)
    width = min(max((len(place) for place in places), default=0), NARROW - 2 - stairs)
    head = [f"{' ' * width}  {'| ' * number}{name}" for number, name in enumerate(faults)]
    rows = [
        f"{shortened(place, width):<{width}}  {' '.join(_mark(found.get(f'{place} {name}')) for name in faults)}"
        for place in places
    ]
    used = {_mark(case) for case in cases}
    names = {mark: name for name, mark in _OUTCOMES.items()}
    names |= {law.letter: f"breaks {law.name}" for law in LAWS.values()}
    names |= {_KNOWN: "known", _DIFFERS: "differs from run to run"}
    # A line never ends within an entry: while they are wrapped, its spaces are those that do not break. pytest puts
    # four characters before the line of an exception, so a terminal of 80 columns does not break it either.
    entries = [f"{mark} {name}".replace(" ", "\xa0") for mark, name in names.items() if mark in used]
    legend = [line.replace("\xa0", " ") for line in wrap("  ".join(entries), NARROW - 4, break_on_hyphens=False)]
    return [*head, *(row.rstrip() for row in rows), "", *legend]


def _mark(case: Case | None) -> str:
    if case is None:
        return " "
    if case.differs:
        return _DIFFERS
    if case.broken:
        return _KNOWN if case.known else LAWS[case.broken[0]].letter
    return _OUTCOMES[case.outcome]


def story(day: Day, good: Day, second: Day | None = None) -> str:
    """Return the requests and deliveries of a bad day, without the first ones, which are as on the good day.

    Times count from the start.
    """
    start = good.calls[0].at if good.calls else 0.0
    numbers = {call.number: number for number, call in enumerate((second or day).calls, 1)}
    pairs = zip(good.calls, day.calls, strict=False)
    usual = takewhile(
        lambda two: two[1].fault is None and _told(good, two[0], start) == _told(day, two[1], start), pairs
    )
    same = len([*usual])
    lines = [f"  1-{same}  as on the good day"] if same > _SAME else []
    # Those of the good day, so that each bad day shows the same lines.
    helpers = helpers_of((call.stack, call.operation) for call in good.calls)
    lines += _lines(day, day.calls[same if same > _SAME else 0 :], numbers, start, helpers)
    if second is not None:
        lines.append("     -- a second run, undisturbed --")
        lines += _lines(second, second.calls[len(day.calls) :], numbers, start, helpers)
    return redacted("\n".join(lines))


def _told(day: Day, call: Call, start: float) -> list[str]:
    return [_line(call, start), *_deliveries(day, call, start)]


def _lines(day: Day, calls: Sequence[Call], numbers: dict[int, int], start: float, helpers: Helpers) -> list[str]:
    """Return the requests with what they have changed, and the deliveries after them.

    Identical requests are folded, and so is a long middle.
    """
    items = folded(calls, lambda call: bool(_changed(day, call) or _deliveries(day, call, start)))
    middle = len(items) - _FIRST - _LAST
    if middle > 1:
        items[_FIRST:-_LAST] = [f"       ... {middle} more"]
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(item)
        else:
            worker = f"{day.senders[item.number]:<8}" if item.number in day.senders else ""
            team = day.end.teams.get(item.team or "")
            line = f"{worker}{_line(item, start)}{f'  of {team}' if team else ''}"
            lines += [_numbered(numbers[item.number], item, line, helpers), *_about(day, item)]
            lines += _deliveries(day, item, start)
    return lines


def _deliveries(day: Day, call: Call, start: float) -> list[str]:
    """Return a line for each delivery that was made after a request, and before the next one."""
    notes = [note for note in day.notes if note.by == "delivery" and note.number == call.number]
    return [shortened(f"     {f'+{note.at - start:g} s':<8} {note.text}", WIDTH - 2) for note in notes]


def rows(day: Day) -> Iterator[dict[str, Any]]:
    """Yield the requests of a run that was traced; identical polls are shown as the first and the last of them."""
    start = day.calls[0].at if day.calls else 0.0
    before = day.views.get(0)
    for call in folded(day.calls):
        if before is not None and not isinstance(call, str):
            now = day.views.get(call.number, before)  # nothing watched a request that outlived its run
            yield {
                "operation": call.operation,
                "method": call.method,
                "path": call.path,
                "status": call.status,
                "error_code": call.error_code,
                "fault": call.fault,
                "at": round(call.at - start, 3),
                "notes": _changed(day, call),
                "changes": difference(before, now),
            }
            before = now


def _line(call: Call, start: float) -> str:
    marks = " ".join(filter(None, (call.error_code, f"({call.fault})" if call.fault else None)))
    outcome = "no response" if call.status is None else str(call.status)
    at = f"+{call.at - start:g} s"
    tail = f" -> {outcome} {marks}".rstrip()
    head = f"{at:<8} {call.operation or 'unmatched'}  {call.method} "
    return f"{head}{shortened(call.path, max(20, WIDTH - 10 - len(head) - len(tail)))}{tail}"


def _numbered(number: int, call: Call, line: str, helpers: Helpers) -> str:
    """Return the line of a request with its number, and with its place at the end or, if that is too long, below."""
    polls = call.method == "GET" and call.fault is None  # what counts is where the code orders, and where it fails
    place = "" if polls else shortened(shown_line(call.stack, helpers), WIDTH - 12)
    gap = "  at " if len(line) + len(place) <= WIDTH - 12 else "\n       at "
    return f"{number:>3}  {line}{gap if place else ''}{place}"


def _about(day: Day, call: Call) -> list[str]:
    texts = _changed(day, call)
    if (key := key_of(call)) is not None:
        # Many keys are drawn at random. Which ones are equal says all that counts, and is the same each time.
        keys = list(dict.fromkeys(filter(None, map(key_of, day.calls))))
        texts.append(f"Idempotency-Key {keys.index(key) + 1}")
    return [f"       {shortened(text, WIDTH - 10)}" for text in texts]


def _changed(day: Day, call: Call) -> list[str]:
    return [note.text for note in day.notes if note.during and note.number == call.number]


def advice(reasons: Mapping[str, object], day: Day, good: Day) -> tuple[str, ...]:
    """Return where to read on about the laws that are broken: the page of a new pitfall, or of the law."""
    pages = [see(f"reference/pitfalls.html#{one.id}") for one in new_pitfalls(day, good)]
    if "pays_once" in reasons and not pages:
        pages.append(see("reference/pitfalls.html#double-charge"))
    return tuple(pages[:1] or [see(f"reference/exploring.html#{next(iter(reasons))}")])
