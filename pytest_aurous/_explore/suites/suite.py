"""Explore whole tests: what can be judged of them, in which time, and how cases and findings are counted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from ..._core.base.arguments import Check
from ..kinds import BY_DEFAULT, KINDS
from ..laws import LAWS, allowed
from ..options import PAGE, MarkerOptions, Options, read_names, read_options
from ..report.result import Case, Exploration
from ..report.text import described, findings

_LAWS: Final = tuple(law.name for law in LAWS.values() if law.in_suites)
_FAULTS: Final = tuple(name for name, kind in KINDS.items() if not kind.ends_process)
"""What a process leaves that has died is judged by laws that are not in `_LAWS`."""
_BY_DEFAULT: Final = tuple(name for name in BY_DEFAULT if name in _FAULTS)
_NAMED: Final = 5
"""So many tests of a cause are named; the data has all."""


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


def findings_of(exploration: Exploration) -> list[dict[str, Any]]:
    """Return the findings of a test: of each its cause, its cases, and the sentence and the text about the first."""
    return [
        {
            "cause": cases[0].cause,
            "line": cases[0].sent_at,
            "cases": [case.id for case in cases],
            "finding": cases[0].finding,
            "text": described(exploration, cases),
        }
        for cases in findings(exploration)
    ]


def _by_cause(results: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """Return the findings of each cause with the names of their tests, the worst law first."""
    causes: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for one in results:
        for finding in one.get("findings", ()):
            causes.setdefault(finding["cause"], []).append((one["test"], finding))
    return sorted(causes.items(), key=lambda cause: list(LAWS).index(cause[0].partition(" ")[0]))


def causes(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the end of the report of a suite: each cause with its tests, and with what happened in the first of them.

    Args:
        results: For each test its name, and its `findings_of`.
    """
    ordered = _by_cause(results)
    texts: list[str] = []
    for number, (cause, hits) in enumerate(ordered, 1):
        line = hits[0][1]["line"]
        texts.append(f"{number}. {cause}{f', at {line}' if line else ''} ({tests(len(hits))})")
    lines = [f"{len(texts)} cause{'' if len(texts) == 1 else 's'}:", *texts] if texts else []
    for number, (_, hits) in enumerate(ordered, 1):
        lines += ["", f"cause {number}: {tests(len(hits))}: {_names(hits)}", *hits[0][1]["text"].split("\n")]
    return lines


def tests(number: int) -> str:
    """Return the number in words: ``1 test`` or ``2 tests``."""
    return f"{number} test{'' if number == 1 else 's'}"


def _names(hits: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    names = [name for name, _ in hits]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


class Budget:
    """Real seconds, shared among the tests by their number of cases.

    Nobody knows the number of a test before its good day, so those to come count as the mean of those before.

    Args:
        seconds: For all tests of this process.

    Attributes:
        tests: How many tests are to come.
    """

    def __init__(self, seconds: float) -> None:
        self.tests: float = 0
        self._left = seconds
        self._seen: list[int] = []

    @contextmanager
    def spending(self) -> Generator[None, None, None]:
        """Explore the next test in the block, whose time counts."""
        began = monotonic()
        self.tests -= 1
        try:
            yield
        finally:
            self.spend(monotonic() - began)

    def spend(self, seconds: float) -> None:
        """Count the time of a test that explores code itself, or of one that was explored."""
        self._left -= seconds

    def share(self, cases: int) -> Callable[[], bool]:
        """Return a function that says whether the time of a test with a number of cases is over."""
        self._seen.append(cases)
        later = max(0.0, self.tests) * sum(self._seen) / len(self._seen)
        end = monotonic() + self._left * cases / (cases + later)
        return lambda: monotonic() > end
