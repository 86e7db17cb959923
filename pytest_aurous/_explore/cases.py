"""The cases of an exploration, as functions of its days: which there are, what came of each, and from which cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from .._core.base.amounts import json_number
from .._core.base.chains import connected, leaves
from .._core.base.errors import AurousCrash, AurousError, see, shown
from .kinds import KINDS, TELLING, Plan
from .laws import EXCUSES, Breach, Day, Judged, excuse, other_result
from .options import PAGE, Options
from .places import EVENTS, WRITES, places_of, telling
from .report.result import Case, Expected
from .report.text import advice, rows, story

_RETURNED: Final = "the run returned"
_SWALLOWED: Final = (
    "AurousCrash did not leave the run: it was in another thread, or the code catches BaseException and continues "
    "after its process has died"
)
NOTICED: Final = {
    _SWALLOWED: " Let it pass, or leave these faults out: faults='-crash,-dies'.",
    _RETURNED: " Set returns=True, or let run return nothing that differs.",
}
"""The beginnings of remarks about cases, each with what to do."""
EXCUSED: Final[dict[str, str]] = dict.fromkeys(EXCUSES, "")
"""The same, where nothing is to be done."""


class Plans(NamedTuple):
    """The cases with one fault.

    Attributes:
        plans: Their faults, by id, in order: requests that change something, reads, events.
        places: Their places, in the order of the requests.
        met: Whether each place has a fault of the test itself.
        skipped: How many repeated reads, timeouts, and places with a fault of the test's own have no case.
        remarks: What the report says about these.
    """

    plans: dict[str, Plan]
    places: tuple[str, ...]
    met: bool
    skipped: int
    remarks: list[str]


def plans_of(good: Day, faults: Collection[str]) -> Plans:
    """Return the cases with one of the *faults* at a place of the good day."""
    places = places_of(good)
    unmet = [place for place in places if not place.met]
    kept, others = telling(unmet)
    fitting = [(place, kind) for place in kept for kind in faults if KINDS[kind].where in place.traits]
    pairs = [(place, kind) for place, kind in fitting if place.patience or not KINDS[kind].needs_patience]
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
        names = ",".join(f"-{kind}" for kind in faults if KINDS[kind].needs_patience)
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
    """Return why there is no case, and what to do."""
    if plans.met:
        return f"no case was run, because no request is left to break: {' '.join(plans.remarks) or 'none is known.'}"
    needs: dict[str, list[str]] = {}
    for name in faults:
        patience = ", of a client with a read timeout" if KINDS[name].needs_patience else ""
        needs.setdefault(f"{KINDS[name].where}{patience}", []).append(name)
    texts = [f"{' and '.join(names)} can only break {need}" for need, names in needs.items()]
    return (
        f"no case was run, because no request of the good day fits these faults: {'; '.join(texts)}. Leave out faults= "
        f"to try all that fit, or let the code send such a request.{''.join(f' {text}' for text in plans.remarks)}"
    )


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


def case_of(case_id: str, judged: Judged, breaches: Mapping[str, Breach]) -> Case:
    """Return what came of a case, whatever was broken.

    Args:
        case_id: Its id.
        judged: Its day.
        breaches: The laws that it breaks, each with how.
    """
    good, day, second = judged.good, judged.bad, judged.second
    law, first = next(iter(breaches.items()), ("", None))
    remarks = ["recovers was not judged: the record was deleted"] if day.run.deleted else []
    unjudged = judged.rules.same_result and "returns" not in judged.rules.laws
    if not breaches and unjudged and (text := other_result(judged)):
        remarks.append(f"the run {text}")
    if "recovers" in judged.rules.laws and not breaches and (why := excuse(judged)):
        remarks.append(why)
    if day.outcome == "crashed" and not any(isinstance(leaf, AurousCrash) for leaf in leaves(day.error)):
        remarks.append(_SWALLOWED)
    return Case(
        id=case_id,
        cause=f"{first.law or law} at {first.kind}" if first else "",
        at=first.at if first else "",
        outcome=day.outcome,
        broken=tuple(breaches),
        error=bare(day.error),
        returned=day.returned,
        credits=json_number(day.spent),
        calls=len(day.calls),
        timeline=story(day, good, second) if breaches else None,
        reasons={name: breach.reason for name, breach in breaches.items()},
        advice=advice(breaches, second or day, good) if breaches else (),
        remarks=tuple(remarks),
        rows=tuple(rows(second or day)),
    )


def about(cases: Collection[Case], heads: Mapping[str, str]) -> list[str]:
    """Return the remarks about cases: a sentence for each of the *heads*, with the first case and what to do."""
    texts: list[str] = []
    for head, what_to_do in heads.items():
        found = [(case.id, remark) for case in cases for remark in case.remarks if remark.startswith(head)]
        for case_id, remark in found[:1]:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            texts.append(f"In {case_id}{more} {remark}.{what_to_do}")
    return texts


def bare(error: BaseException | None) -> BaseException | None:
    """Remove the tracebacks of an error, which would keep everything alive that the run has used."""
    if error is not None:
        for one in connected(error):
            one.with_traceback(None)  # unlike an assignment, it also works for a frozen dataclass
    return error
