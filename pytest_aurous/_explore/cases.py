"""The cases of an exploration, as functions of its days: which there are, what came of each, and from which cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from .._core.base.amounts import json_number
from .._core.base.chains import connected
from .._core.base.errors import AurousError, nearest, see, shown
from .kinds import KINDS, NEED_PATIENCE, TELLING, Plan
from .laws import Breach, Day, Judged, excuse, failed_line
from .options import PAGE, Options
from .places import EVENTS, MET, PATIENT, WRITES, places_of, telling
from .report.result import Case, Expected
from .report.text import advice, listed, rows, story


class Plans(NamedTuple):
    """The cases with one fault."""

    plans: dict[str, Plan]  # by id, in order: requests that change something, reads, events
    places: tuple[str, ...]
    met: bool  # each place has a fault of the test itself
    skipped: int  # repeated reads, timeouts, and places with a fault of the test's own have no case
    remarks: list[str]


def plans_of(good: Day, faults: Collection[str]) -> Plans:
    places = places_of(good)
    unmet = [place for place in places if MET not in place.traits]
    kept, others = telling(unmet)
    fitting = [(place, kind) for place in kept for kind in faults if KINDS[kind].where in place.traits]
    pairs = [(place, kind) for place, kind in fitting if PATIENT in place.traits or kind not in NEED_PATIENCE]
    broken, impatient = len(places) - len(unmet), len(fitting) - len(pairs)
    remarks: list[str] = [
        Expected(
            f"{number} more {operation}{line and f' at {line}'} {'was' if number == 1 else 'were'} not broken: the "
            "first, the second and the last one stand for them."
        )
        for (operation, line), number in others.items()
    ]
    if broken:
        text, what = ("1 request was", "it") if broken == 1 else (f"{broken} requests were", "them")
        why = f"{text} not broken, because a fault of the test itself meets {what} also on the good day."
        remarks.append(Expected(why))
    if impatient:
        text = "1 case was" if impatient == 1 else f"{impatient} cases were"
        names = ",".join(f"-{kind}" for kind in faults if kind in NEED_PATIENCE)
        remarks.append(
            f"{text} skipped, because the client has no read timeout. Give it one, or leave these faults out: "
            f"faults={names!r}."
        )
    return Plans(
        plans={
            f"{place} {kind}": ((place, kind),)
            for place, kind in sorted(pairs, key=lambda pair: (EVENTS in pair[0].traits, pair[0].sees is not None))
        },
        places=tuple(dict.fromkeys(str(place) for place, _ in pairs)),
        met=not unmet,
        skipped=len(unmet) - len(kept) + impatient + broken,
        remarks=remarks,
    )


def most_telling(plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """Return the cases in the order in which they are run if there may not be time for all: writes come first."""

    def rank(case: tuple[str, Plan]) -> tuple[bool, int]:
        place, kind = case[1][0]
        return WRITES not in place.traits, TELLING.index(kind) if kind in TELLING else len(TELLING)

    return dict(sorted(plans.items(), key=rank))


def nothing_fits(plans: Plans, faults: Collection[str]) -> str:
    if plans.met:
        return f"no case was run, because no request is left to break: {' '.join(plans.remarks) or 'none is known.'}"
    why = f"no case was run, because no request of the good day fits these faults: {', '.join(faults)}."
    remedy = "Leave out faults= to try all that fit, or let the code send such a request."
    return " ".join([why, remedy, *plans.remarks])


def check_ids(options: Options, plans: Mapping[str, Plan]) -> None:
    wanted = [*([options.only] if options.only else []), *(case for case, one in options.known.items() if not one.file)]
    for case_id in wanted:
        if case_id not in plans:
            name = "only" if case_id == options.only else "known"
            raise AurousError(
                f"explore({name}={shown(case_id)}): there is no such case{nearest(case_id, plans)} A case is a place "
                f"and a fault, such as 'characters.create#1 lost'.\n{see(PAGE)}"
            )


def case_of_day(case_id: str, day: Day, last: Day, **more: Any) -> Case:
    """Return a day in the form of a case, with the requests of the *last* run on its state."""
    return Case(
        id=case_id,
        outcome=day.outcome,
        error=bare(day.error),
        returned=day.returned,
        credits=json_number(day.spent),
        calls=len(day.calls),
        rows=tuple(rows(last)),
        **more,
    )


def case_of(case_id: str, judged: Judged, breaches: Mapping[str, Breach]) -> Case:
    rules, good, day = judged.rules, judged.good, judged.bad
    last = judged.second or day
    if not breaches:
        remark = excuse(judged) if "recovers" in rules.laws else ""
        return case_of_day(case_id, day, last, assertion=failed_line(judged), remarks=(remark,) if remark else ())
    law, first = next(iter(breaches.items()))
    return case_of_day(
        case_id,
        day,
        last,
        cause=f"{first.law or law} at {first.kind}",
        at=first.at,
        broken=tuple(breaches),
        timeline=story(day, good, judged.second),
        reasons={name: breach.reason for name, breach in breaches.items()},
        advice=advice(breaches, last, good),
    )


def about(cases: Collection[Case]) -> dict[str, str]:
    """Return each remark about cases with the sentence for the report, which names the first case."""
    found: dict[str, list[str]] = {}
    for case in cases:
        for remark in case.remarks:
            found.setdefault(remark, []).append(case.id)
    return {remark: f"In {listed(ids)}, {remark}." for remark, ids in found.items()}


def bare(error: BaseException | None) -> BaseException | None:
    """Remove the tracebacks of an error, which would keep everything alive that the run has used."""
    if error is not None:
        for one in connected(error):
            one.with_traceback(None)  # unlike an assignment, it also works for a frozen dataclass
    return error
