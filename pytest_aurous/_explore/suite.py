"""Explore whole tests: what can be judged of them, and how the cases are counted."""

from __future__ import annotations

from typing import Any, Final

from .._base.arguments import Check
from .kinds import BY_DEFAULT, KINDS
from .laws import LAWS, allowed
from .options import PAGE, MarkerOptions, Options, read_names, read_options
from .result import Case, Exploration

_LAWS: Final = tuple(law.name for law in LAWS.values() if law.in_suites)
_FAULTS: Final = tuple(name for name, kind in KINDS.items() if not kind.ends_process)
"""What a process leaves that has died is judged by laws that are not in `_LAWS`."""
_BY_DEFAULT: Final = tuple(name for name in BY_DEFAULT if name in _FAULTS)
LIMIT: Final = 60
"""Cases of each test, unless an option or the marker says something else."""


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
    laws = read_names(check, "laws", arguments.pop("laws", "*"), _LAWS, _LAWS)
    return read_options(who, **{"limit": LIMIT, "faults": faults, "laws": laws, **arguments})


def count(exploration: Exploration, may_raise: tuple[type[BaseException], ...]) -> dict[str, int]:
    """Return how many cases there are of each kind; *other* are failing assertions and unexpected exceptions."""

    def kind(case: Case) -> str:
        if case.outcome in {"returned", "unmet"}:
            return case.outcome
        return "raised" if case.error is not None and allowed(case.error, may_raise) else "other"

    kinds = [kind(case) for case in exploration.cases]
    return {
        "cases": len(kinds),
        **{name: kinds.count(name) for name in ("returned", "raised", "other", "unmet")},
        "broken": len(exploration.broken),
    }
