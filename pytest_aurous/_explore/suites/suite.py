"""Explore whole tests: what can be judged of them, and how cases and findings are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ..._core.base.arguments import Check
from ..kinds import BY_DEFAULT, KINDS
from ..laws import LAWS, allowed
from ..options import PAGE, MarkerOptions, Options, read_names, read_options
from ..report.result import Case, Exploration
from ..report.text import Finding
from ..unreached import Reached

_LAWS: Final = tuple(law.name for law in LAWS.values() if law.in_suites)
_FAULTS: Final = tuple(name for name, kind in KINDS.items() if not kind.ends_process)
"""What a process leaves that has died is judged by laws that are not in `_LAWS`."""
_BY_DEFAULT: Final = tuple(name for name in BY_DEFAULT if name in _FAULTS)


def read_suite_options(who: str, **arguments: Any) -> Options:
    """Check the arguments of the marker ``aurous_explore``.

    Args:
        who: The marker, and where it is.
        **arguments: The arguments of the marker.

    Raises:
        AurousError: If one is invalid, with what is valid.
    """
    check = Check(who, PAGE)
    check.keywords(arguments, MarkerOptions.__annotations__)
    faults = read_names(check, "faults", arguments.pop("faults", "*"), _FAULTS, _BY_DEFAULT)
    laws = read_names(check, "laws", arguments.pop("laws", "*"), _LAWS)
    return replace(read_options(who, **{"faults": faults, "laws": laws, **arguments}), whole=True)


def count(exploration: Exploration, may_raise: tuple[type[BaseException], ...]) -> dict[str, Any]:
    """Return how many cases there are of each kind, and the lines that ran.

    *other* are failing assertions and unexpected exceptions.
    """

    def kind(case: Case) -> str:
        if case.outcome in {"returned", "unmet"}:
            return case.outcome
        return "raised" if case.error is not None and allowed(case.error, may_raise) else "other"

    kinds = [kind(case) for case in exploration.cases]
    return {
        "cases": len(kinds),
        **{name: kinds.count(name) for name in ("returned", "raised", "other", "unmet")},
        "broken": len(exploration.broken),
        "reached": exploration.reached,
    }


def all_reached(results: Iterable[Mapping[str, Any]]) -> Reached | None:
    """Return the lines that ran in some of the tests; None if that is not known of one of them."""
    found = defaultdict[str, dict[int, bool]](dict[int, bool])
    for reached in (one["reached"] for one in results if "reached" in one):
        if reached is None:
            return None
        for file, lines in reached.items():
            for number, ran in lines.items():
                found[file][number] = ran or found[file].get(number, False)
    return found


def merged(results: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings of all tests, the worst law first; what several tests have found is one finding of all."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in (one for result in results for one in result.get("findings", ())):
        first = found.setdefault((finding["cause"], finding["at"]), {**finding, "cases": [], "tests": []})
        first["cases"] += [case for case in finding["cases"] if case not in first["cases"]]
        first["tests"] += finding["tests"]
    return sorted(found.values(), key=lambda one: list(LAWS).index(one["laws"][0]))
