"""The credits of a team: which changes of a balance its work allows, and which rule another change contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Final, NamedTuple

from ..._facade import ENDED_WELL
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
_FREE: Final[tuple[Effects, ...]] = ({"free": (-1, 0)}, {"free": (0, 1)})
_FAILED: Final[tuple[Effects, ...]] = ({"bad": (-1, 0)}, {"bad": (0, 1)})
_ENDED: Final[tuple[Effects, ...]] = (
    _AT_CREATE,
    _ON_COMPLETION,
    {"good": (0, 1), "bad": (0, 1)},
    {"good": (-1, 1), "bad": (0, 1)},
    {"good": (0, 0)},
    {"run": (0, 0)},
)
"""The effects if what costs nothing, or has failed, does cost something, or if cred-2 does not hold."""
NOTHING: Final = Decimal(0)
_MOST: Final = 20_000
"""How many balances are looked at: work whose end nothing shows can allow more than there is time for."""


@dataclass(eq=False)
class PaidWork:
    """Work that a request ordered, or a request that costs nothing."""

    record: str  # its id; empty for a chat, an embedding, and what costs nothing
    price: Decimal  # as documented
    rule: str  # of its price; for a request that costs nothing, the rule that says so
    kind: str = ""  # ``synthesis``, ``pose``, ``image`` or ``video``; empty for anything else
    shown: Decimal | None = None  # the price that its record shows; None if it shows none
    at: float = 0.0  # when it was ordered
    now: set[str] = field(default_factory=lambda: {"run"})  # the states in which it may be
    before: set[str] = field(default_factory=lambda: {"new"})  # those in which it may have been at the last balance

    @property
    def failure(self) -> str:
        """The rule that it costs nothing if it fails; empty for what cannot fail."""
        return "" if not self.kind else "cred-5" if self.record.startswith("char_") else "img-11"

    def rules(self) -> set[str]:
        """Return the rules that a balance confirms which is as this work lets expect."""
        if "free" in self.now or len(self.now) > 1:
            return set()
        return {self.failure} if "bad" in self.now else {"cred-2", self.rule} if self.kind else {self.rule}

    def changes(self, effects: Effects, others: Sequence[Other]) -> Iterator[tuple[str, Change]]:
        """Yield the states in which it may be now, each with a change since the last balance."""
        others = [one for one in others if one.is_about(self)]
        own = {self.price, self.price if self.shown is None else self.shown}
        prices = {one.price for one in others if one.kind} or own
        for some in (effects, *({**effects, **one.effects} for one in others)):
            for then in self.before:
                for now in self.now if then in {"new", "run"} else {then} & self.now:
                    change = some[now][0] - some[then][0], some[now][1] - some[then][1]
                    yield from ((now, (price * change[0], price * change[1])) for price in prices)


class Other(NamedTuple):
    """What may hold instead of a rule: other effects of the work that it is about, or another price of a kind."""

    rule: str
    effects: Effects
    kind: str = ""
    price: Decimal = NOTHING

    def is_about(self, work: PaidWork) -> bool:
        """Whether the rule is about some work; the price that a record shows is its own."""
        if self.kind:
            return work.kind == self.kind and work.shown is None
        return self.rule in {work.failure, "cred-2" if work.kind else work.rule}


class Seen(NamedTuple):
    """A change of credits and of held credits, each exact to *slack*; None if it is not shown.

    Of the *earlier* credits, held for work that is not in the recording, some may have been released or charged.
    """

    credit: Decimal | None
    held: Decimal | None
    slack: Decimal = NOTHING
    earlier: Decimal = NOTHING

    def more(self, one: Change) -> Change:
        """Return by how much it is more than a change; nothing where it is not shown."""
        credit = NOTHING if self.credit is None else self.credit - one[0]
        return credit, NOTHING if self.held is None else self.held - one[1]

    def is_like(self, one: Change) -> bool:
        credit, held = self.more(one)
        return -self.earlier - self.slack <= held <= self.slack and held - self.slack <= credit <= self.slack


@dataclass
class Money:
    """What is known of the credits of one team."""

    effects: Effects  # of work on credits
    base: Change | None = None  # at the last balance; None if something unknown has changed them since
    at: int = -1  # the index of the last balance; -1 without one
    works: list[PaidWork] = field(default_factory=list[PaidWork])  # that were under way then, or were ordered since
    earlier: Decimal = NOTHING  # what is held for work that the recording does not show
    open: str = ""  # why the next balance is not judged; empty if it is, or without any before
    right: set[str] = field(default_factory=set[str])  # the kinds whose price agreed with a balance
    broken: list[Other] = field(default_factory=list[Other])  # what has explained balances that no rule allows

    def end(self, record: str, ends: set[str]) -> None:
        """Note how the work on a record may have ended."""
        for work in self.works:
            if work.record == record and {"new", "run"} & work.now:
                work.now = ends

    def leave_open(self, why: str) -> None:
        """Let the next balance be a start: something unknown has changed the credits."""
        self.base, self.open = None, self.open or why

    def go_on(self, base: Change | None, index: int) -> None:
        """Forget what has ended: a balance has been compared, from which the next one starts."""
        self.base, self.at, self.open = base, index, "" if base else self.open
        self.works = [work for work in self.works if {"new", "run"} & work.now or len(work.now) > 1]
        for work in self.works:
            work.before = set(work.now)

    def rules(self) -> set[str]:
        """Return the rules that a balance is about after the works since the last one."""
        return {rule for work in self.works for rule in work.rules()} - {""}

    def possible(self, others: Sequence[Other] = (), without: PaidWork | None = None) -> set[Change]:
        """Return the changes that the works allow, perhaps *without* one of them; empty if there are too many."""
        found = {(NOTHING, NOTHING)}
        for work in self.works:
            if work is not without and len(found) <= _MOST:
                changes = {change for _, change in work.changes(self.effects, others)}
                found = {(one[0] + change[0], one[1] + change[1]) for one in found for change in changes}
        return found if len(found) <= _MOST else set()

    def fits(self, seen: Seen, *others: Other) -> bool:
        """Whether the works allow a change; then leave them the states in which they do."""
        if not any(map(seen.is_like, self.possible(others))):
            return False
        for work in (one for one in self.works if len(one.now) > 1):  # any other is in its one state
            rest = self.possible(others, without=work)
            work.now = {
                now
                for now, change in work.changes(self.effects, others)
                if any(seen.is_like((one[0] + change[0], one[1] + change[1])) for one in rest)
            }
        return True

    def begin(self, held: Decimal) -> bool:
        """Let what is held for no known work be for earlier work; False if less is held than the works allow."""
        most = max((one[1] for one in self.possible() if one[1] <= held), default=None)
        self.earlier = held - (most or NOTHING)
        return most is not None and self.fits(Seen(None, most))

    def contradicted(self, seen: Seen) -> str:
        """Return the rule that a change contradicts: the first without which it fits; empty if none explains it."""
        for one in self.broken:
            if self.fits(seen, one):
                return one.rule
        for one in (*self._other_prices(seen), *self._other_effects()):
            if self.fits(seen, one, *self.broken):
                self.broken.append(one)
                return one.rule
        return ""

    def _other_prices(self, seen: Seen) -> Iterator[Other]:
        """Yield the prices that explain a change, for each kind of work whose price nothing has shown."""
        for kind in sorted({work.kind for work in self.works if work.kind and work.shown is None} - self.right):
            none, one = (self.possible([Other("cred-4", {}, kind, Decimal(price))]) for price in (0, 1))
            found = {
                (change - start) / (end - start)
                for pair in product(none, one)
                for change, start, end in zip(seen[:2], *pair, strict=True)
                if change is not None and start != end
            }
            yield from (Other("cred-4", {}, kind, price) for price in sorted(found) if price > 0)

    def _other_effects(self) -> Iterator[Other]:
        """Yield what may hold instead of the rules about requests that cost nothing, failures, and cred-2."""
        free = {work.rule for work in self.works if "free" in work.now}
        failed = {work.failure for work in self.works if work.kind and "bad" in work.now}
        for rules, some in ((free, _FREE), (failed, _FAILED), ({"cred-2"}, _ENDED)):
            yield from (Other(rule, effects) for effects in some for rule in sorted(rules))

    def unexplained(self, more: Decimal) -> str:
        """Return the rule that a change most likely contradicts if nothing explains that *more* credits are there."""
        refunds = [work.rule for work in self.works if "free" in work.now and (work.rule == "del-1") == (more > 0)]
        rules = [work.rule for work in self.works if "free" not in work.now and work.shown is None]
        return next(iter(refunds + rules), "cred-2" if any(work.kind for work in self.works) else "cred-1")


def ends_of(status: str) -> set[str]:
    """Return the state of the work on a record in *status*: ``run``, ``good`` or ``bad``."""
    return {"run" if status in RUNNING else "good" if status in ENDED_WELL else "bad"}
