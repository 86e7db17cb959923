"""The verdict on each rule, from the exchanges of all recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from .replay import SHARED, Replayed
from .rules import agree, cause_of, is_assumed, judged_rules, rests_on_all, rule_of, rule_of_success, why_aside
from .values import Point

_Place: TypeAlias = tuple[str, str, str]
"""An operation, a place in its response, and what was compared there, of a refusal with the fake's outcome."""
Word = Literal["as written", "as written, but", "refuted", "cannot tell", "not judged", "not seen"]


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
        alone: Whether it is a difference only if no other client has used the team meanwhile.
        assumed: Whether no page of the vendor states what the fake has, only a rule of ours.
        times: In how many exchanges there is such a difference.
        url: The URL of a request that is not to the API itself; empty for any other.
    """

    file: str
    number: int
    operation: str
    where: str
    kind: str
    seen: Any
    fake: Any
    outcome: str = ""
    alone: bool = False
    assumed: bool = False
    times: int = 1
    url: str = ""

    @property
    def place(self) -> str:
        """Where it is in the file."""
        return f"exchange {self.number}"


@dataclass
class RuleVerdict:
    """What the recordings say about one rule.

    Attributes:
        rule: Its id.
        agreed: The number of exchanges that agree.
        differing: The number of exchanges that differ.
        first: The first difference of each place, and of each response of the fake there.
        doubts: Why exchanges of its operations say nothing, and how many.
        aside: Why exchanges that differ refute nothing, and how many.
    """

    rule: str
    agreed: int = 0
    differing: int = 0
    first: dict[_Place, Difference] = field(default_factory=dict[_Place, Difference])
    doubts: Counter[str] = field(default_factory=Counter[str])
    aside: Counter[str] = field(default_factory=Counter[str])

    @property
    def reasons(self) -> set[str]:
        """Why exchanges say nothing, or refute nothing although they differ."""
        return {*self.doubts, *self.aside}

    @property
    def differences(self) -> list[Difference]:
        """The differences, one for each place and each response of the fake there."""
        return list(self.first.values())

    @property
    def assumed(self) -> bool:
        """Whether all that differs is an assumption of ours."""
        return all(one.assumed for one in self.differences)

    @property
    def word(self) -> Word:
        """The verdict."""
        if self.differing:
            return "refuted"
        if self.agreed:
            return "as written, but" if self.aside else "as written"
        if self.reasons:
            return "not judged" if self.reasons == {SHARED} else "cannot tell"
        return "not seen" if self.rule in judged_rules() else "not judged"


class Verdicts:
    """The verdicts on all rules, in the order of the table.

    Attributes:
        exchanges: How many exchanges were compared, or said nothing.
        places: The places that differ, each in its exchange.
        open: The places that differ and were set aside, and the rules about which an exchange says nothing.
        uncovered: The first difference of each place that no rule covers.
        omitted: The places of optional fields that are absent where the fake has null, or the reverse.
        inferred: What was assumed about the tests and the operator, and how often.
    """

    def __init__(self, rules: Iterable[str]) -> None:
        self.rules: dict[str, RuleVerdict] = {name: RuleVerdict(name) for name in rules}
        self.exchanges: int = 0
        self.places: set[tuple[str, str, str, str]] = set()
        self.open: set[tuple[str, int, str]] = set()
        self.uncovered: dict[_Place, Difference] = {}
        self.omitted: Counter[str] = Counter()
        self.inferred: Counter[str] = Counter()

    def __iter__(self) -> Iterator[RuleVerdict]:
        return iter(self.rules.values())

    @property
    def refuted(self) -> list[RuleVerdict]:
        """The rules that are refuted."""
        return [verdict for verdict in self if verdict.differing]

    @property
    def sparse(self) -> dict[str, int]:
        """The omitted places of fields that are there where they are not null."""
        differing = (one for verdict in self.refuted for one in verdict.differences if one.kind == "missing")
        missing = {one.where.rpartition(".")[2] for one in differing}
        return {place: times for place, times in self.omitted.items() if place.rpartition(".")[2] not in missing}

    def count(self, file: str, done: Replayed, points: Iterator[Point], causes: dict[tuple[str, str], str]) -> None:
        """Count one exchange; *causes* has the rules of the differences before it, by record and field."""
        self.exchanges += 1
        view = done.view
        self._doubt(file, done)
        agreed, aside, found = set(done.agrees), dict[str, str](), dict[tuple[str, _Place], Difference]()
        for point in points:
            if point.kind == "omitted":
                self.omitted[f"{view.operation} {point.where}"] += 1
                continue
            rule = rule_of(done, point)
            if not point.differs:
                agreed.add(rule)
                agree(done, point, causes)
                continue
            alone, why = rests_on_all(done, point), why_aside(done, point)
            if rule and why:
                aside[rule] = why
                self.open.add((file, view.exchange.number, point.where))
            else:
                rule = rule and cause_of(done, point, rule, causes)
                one = _difference(file, done, point, alone=alone, assumed=is_assumed(done, point, rule))
                outcome = one.outcome if point.where == "status" or point.where.startswith("error") else ""
                found.setdefault((rule, (view.operation, point.where, f"{point.kind} {outcome}".rstrip())), one)
        for (rule, place), one in found.items():
            self._add(rule, place, one)
        differing = {rule for rule, _ in found}
        self.inferred.update(done.inferred)
        for rule in agreed - differing - aside.keys() - {""}:
            self.rules[rule].agreed += 1
        for rule, why in aside.items():
            self.rules[rule].aside[why] += 1
        for rule in differing - {""}:
            self.rules[rule].differing += 1

    def _doubt(self, file: str, done: Replayed) -> None:
        of_success = {rule_of_success(done): done.why} if done.why else {}
        for rule, why in {**done.doubts, **of_success}.items():
            if rule:
                self.rules[rule].doubts[why] += 1
                self.open.add((file, done.view.exchange.number, rule))

    def _add(self, rule: str, key: _Place, found: Difference) -> None:
        self.places.add((found.file, found.place, found.operation, found.where))
        first = self.rules[rule].first if rule else self.uncovered
        old = first.get(key)
        first[key] = found if old is None else replace(old, times=old.times + 1)


def _difference(file: str, done: Replayed, point: Point, *, alone: bool, assumed: bool) -> Difference:
    view, number = done.view, done.view.exchange.number
    outcome = f"{done.reply.status if done.reply else ''} {done.code}".strip()
    url = (
        f"{view.exchange.method} {view.exchange.url.partition('?')[0]}" if view.row.signed or not view.operation else ""
    )
    said = view.operation, point.where, point.kind, point.seen, point.fake, outcome
    return Difference(file, number, *said, alone=alone, assumed=assumed, url=url)
