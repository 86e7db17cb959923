"""The verdict on each rule, from the exchanges of all recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from . import rules
from .replay import SHARED, Replayed
from .values import Point

_Place: TypeAlias = tuple[str, str, str]
"""An operation, a place in its response, and what was compared there (`_compared`)."""
Word = Literal["as written", "as written, but", "refuted", "cannot tell", "not judged", "not seen"]


@dataclass(kw_only=True)
class Difference(Point):
    """A place that differs between a recording and the fake."""

    file: str
    number: int  # of the exchange, from 1
    operation: str
    outcome: str  # status and code of the fake's response
    alone: bool  # whether it is a difference only if no other client has used the team meanwhile
    url: str  # of a request that is not to the API itself; empty for any other
    times: int = 0  # in how many exchanges there is such a difference


@dataclass
class RuleVerdict:
    """What the recordings say about one rule: how many exchanges agree and differ."""

    rule: str
    agreed: int = 0
    differing: int = 0
    first: dict[_Place, Difference] = field(default_factory=dict[_Place, Difference])  # by place and outcome there
    doubts: Counter[str] = field(default_factory=Counter[str])  # why exchanges say nothing, and how many
    aside: Counter[str] = field(default_factory=Counter[str])  # why exchanges that differ refute nothing, and how many

    @property
    def reasons(self) -> set[str]:
        return {*self.doubts, *self.aside}

    @property
    def differences(self) -> list[Difference]:
        return list(self.first.values())

    @property
    def assumed(self) -> bool:
        return all(one.assumed for one in self.differences)

    @property
    def word(self) -> Word:
        if self.differing:
            return "refuted"
        if self.agreed:
            return "as written, but" if self.aside else "as written"
        if self.reasons:
            return "not judged" if self.reasons == {SHARED} else "cannot tell"
        return "not seen" if self.rule in rules.judged_rules() else "not judged"


class Verdicts:
    """The verdicts on all rules, in the order of the table."""

    def __init__(self, names: Iterable[str]) -> None:
        self.rules: dict[str, RuleVerdict] = {name: RuleVerdict(name) for name in names}
        self.exchanges: int = 0  # how many were compared, or said nothing
        self.places: set[tuple[str, int, str, str]] = set()  # that differ, each in its exchange
        self.open: set[tuple[str, int, str]] = set()  # places set aside, and rules about which an exchange says nothing
        self.uncovered: dict[_Place, Difference] = {}  # the first of each place that no rule covers
        self.omitted: Counter[str] = Counter()  # places of optional fields that only one side has, the other null
        self.inferred: Counter[str] = Counter()  # what was assumed about the tests and the operator, and how often

    def __iter__(self) -> Iterator[RuleVerdict]:
        return iter(self.rules.values())

    @property
    def refuted(self) -> list[RuleVerdict]:
        return [verdict for verdict in self if verdict.differing]

    @property
    def sparse(self) -> dict[str, int]:
        """The omitted places of fields that are there where they are not null."""
        differing = (one for verdict in self.refuted for one in verdict.differences if one.kind == "missing")
        missing = {one.where.rpartition(".")[2] for one in differing}
        return {place: times for place, times in self.omitted.items() if place.rpartition(".")[2] not in missing}

    def reveal(self, left: Verdicts) -> None:
        """Refute, too, what still differs under the readings that explain the rest: other differences had hidden it."""
        self.rules |= {one.rule: one for one in left.refuted if not self.rules[one.rule].differing}

    def count(self, file: str, done: Replayed, points: Iterator[Point], causes: dict[tuple[str, str], str]) -> None:
        """Count one exchange; *causes* has the rules of the differences before it, by record and field."""
        self.exchanges += 1
        view = done.view
        doubts = done.doubts | ({rules.rule_of_success(done): done.why} if done.why else {})
        for rule in doubts.keys() - {""}:
            self.rules[rule].doubts[doubts[rule]] += 1
            self.open.add((file, view.exchange.number, rule))
        agreed, aside, found = set(done.agrees), dict[str, str](), dict[tuple[str, _Place], Difference]()
        for point in points:
            if point.kind == "omitted":
                self.omitted[f"{view.operation} {point.where}"] += 1
                continue
            if not point.differs:
                agreed |= rules.agreeing(done, point)
                continue
            rule = rules.rule_of(done, point)
            alone = rules.rests_on_all(done, point)
            why = rules.why_aside(done, point, alone=alone)
            if rule and why:
                aside[rule] = why
                self.open.add((file, view.exchange.number, point.where))
            else:
                rule = rule and rules.cause_of(done, point, rule, causes)
                one = _difference(file, done, replace(point, assumed=rules.is_assumed(done, point, rule)), alone=alone)
                found.setdefault((rule, (view.operation, point.where, _compared(one))), one)
        for (rule, place), one in found.items():
            self.places.add((file, one.number, one.operation, one.where))
            first = self.rules[rule].first if rule else self.uncovered
            first.setdefault(place, one).times += 1
        differing = {rule for rule, _ in found}
        self.inferred.update(done.inferred)
        for rule in agreed - differing - aside.keys() - {""}:
            self.rules[rule].agreed += 1
        for rule, why in aside.items():
            self.rules[rule].aside[why] += 1
        for rule in differing - {""}:
            self.rules[rule].differing += 1


def _compared(one: Difference) -> str:
    """Return what was compared, of a refusal with the fake's outcome; its headers are other ones than a success has."""
    if one.where.startswith("header."):
        return f"{one.kind} refused" if one.outcome.startswith("4") else one.kind
    return f"{one.kind} {one.outcome}".rstrip() if one.where.startswith(("status", "error")) else one.kind


def _difference(file: str, done: Replayed, point: Point, *, alone: bool) -> Difference:
    sent, operation = done.view.exchange, done.view.operation
    url = f"{sent.method} {sent.url.partition('?')[0]}" if done.view.row.signed or not operation else ""
    place: dict[str, Any] = {"file": file, "number": sent.number, "operation": operation, "url": url}
    return Difference(**vars(point), **place, outcome=done.outcome, alone=alone)
