"""The verdict on each rule, from the exchanges of all recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .._resources.base.rules import Rule
from .openapi.compare import Stated
from .points import Point
from .replay import Replayed
from .rules import rule_of

Word = Literal["as written", "refuted", "cannot tell", "not seen"]
_ENOUGH: Final = 2
"""In a shared recording, a difference counts only if this many records show it."""
_ELSEWHERE: Final = "another client may have caused what differs: record it once more"
MOST_SHOWN: Final = 3
"""Show at most this many differences of a rule."""


@dataclass(frozen=True)
class Difference:
    """One difference between a recording and the fake.

    Attributes:
        file: The recording.
        number: The exchange, from 1.
        operation: Its operation.
        where: The place in the response.
        kind: What was compared.
        seen: What the recording has.
        fake: What the fake has.
        outcome: Status and code of the fake's response.
        place: Where it is in the file.
        sample: A value of a field that is only in a document.
        places: Operation and place of all that have one schema of a document; empty: this one alone.
    """

    file: str
    number: int
    operation: str
    where: str
    kind: str
    seen: Any
    fake: Any
    outcome: str = ""
    place: str = ""
    sample: Any = None
    places: tuple[tuple[str, str], ...] = ()


@dataclass
class Verdict:
    """What the recordings say about one rule.

    Attributes:
        rule: Its id.
        agreed: The number of exchanges that agree.
        differing: The number of exchanges that differ.
        first: The first difference of each place, and of each response of the fake there.
        doubts: Why exchanges of its operations say nothing, and how many.
        elsewhere: The differences that another client may have caused, one for each record or order.
        steady: Whether other records show no such difference.
    """

    rule: str
    agreed: int = 0
    differing: int = 0
    first: dict[tuple[str, ...], Difference] = field(default_factory=dict[tuple[str, ...], Difference])
    doubts: Counter[str] = field(default_factory=Counter[str])
    elsewhere: dict[tuple[str, str], Difference] = field(default_factory=dict[tuple[str, str], Difference])
    steady: bool = False

    @property
    def repeats(self) -> bool:
        """Whether several records, and no counterexample, show a difference that another client may have caused."""
        return max(Counter(map(_change, self.elsewhere.values())).values()) >= _ENOUGH and not self.steady

    @property
    def differences(self) -> list[Difference]:
        """The differences, one for each place and each response of the fake there."""
        return list(self.first.values())

    @property
    def word(self) -> Word:
        """The verdict."""
        if self.differing:
            return "refuted"
        if self.agreed:
            return "as written"
        return "cannot tell" if self.doubts else "not seen"


class Verdicts:
    """The verdicts on all rules, in the order of the table.

    Attributes:
        exchanges: How many exchanges were compared, or said nothing.
        uncovered: Differences that no rule covers, with the number of exchanges.
        omitted: The places of optional fields that are absent where the fake has null, or the reverse.
        inferred: What was assumed about the tests and the operator, and how often.
        shared: The recordings with traces of other clients: records from elsewhere, requests that are missing.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules: dict[str, Verdict] = {name: Verdict(name) for name in rules}
        self.exchanges: int = 0
        self.uncovered: dict[tuple[str, str, str], tuple[Difference, int]] = {}
        self.omitted: Counter[str] = Counter()
        self.inferred: Counter[str] = Counter()
        self.shared: set[str] = set()

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.rules.values())

    @property
    def refuted(self) -> list[Verdict]:
        """The rules that are refuted."""
        return [verdict for verdict in self if verdict.differing]

    def count(self, file: str, done: Replayed, points: Iterator[Point]) -> None:
        """Count one exchange."""
        self.exchanges += 1
        view = done.view
        if done.why:
            for rule in view.row.rules if view.row is not None else ():
                self.rules[rule].doubts[done.why] += 1
        agreed, doubtful, differing = set(done.agrees), set[str](), set[str]()
        for point in points:
            if point.kind == "omitted":
                self.omitted[f"{view.operation} {point.where}"] += 1
                continue
            rule = rule_of(done, point)
            if not point.differs:
                agreed.add(rule)
            elif rule and point.where in done.elsewhere:
                doubtful.add(rule)
                subject = file, done.elsewhere[point.where]
                self.rules[rule].elsewhere.setdefault(subject, _difference(file, done, point))
            else:
                differing.add(rule)
                self._add(rule, _difference(file, done, point))
        self.inferred.update(done.inferred)
        for rule in done.agrees:
            self.rules[rule].steady = True
        for rule in agreed - differing - doubtful - {""}:
            self.rules[rule].agreed += 1
        for rule in differing - {""}:
            self.rules[rule].differing += 1

    def settle(self) -> None:
        """Decide, after the last exchange, about the differences that another client may have caused.

        They refute a rule if several records show the same. Where nothing is as certain, one is enough if the recording
        has no trace of others.
        """
        doubtful = [verdict for verdict in self if verdict.elsewhere]
        certain = [verdict for verdict in doubtful if verdict.repeats]
        for verdict in doubtful:
            found = verdict.elsewhere.values()
            alone = any(file not in self.shared for file, _ in verdict.elsewhere)
            if verdict in certain or (alone and not certain):
                verdict.differing += len(found)
                for one in found:
                    self._add(verdict.rule, one)
            else:
                verdict.doubts[_ELSEWHERE] += len(found)

    def agree(self, rule: str) -> None:
        """Count a place of a document that agrees with a rule; empty: no rule covers it."""
        if rule:
            self.rules[rule].agreed += 1

    def doubt(self, rule: str, why: str) -> None:
        """Count a place that a document does not mention."""
        if rule:
            self.rules[rule].doubts[why] += 1

    def differ(self, rule: str, found: Difference) -> None:
        """Count a place of a document that differs."""
        if rule:
            self.rules[rule].differing += 1
        self._add(rule, found)

    def _add(self, rule: str, found: Difference) -> None:
        if rule:
            self.rules[rule].first.setdefault((found.operation, found.where, found.kind, found.outcome), found)
            return
        stated = found.seen if isinstance(found.seen, Stated) else ""  # each of a document is a difference of its own
        key = found.operation, found.where, f"{found.kind} {stated}".strip()
        first, times = self.uncovered.get(key, (found, 0))
        self.uncovered[key] = first, times + 1


def _difference(file: str, done: Replayed, point: Point) -> Difference:
    view, number = done.view, done.view.exchange.number
    outcome = f"{done.reply.status if done.reply else ''} {done.code}".strip()
    where, kind, seen, fake = point.where, point.kind, point.seen, point.fake
    return Difference(file, number, view.operation, where, kind, seen, fake, outcome, f"exchange {number}")


def _change(found: Difference) -> object:
    """Return what is the same in two differences of one cause: by how much a number differs, or both values."""
    seen, fake = found.seen, found.fake
    numbers = isinstance(seen, (int, float)) and isinstance(fake, (int, float))
    return round(seen - fake, 6) if numbers else (seen, fake)
