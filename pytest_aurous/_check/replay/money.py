"""The credits of a team: which changes of a balance its work allows, and which rule another change contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Final

from ..recording.view import RUNNING

Change = tuple[Decimal, Decimal]
"""A change of credits and of held credits."""
Effects = Mapping[str, tuple[int, int]]
"""What work in each state has done to credits and held credits, in prices.

The states are ``new`` before the order, ``run``, ``good`` and ``bad``; for a request that costs nothing, ``free``.
"""
_ON_COMPLETION: Final[Effects] = {"new": (0, 0), "run": (0, 1), "good": (-1, 0), "bad": (0, 0), "free": (0, 0)}
_AT_CREATE: Final[Effects] = {**_ON_COMPLETION, "run": (-1, 0), "bad": (-1, 0)}
EFFECTS: Final[Mapping[str, Effects]] = {"on_completion": _ON_COMPLETION, "at_create": _AT_CREATE}
"""The effects under each reading of cred-2."""
_OTHERWISE: Final[tuple[tuple[str, Effects], ...]] = (
    ("free", {"free": (-1, 0)}),
    ("free", {"free": (0, 1)}),
    ("failed", {"bad": (-1, 0)}),
    ("held", {"bad": (0, 1)}),
    ("cred-2", _AT_CREATE),
    ("cred-2", _ON_COMPLETION),
    ("cred-2", {"good": (0, 1), "bad": (0, 1)}),
    ("cred-2", {"good": (-1, 1), "bad": (0, 1)}),
    ("cred-2", {"good": (0, 0)}),
    ("cred-2", {"run": (0, 0)}),
)
"""The effects if the rule about a state, or cred-2, does not hold: the first that explain a balance count."""
_SHOWN: Final = Decimal("0.000001")
"""To which a balance is exact."""
GOOD: Final = ("reviewing", "ready", "succeeded")
"""The statuses in which work ends well."""
_MOST: Final = 20_000
"""How many balances are looked at: work whose end nothing shows can allow more than there is time for."""


@dataclass(eq=False)
class PaidWork:
    """Work that a request ordered, or a request that costs nothing.

    Attributes:
        record: The id of its record; empty for unknown work.
        price: Its price.
        rule: The rule of its price; for a request that costs nothing, the rule that says so.
        kind: What was ordered: ``synthesis``, ``pose``, ``image`` or ``video``; empty for anything else.
        shown: Whether the response has shown the price.
        at: When it was ordered, in epoch seconds.
        now: The states in which it may be.
        before: Those in which it may have been at the last balance.
    """

    record: str
    price: Decimal
    rule: str
    kind: str = ""
    shown: bool = False
    at: float = 0.0
    now: set[str] = field(default_factory=lambda: {"run"})
    before: set[str] = field(default_factory=lambda: {"new"})

    @property
    def free(self) -> bool:
        """Whether it costs nothing."""
        return "free" in self.now

    @property
    def failure(self) -> str:
        """The rule that it costs nothing if it fails; empty for unknown work."""
        return "" if not self.record else "cred-5" if self.record.startswith("char_") else "img-11"

    def rules(self) -> set[str]:
        """Return the rules that a balance confirms which is as this work lets expect."""
        if self.free or len(self.now) > 1:
            return set()
        return {self.failure} if "bad" in self.now else {"cred-2", self.rule} if self.kind else {self.rule}

    def changes(self, effects: Effects) -> Iterator[tuple[str, Change]]:
        """Yield the states in which it may be now, each with a change since the last balance."""
        for then in self.before:
            for now in self.now if then in {"new", "run"} else {then} & self.now:
                old, new = effects[then], effects[now]
                yield now, (self.price * (new[0] - old[0]), self.price * (new[1] - old[1]))


@dataclass
class Money:
    """What is known of the credits of one team.

    Attributes:
        effects: What work does to credits.
        base: Credits and held credits at the last balance; None if something unknown has changed them since.
        works: The works that were under way then, or were ordered since.
        blind: Up to which exchange the recording does not show all that was ordered, and why.
        right: The kinds of work whose price agreed with a balance.
        broken: What has explained a balance that no rule allows, the latest first.
        at: The index of the last balance; -1 without one.
        earlier: Whether credits were held before the recording.
    """

    effects: Effects
    base: Change | None = None
    works: list[PaidWork] = field(default_factory=list[PaidWork])
    blind: tuple[float, str] = (-1, "")
    right: set[str] = field(default_factory=set[str])
    broken: list[tuple[str, Effects]] = field(default_factory=list[tuple[str, Effects]])
    earlier: bool = False
    at: int = -1

    def end(self, record: str, ends: set[str]) -> None:
        """Note how the work on a record may have ended."""
        for work in self.works:
            if work.record == record and {"new", "run"} & work.now:
                work.now = ends

    def leave_open(self, until: float, why: str) -> None:
        """Judge no balance before the exchange with the index *until*, and the next one only as a start."""
        self.base = None
        self.blind = max(self.blind[0], until), self.blind[1] or why

    def rules(self) -> set[str]:
        """Return the rules that a balance is about after the works since the last one."""
        return {rule for work in self.works for rule in work.rules()} - {""}

    def possible(self, rule: str = "", otherwise: Effects | None = None) -> list[set[Change]]:
        """Return the changes that the works allow: without any work, with the first, with the first two, and so on.

        Where a *rule* does not hold, work that it is about may have *otherwise* as its effects.
        """
        found = [{(Decimal(0), Decimal(0))}]
        for work in self.works:
            changes = {change for _, change in work.changes(self.effects)}
            if otherwise and rule in ({work.failure, "cred-2"} if work.kind else {work.rule}):
                changes |= {change for _, change in work.changes({**self.effects, **otherwise})}
            found.append({(one[0] + change[0], one[1] + change[1]) for one in found[-1] for change in changes})
            if len(found[-1]) > _MOST:
                return [set()]
        return found

    def narrow(self, possible: list[set[Change]], ends: set[Change]) -> None:
        """Leave each work the states in which all together have changed the credits by one of *ends*."""
        for work, (starts, _) in reversed(list(zip(self.works, pairwise(possible), strict=True))):
            steps = [
                (now, start)
                for now, change in work.changes(self.effects)
                for end in ends
                if (start := (end[0] - change[0], end[1] - change[1])) in starts
            ]
            work.now, ends = {now for now, _ in steps}, {start for _, start in steps}

    def settle(self) -> None:
        """Forget what has ended: the balance has been compared."""
        self.works = [work for work in self.works if {"new", "run"} & work.now or len(work.now) > 1]
        for work in self.works:
            work.before = set(work.now)

    def contradicted(self, credit: Decimal | None, held: Decimal | None, more: Decimal = Decimal(0)) -> str:
        """Return the rule that a change contradicts: None is not shown; *more* credits than expected are there."""
        for name, otherwise in (*self.broken, *_OTHERWISE):
            bad = {work.failure for work in self.works if work.kind and "bad" in work.now}
            free = {work.rule for work in self.works if work.free}
            about = {"free": free, "failed": bad, "held": bad & {"cred-5"}}.get(name, {name})
            for rule in sorted(about - {""}):
                if is_in(self.possible(rule, otherwise)[-1], credit, held):
                    self.broken.insert(0, (name, otherwise))
                    return rule
        works = [work for work in self.works if work.kind]
        open_ = [work for work in works if not work.shown and work.kind not in self.right]
        ended = [work for work in open_ if ("run" not in work.now) == bool(more)]
        refunds = [work.rule for work in self.works if work.free and (work.rule == "del-1") == (more > 0)]
        if ended or open_:
            return (ended or open_)[0].rule
        if refunds:
            return refunds[0]
        rules = [work.rule for work in self.works if work.rule and not work.free and not (work.kind and work.shown)]
        return rules[0] if rules else "cred-2" if works else "cred-1"


def is_in(changes: set[Change], credit: Decimal | None, held: Decimal | None) -> bool:
    """Whether a change is one of these; None fits any."""
    return any(
        all(new is None or abs(new - old) <= _SHOWN for new, old in zip((credit, held), one, strict=True))
        for one in changes
    )


def ends_of(status: str) -> set[str]:
    """Return the state of the work on a record in *status*: ``run``, ``good`` or ``bad``."""
    return {"run" if status in RUNNING else "good" if status in GOOD else "bad"}
