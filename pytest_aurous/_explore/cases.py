"""The cases of an exploration, as functions of its days: which there are, what came of each, and from which cause."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from traceback import walk_tb
from typing import Final, NamedTuple

from .._core.base.amounts import json_number
from .._core.base.chains import connected, leaves
from .._core.base.errors import AurousCrash, AurousError, see, shown
from .._core.base.frames import SENDERS, helpers_of, package_of, short_path, shown_line
from .compare import unaddressed
from .kinds import KINDS, TELLING, Plan
from .laws import Day, Judged, charged_again, differs, new_pitfalls
from .options import PAGE, Options
from .places import Place, places_of, without_repeats
from .report.result import Case
from .report.text import advice, rows, story

_RETURNED: Final = "the run returned"
_SWALLOWED: Final = "AurousCrash did not leave the run: the code continues after its process has died"
_WORDS: Final = re.compile(r"(?<=])|[A-Z0-9'\"]")
"""Ends the plain words of a reason, before what differs from case to case."""
_TWICE: Final = "double-charge"


class Plans(NamedTuple):
    """The cases with one fault.

    Attributes:
        plans: Their faults, by id, in order.
        places: Their places, in the order of the requests.
        sent_at: For each place, file and line of the code under test that sends the request; empty if not known.
        met: Whether each place has a fault of the test itself.
        skipped: How many repeated reads, timeouts, and places with a fault of the test's own have no case.
        remarks: What the report says about these.
        expected: Those of the remarks that are no warnings.
    """

    plans: dict[str, Plan]
    places: tuple[str, ...]
    sent_at: dict[str, str]
    met: bool
    skipped: int
    remarks: list[str]
    expected: list[str]


def plans_of(good: Day, faults: Collection[str]) -> Plans:
    """Return the cases with one of the *faults* at a place of the good day."""
    places = places_of(good)
    helpers = helpers_of((call.stack, call.operation) for call in good.calls)
    lines = {call.number: shown_line(call.stack, helpers) for call in good.calls}
    unmet = [place for place in places if not place.met]
    kept = without_repeats(unmet)
    impatient = sum(
        not place.patience and KINDS[kind].needs_patience and KINDS[kind].fits(place)
        for place in kept
        for kind in faults
    )
    broken = len(places) - len(unmet)
    repeats = len(unmet) - len(kept)
    remarks, expected = list[str](), list[str]()
    if repeats:
        expected.append(f"skipped: {repeats} repeated reads, which show what the reads before and after show")
    if broken:
        text = "1 request that meets" if broken == 1 else f"{broken} requests that meet"
        expected.append(f"skipped: {text} a fault of the test itself, also on the good day")
    if impatient:
        names = ",".join(f"-{kind}" for kind in faults if KINDS[kind].needs_patience)
        remarks.append(
            f"skipped: {impatient} timeouts, because the client has no read timeout: give it one, or leave these out "
            f"with faults={names!r}"
        )
    return Plans(
        plans={f"{place} {kind}": ((place, kind),) for place in kept for kind in _fitting(place, faults)},
        places=tuple(str(place) for place in _in_order(kept) if _fitting(place, faults)),
        sent_at={str(place): lines.get(place.number, "") for place in places},
        met=not unmet,
        skipped=repeats + impatient + broken,
        remarks=[*expected, *remarks],
        expected=expected,
    )


def _in_order(places: Collection[Place]) -> list[Place]:
    """Return places in the order of their requests.

    Threads and tasks that work side by side send their requests in another order each time. Their places are grouped
    by operation, and each group is in the order of its numbers.
    """
    first = {place.operation: place.number for place in sorted(places, key=lambda one: -one.number)}
    return sorted(places, key=lambda one: (one.number,) if one.key is None else (first[one.operation], one.occurrence))


def most_telling(plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """Return the cases in the order in which they are run if there may not be time for all: writes come first."""

    def rank(case: tuple[str, Plan]) -> tuple[bool, int]:
        place, kind = case[1][0]
        return not place.changes, TELLING.index(kind) if kind in TELLING else len(TELLING)

    return dict(sorted(plans.items(), key=rank))


def nothing_fits(plans: Plans, faults: Collection[str]) -> str:
    """Return why there is no case, and what to do."""
    if plans.met:
        return f"no case was run, because no request is left to break: {'; '.join(plans.remarks) or 'none is known'}."
    needs: dict[str, list[str]] = {}
    for name in faults:
        needs.setdefault(KINDS[name].needs, []).append(name)
    texts = [f"{' and '.join(names)} can only break {need}" for need, names in needs.items()]
    return (
        f"no case was run, because no request of the good day fits these faults: {'; '.join(texts)}. Leave out faults= "
        f"to try all that fit, or let the code send such a request.{''.join(f' ({text}.)' for text in plans.remarks)}"
    )


def _fitting(place: Place, faults: Collection[str]) -> list[str]:
    return [kind for kind in faults if KINDS[kind].fits(place) and (place.patience or not KINDS[kind].needs_patience)]


def check_ids(options: Options, plans: Mapping[str, Plan]) -> None:
    """Refuse ids of cases that there are not.

    Raises:
        AurousError: With the nearest ids.
    """
    wanted = [*([options.only] if options.only else []), *(case for case, one in options.known.items() if not one.file)]
    for case_id in wanted:
        if case_id not in plans:
            from difflib import get_close_matches  # takes 4 ms to import, and only this message needs it

            near = get_close_matches(case_id, list(plans), n=3, cutoff=0)
            name = "only" if case_id == options.only else "known"
            raise AurousError(
                f"explore({name}={shown(case_id)}): there is no such case. The nearest are: "
                f"{', '.join(map(repr, near))}. "
                f"A case is a place and a fault, such as 'characters.create#1 lost'.\n{see(PAGE)}"
            )


def good_case(good: Day) -> Case:
    """Return the good day in the form of a case."""
    return Case(
        id="good day",
        outcome=good.outcome,
        error=bare(good.error),
        returned=good.returned,
        credits=json_number(good.spent),
        calls=len(good.calls),
        rows=tuple(rows(good)),
    )


def case_of(case_id: str, plan: Plan, judged: Judged, reasons: dict[str, str], sent_at: str) -> Case:
    """Return what came of a case.

    Args:
        case_id: Its id.
        plan: Its faults.
        judged: Its day.
        reasons: The laws that it breaks, each with the reason.
        sent_at: File and line of the request at its first place.
    """
    good, day, second = judged.good, judged.bad, judged.second
    place, _ = plan[-1]
    remarks = ["recovers was not judged: the record was deleted"] if day.run.deleted else []
    if not reasons and differs(judged):
        remarks.append(f"{_RETURNED} {unaddressed(day.returned)}, on the good day {unaddressed(good.returned)}")
    if day.outcome == "crashed" and not any(isinstance(leaf, AurousCrash) for leaf in leaves(day.error)):
        remarks.append(_SWALLOWED)
    cause = cause_of(judged, reasons, place.operation)  # before the error is bare
    return Case(
        id=case_id,
        cause=cause,
        operation=place.operation,
        occurrence=place.occurrence,
        fault=" + ".join(kind for _, kind in plan),
        outcome=day.outcome,
        broken=tuple(reasons),
        error=bare(day.error),
        returned=day.returned,
        credits=json_number(day.spent),
        calls=len(day.calls),
        sent_at=sent_at,
        happened=", and ".join(KINDS[kind].happened.format(place.words) for place, kind in plan),
        timeline=story(day, good, second) if reasons else None,
        reasons=reasons,
        advice=advice(reasons, second or day, good) if reasons else (),
        remarks=tuple(remarks),
        rows=tuple(rows(second or day)),
    )


def about_crashes(cases: Collection[Case]) -> list[str]:
    """Return the remark about cases in which the code continued after a crash."""
    swallowed = [case.id for case in cases if _SWALLOWED in case.remarks]
    text = (
        f"AurousCrash did not leave the run in {', '.join(swallowed)}: it was in another thread, or "
        "the code catches BaseException and continues after its process has died. Let it pass, or leave these out with "
        "faults='-crash,-dies'"
    )
    return [text] if swallowed else []


def about_results(cases: Collection[Case]) -> list[str]:
    """Return the remark about cases that returned something else than the good day, which no law judges."""
    found = [(case, remark) for case in cases for remark in case.remarks if remark.startswith(_RETURNED)]
    if not found:
        return []
    (case, remark), *others = found
    more = f" (and in {len(others)} more)" if others else ""
    advice = "Set returns=True, or let run return nothing that differs"
    return [f"not judged, because returns= is not set: in {case.id}{more} {remark}. {advice}"]


def bare(error: BaseException | None) -> BaseException | None:
    """Remove the tracebacks of an error, which would keep everything alive that the run has used."""
    if error is not None:
        for one in connected(error):
            one.with_traceback(None)  # unlike an assignment, it also works for a frozen dataclass
    return error


def cause_of(judged: Judged, reasons: dict[str, str], operation: str) -> str:
    """Return the law, a place and the kind of reason, which all cases of one mistake share; empty if no law is broken.

    The place is the operation that was paid again, whatever was broken and whichever law has seen that; of an
    exception, the innermost function of the application; of a run without end, what it went on to request; else the
    operation that was broken.

    Args:
        judged: The case.
        reasons: The laws that it breaks, each with the reason.
        operation: What was broken.
    """
    if not reasons:
        return ""
    law, reason = next(iter(reasons.items()))
    day = judged.second if law == "recovers" and judged.second is not None else judged.bad
    if paid := _paid_again(judged, law, reason):
        return f"pays_once at {', '.join(paid)}: paid again"
    words = _WORDS.split(reason, maxsplit=1)[0].strip()
    if law == "ends" and day.calls:
        return f"{law} at {day.calls[-1].operation or day.calls[-1].path}: {reason.partition(':')[0]}"
    if day.error is not None and "raised" in words:
        return f"{law} at {_function(day.error) or operation}: {words}"
    if ", but " in reason:  # what the code returned says less than what it left
        words = _WORDS.split(reason.rpartition(", but ")[2], maxsplit=1)[0].strip()
    return f"{law} at {operation}: {words}"


def _paid_again(judged: Judged, law: str, reason: str) -> Sequence[str]:
    """Return the operations that were paid again, if that is what is wrong."""
    good, day = judged.good, judged.second if law == "recovers" and judged.second is not None else judged.bad
    if law == "pays_once" or (law == "recovers" and " paid " in reason):
        return charged_again(day, good)
    found = new_pitfalls(day, good)
    return [found[0].call.operation or ""] if law == "no_pitfall" and found and found[0].id == _TWICE else []


def _function(error: BaseException) -> str:
    """Return the innermost function of the application that an exception has left; empty if there is none."""
    frames = [frame for leaf in leaves(error) for frame, _ in walk_tb(leaf.__traceback__)]
    code = next((one.f_code for one in reversed(frames) if package_of(one) not in SENDERS), None)
    return f"{short_path(code.co_filename)} in {code.co_name}" if code is not None else ""
