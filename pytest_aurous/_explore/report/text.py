"""The report of an exploration: headline, matrix, and the requests of each case that breaks a law."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from ..._core.base.errors import see
from ..._core.base.frames import Helpers, helpers_of, shown_line
from ..._core.base.redaction import redacted, shortened
from ..._core.wire.call import Call
from ..._core.wire.lines import NARROW, WIDTH, folded
from ..._facade import difference
from ..kinds import KINDS
from ..laws import LAWS, Day, new_pitfalls
from ..unreached import never_ran

if TYPE_CHECKING:
    from .result import Case, Exploration

_OUTCOMES: Final = {"returned": ".", "raised": "r", "crashed": "c", "stopped": "s", "unmet": "-"}
_KNOWN: Final = "k"
_DIFFERS: Final = "~"
CASE: Final = "<case>"
"""Stands for the id of a case in the command that runs it again."""
_ROW: Final = re.compile(r"^((?:E +)?\S+#\d+ +)((?:[-.~a-zA-Z] +)*[-.~a-zA-Z])$")
"""A row of the matrix: its place, and its marks."""
_COLORS: Final = (
    (re.compile(r"^((?:E +)?\d+ of \d+ cases hold; )([1-9]\d* breaks? a law)"), "31"),
    (re.compile(r"^((?:E +)?  )(\S+#\d+ .*: breaks .*)$"), "31"),
    (re.compile(rf"^((?:E +)?  )((?:{'|'.join(LAWS)}): .*)$"), "33"),
    (re.compile(r"^((?:E +)?  )((?:again|likewise): .*)$"), "36"),
)
"""As in the timeline: red, yellow and cyan."""
_SAME: Final = 2
"""Fold lines that are as on the good day if there are more than this."""
_FIRST, _LAST = 30, 5
"""Show this many requests from the start and the end of a run."""


def colored(line: str) -> str:
    """Return a line of a report with colors for a terminal; pytest may have put its ``E`` before it."""
    if row := _ROW.match(line):
        return row[1] + re.sub(r"\S", lambda mark: f"\x1b[{_color(mark[0])}m{mark[0]}\x1b[0m", row[2])
    for pattern, color in _COLORS:
        line = pattern.sub(f"\\1\x1b[{color}m\\2\x1b[0m", line)
    return line


def _color(mark: str) -> str:
    return "31" if mark.isupper() else "32" if mark == _OUTCOMES["returned"] else "33"


def headline(exploration: Exploration) -> str:
    """Return ``37 of 41 cases hold; 4 break a law``."""
    cases = [case for case in exploration.cases if case.outcome != "unmet"]
    broken, known = len(exploration.broken), len(exploration.accepted)
    unmet, differing = len(exploration.cases) - len(cases), sum(case.differs for case in cases)
    hold = len(cases) - broken - known - differing
    parts = [f"{hold} of {len(cases)} cases hold; {broken} break{'s' if broken == 1 else ''} a law"]
    parts += [f"{known} known"] if known else []
    parts += [f"{unmet} unmet"] if unmet else []
    parts += [f"{not_run(exploration)} not run"] if exploration.not_run else []
    parts += [f"{differing} differ{'s' if differing == 1 else ''} from run to run"] if differing else []
    return "; ".join(parts)


def not_run(exploration: Exploration) -> str:
    """Return ``36 of 96 cases``: how many were not run."""
    return f"{exploration.not_run} of {len(exploration.cases) + exploration.not_run} cases"


def table(exploration: Exploration) -> str:
    """Return the headline, the matrix and the remarks."""
    worst = [line for case, *_ in findings(exploration)[:1] for line in _finding(case)]
    lines = [headline(exploration), *worst, "", *_matrix(exploration), ""]
    for text in map(redacted, [*exploration.remarks, *about_known(exploration)]):
        lines += wrap(text, NARROW, subsequent_indent="  ")
    return redacted("\n".join(lines).rstrip())


def report(exploration: Exploration) -> str:
    """Return the table, what happened in the worst case of each cause, and the lines that never ran."""
    stories = [described(exploration, cases) for cases in findings(exploration)]
    lines = "\n".join(_wrapped(never_ran(exploration.unreached), "", "  "))
    return "\n\n".join(filter(None, [table(exploration), *stories, lines]))


def brief(exploration: Exploration) -> str:
    """Return the headline, the remarks, what happened in the worst finding, and a line for each other cause."""
    lines = [headline(exploration), *(line for text in exploration.remarks for line in _wrapped(text, "", "  "))]
    for case, *others in findings(exploration)[:1]:
        lines += [*_finding(case, others), *_again(exploration, case)]
    for case, *_ in findings(exploration)[1:]:
        lines += _wrapped(f"also: {case.cause}", "  ", "    ")
    return redacted("\n".join(lines))


def findings(exploration: Exploration) -> list[list[Case]]:
    """Return the cases that break a law: a list for each cause, the worst law first."""
    causes: dict[str, list[Case]] = {}
    for case in sorted(exploration.broken, key=lambda case: [*LAWS, *case.broken].index(case.broken[0])):
        causes.setdefault(case.cause, []).append(case)
    return [*causes.values()]


def _finding(case: Case, others: Sequence[Case] = ()) -> list[str]:
    """Return what happened in plain words, and below it which case that is and which law it breaks, and where."""
    where = f", at {case.sent_at}" if case.sent_at else ""
    likewise = [f"likewise: {', '.join(other.id for other in others)}"] if others else []
    return [
        *_wrapped(case.finding, "", "  "),
        *_wrapped(f"{case.id}: breaks {', '.join(case.broken)}{where}", "  ", "    "),
        *(line for text in likewise for line in _wrapped(text, "  ", "    ")),
    ]


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return wrap(redacted(text), NARROW - 2, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _again(exploration: Exploration, case: Case) -> list[str]:
    return [f"  again: {exploration.again.replace(CASE, case.id)}"] if exploration.again else []


def about_known(exploration: Exploration) -> list[str]:
    """Return how many cases are accepted by the baseline, and for each known case why its breaks are accepted."""
    cases = exploration.accepted
    files = Counter(case.baseline for case in cases if case.baseline)
    return [
        *(
            f"{number} case{'' if number == 1 else 's'} accepted by the baseline {file}"
            for file, number in files.items()
        ),
        *(f"known: {case.id} ({', '.join(case.broken)}): {case.known}" for case in cases),
    ]


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


def described(exploration: Exploration, cases: Sequence[Case]) -> str:
    """Return the finding of the first of *cases*, which have one cause, and its requests."""
    case, *others = cases
    lines = _finding(case, others)
    for law in case.broken[1:]:
        lines += _wrapped(f"{law}: {case.reasons[law]}", "  ", "    ")
    for text in map(redacted, case.remarks):
        lines += wrap(text, NARROW - 2, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
    lines += [f"  {address}" for address in case.advice]
    lines += [f"  {line}" for line in (case.timeline or "").split("\n")]
    return redacted("\n".join([*lines, *_again(exploration, case)]))


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
    helpers = helpers_of(
        (call.stack, call.operation) for call in good.calls
    )  # so that each bad day shows the same lines
    lines += _lines(day, day.calls[same if same > _SAME else 0 :], numbers, start, helpers)
    if second is not None:
        lines.append("     -- a second run, undisturbed --")
        lines += _lines(second, second.calls[len(day.calls) :], numbers, start, helpers)
    return redacted("\n".join(lines))


def _told(day: Day, call: Call, start: float) -> list[str]:
    """Return the line of a request, and the deliveries after it."""
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
            lines += [_numbered(numbers[item.number], item, _line(item, start), helpers), *_about(day, item)]
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
    if (key := _key(call)) is not None:
        # Many keys are drawn at random. Which ones are equal says all that counts, and is the same each time.
        keys = list(dict.fromkeys(filter(None, map(_key, day.calls))))
        texts.append(f"Idempotency-Key {keys.index(key) + 1}")
    return [f"       {shortened(text, WIDTH - 10)}" for text in texts]


def _changed(day: Day, call: Call) -> list[str]:
    return [note.text for note in day.notes if note.during and note.number == call.number]


def _key(call: Call) -> str | None:
    return call.sent_headers.get("idempotency-key") or None


def advice(reasons: Mapping[str, object], day: Day, good: Day) -> tuple[str, ...]:
    """Return where to read on about the laws that are broken: the page of a new pitfall, or of the law."""
    pages = [see(f"reference/pitfalls.html#{one.id}") for one in new_pitfalls(day, good)]
    if "pays_once" in reasons and not pages:
        pages.append(see("reference/pitfalls.html#double-charge"))
    return tuple(pages[:1] or [see(f"reference/exploring.html#{next(iter(reasons))}")])
