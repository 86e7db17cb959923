"""The results of exploring: `Exploration` and its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..._core.base.arguments import Hinting
from ..._core.base.frames import short_path
from ..ids import slug
from ..kinds import KINDS
from ..laws import LAWS
from ..unreached import Reached, unreached
from . import text

_ALWAYS: Final = ("id", "slug", "operation", "occurrence", "fault", "outcome", "differs", "credits", "calls")
_IF_KNOWN: Final = ("at", "assertion", "sent_at", "finding", "cause", "timeline", "known", "baseline")


class Expected(str):
    """A remark about something expected, which is no warning."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run with one fault at one place; or the good day, without a fault.

    Attributes:
        id: The id, such as ``characters.create#1 lost``. Its slug can stand for it everywhere.
        operation: The operation or event; empty for the good day.
        occurrence: 1 for its first request of that operation.
        fault: The name of the fault; empty for the good day.
        outcome: ``returned``, ``raised``, ``crashed``, ``stopped``, or ``unmet`` if the run did not meet the fault.
        broken: The laws that it breaks in each run, the worst first.
        differs: Whether it broke a law once, and not when it was repeated.
        error: What the run raised, without its traceback; or None.
        returned: What it returned.
        credits: The credits that it spent, with those that its work in progress will cost.
        calls: How many requests it sent.
        cause: What the cases of one mistake share: the law, a place, and the kind of reason.
        at: File and line of the mistake, and the helper that sends its requests; empty if unknown.
        assertion: The line of a whole test that failed although the code had raised nothing; else empty.
        sent_at: File and line of the code under test that sends the request at its place; empty if unknown, as over
            HTTP, or for an event.
        happened: What went wrong, in plain words, such as ``the response to images.create #1 was cut off``; empty for
            the good day.
        timeline: Its requests, if it breaks a law; else None.
        reasons: For each law that it breaks, the reason in one sentence.
        advice: Where to read on, for each law that it breaks.
        known: Why its breaks are accepted; empty if they are not.
        baseline: The file that accepts them; empty if `known=` does.
        remarks: Other remarks about it.
        rows: Its requests as JSON data, while the test is traced; else empty.
    """

    id: str
    operation: str = ""
    occurrence: int = 0
    fault: str = ""
    outcome: str
    broken: tuple[str, ...] = ()
    differs: bool = False
    error: BaseException | None = None
    returned: Any = None
    credits: float
    calls: int
    cause: str = ""
    at: str = ""
    assertion: str = ""
    sent_at: str = ""
    happened: str = ""
    timeline: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    advice: tuple[str, ...] = ()
    known: str = ""
    baseline: str = ""
    remarks: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()

    @property
    def slug(self) -> str:
        """The id without blanks and ``#``, such as ``characters.create-1-lost``."""
        return slug(self.id)

    @property
    def finding(self) -> str:
        """What happened and which law that broke, in one sentence; empty if it breaks no law."""
        texts = [self.happened, self.reasons[self.broken[0]]] if self.broken else []
        text = ", and ".join(filter(None, texts)).rstrip(".")
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    def json(self) -> dict[str, Any]:
        """Return the case as JSON data; of the error and the returned value only their types."""
        return {
            **{name: getattr(self, name) for name in _ALWAYS},
            **{name: getattr(self, name) or None for name in _IF_KNOWN},
            "broken": list(self.broken),
            "reasons": dict(self.reasons),
            "error": type(self.error).__name__ if self.error is not None else None,
            "returned": type(self.returned).__name__,
        }


@dataclass(frozen=True, kw_only=True)
class Exploration(Hinting):
    """The result of `Aurous.explore`.

    Attributes:
        cases: All runs with a fault, in order.
        good_day: The run without a fault, in the form of a case.
        places: The requests of the good day that were broken, in their order; then its events.
        skipped: How many repeated reads were skipped, and how many cases do not apply because the client has no
            timeout.
        remarks: What else the report says, such as what was not judged. If no law is broken, each remark is a warning,
            except about repeated reads and about faults of the test itself.
        not_run: How many cases were not run, because there was no time, or a finding ended it.
    """

    cases: tuple[Case, ...]
    good_day: Case
    places: tuple[str, ...] = ()
    skipped: int = 0
    remarks: tuple[str, ...] = ()
    not_run: int = 0
    _reached: Reached | None = field(default_factory=dict[str, Mapping[int, bool]])
    _again: str = ""  # the command that runs one case alone, with `<case>` for its slug
    _start: Mapping[str, Any] = field(default_factory=dict[str, Any])  # the state before each run, while it is traced

    @property
    def findings(self) -> tuple[tuple[Case, ...], ...]:
        """The mistakes: of each, the cases that show it; `Case.finding` of the first one says what happened."""
        return text.by_mistake(self.broken)

    @property
    def broken(self) -> tuple[Case, ...]:
        """The cases that break a law, without the known ones."""
        return tuple(case for case in self.cases if case.broken and not case.known)

    @property
    def unreached(self) -> Mapping[str, tuple[int, ...]] | None:
        """For each file of the code under test, the lines that ran in no case; None if that is not known."""
        return unreached(self._reached)

    @property
    def accepted(self) -> tuple[Case, ...]:
        """The cases that break a law, and are known."""
        return tuple(case for case in self.cases if case.broken and case.known)

    @property
    def unexpected(self) -> tuple[str, ...]:
        """The remarks that are warnings if no law is broken."""
        return tuple(text for text in self.remarks if not isinstance(text, Expected))

    def __str__(self) -> str:
        """Return the headline, the findings and the matrix, at most 100 columns wide."""
        return text.table(self)

    def report(self) -> str:
        """Return the table, and the requests of one case of each finding."""
        return text.report(self)

    def json(self) -> dict[str, Any]:
        """Return everything as JSON data."""
        return {
            "good_day": self.good_day.json(),
            "places": list(self.places),
            "cases": [case.json() for case in self.cases],
            "skipped": self.skipped,
            "not_run": self.not_run,
            "remarks": [*map(str, self.remarks)],  # pytest-xdist sends no subclass
            "unreached": {short_path(file): lines for file, lines in (self.unreached or {}).items()},
        }


def matrix(explorations: Sequence[Exploration]) -> dict[str, Any] | None:
    """Return the matrix of the last exploration, its findings, and each case's requests; None if there is none."""
    if not explorations:
        return None
    exploration = explorations[-1]
    headline, *_ = str(exploration).split("\n")
    return {
        "headline": headline,
        "findings": [one["finding"] for one in text.findings_of(exploration)],
        "remarks": list(exploration.remarks),
        "laws": {law.name: law.letter for law in LAWS.values()},
        "faults": [name for name in KINDS if any(case.fault == name for case in exploration.cases)],
        "rows": list(exploration.places),
        "start": exploration._start,
        "good_day": {"credits": exploration.good_day.credits, "calls": list(exploration.good_day.rows)},
        "cases": {case.id: {**case.json(), "timeline": None, "calls": list(case.rows)} for case in exploration.cases},
    }
