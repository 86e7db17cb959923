"""What a run has ordered: the requests that held or spent credits, with which keys, and which of them are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from .._core.base.amounts import plain, total
from .._core.wire.call import BY_FAULT, Call
from .._core.wire.lines import Note
from .compare import keys_of

if TYPE_CHECKING:
    from .laws import Day
    from .runs.run import ExploredRun

_HELD: Final = "held credits "
_SPENT: Final = "credits "


class Order(NamedTuple):
    """A request that held or spent credits.

    Attributes:
        call: The request.
        number: 1 for the first request of its operation in the run.
        body: What it is: its team, operation, path and body.
        price: How many credits it held or spent.
        records: The records that it has created, and those in its path.
    """

    call: Call
    number: int
    body: tuple[str, ...]
    price: Decimal
    records: frozenset[str]


class Charge(NamedTuple):
    """Equal orders, of which there were more than on the good day.

    Attributes:
        first: The first of them.
        kind: What their keys have in common, such as ``no key``.
        keys: The same in a sentence.
        text: What the team paid, and for which orders.
    """

    first: Call
    kind: str
    keys: str
    text: str


def orders(day: Day) -> list[Order]:
    """Return the orders of a run. A poll orders nothing, it only ends a hold."""
    prices: dict[int, Decimal] = {}
    made: dict[int, set[str]] = {}
    for note in day.notes:
        if note.during:
            prices[note.number] = max(prices.get(note.number, Decimal(0)), _increase(note))
            record, _, change = note.text.partition(": ")
            made.setdefault(note.number, set()).update({record} if change.startswith("new") else ())
    seen: Counter[str | None] = Counter()
    found: list[Order] = []
    for call, body in zip(day.calls, keys_of(day.calls), strict=True):
        seen[call.operation] += 1
        if call.method != "GET" and (price := prices.get(call.number, Decimal(0))) > 0:
            records = frozenset({*made[call.number], *call.path.split("/")})
            found.append(Order(call, seen[call.operation], (call.team or "", *body), price, records))
    return found


def _increase(note: Note) -> Decimal:
    """Return by how much the credits that are held or spent have grown."""
    words = note.text.replace(",", "").split(" ")
    if note.text.startswith(_HELD):
        return Decimal(words[4]) - Decimal(words[2])
    if note.text.startswith(_SPENT):
        return Decimal(words[1]) - Decimal(words[3])
    return Decimal(0)


def overcharged(day: Day, good: Day, run: ExploredRun) -> Charge | None:
    """Return for what a team has paid too much; None if no team has.

    What the good day ordered may be paid, as often as it ordered it, also if the good day cancels it, and a bad day
    cannot. A record that a fault has deleted may be ordered again, and so may a stream that a fault has broken: no key
    leads back to its text (chat-7). What failed costs nothing (cred-2).

    Args:
        day: The bad day, with the second run after it if there was one.
        good: The good day.
        run: The run with the fault.
    """
    dear = [team for team, paid in day.paid.items() if paid > good.paid.get(team, Decimal(0))]
    if not dear:  # as in most cases
        return None
    ours, usual = orders(day), orders(good)
    for team in dear:
        mine = [one for one in ours if one.call.team == team]
        ordered = [one for one in usual if one.call.team == team]
        excused = [one for one in mine if one.call.ended == BY_FAULT or one.records & run.deleted]
        paid, then = day.paid[team], good.paid.get(team, Decimal(0))
        left = paid - total(one.price for one in excused)
        counts = [one for one in mine if one not in excused and not one.records & run.failed.keys()]
        more = Counter(one.call.operation for one in counts)
        more.subtract(one.call.operation for one in ordered)
        is_more = any(number > 0 for number in more.values())
        if left > then and (is_more or left > total(one.price for one in ordered)):
            who = day.end.teams.get(team, "the code")
            paid_more = f"{who} paid {plain(paid)} credits, on the good day {plain(then)}"
            return _charge(ours, usual, paid_more, day.end.teams)
    return None


def _charge(ours: Sequence[Order], usual: Sequence[Order], paid: str, teams: Mapping[str, str]) -> Charge:
    """Return the equal orders of which there are most more than on the good day."""
    had = Counter(one.body for one in usual)
    groups: dict[tuple[str, ...], list[Order]] = {}
    for one in ours:
        groups.setdefault(one.body, []).append(one)
    most = max(groups.values(), key=lambda group: len(group) - had[group[0].body])
    kind, keys = _keys(most)
    owners = [teams.get(one.call.team or "", "") for one in most]
    numbers = [f"#{one.number}{owner and f' of {owner}'}" for one, owner in zip(most, owners, strict=True)]
    text = f"{paid}: {most[0].call.operation} {' and '.join(numbers)} took effect, and {keys}"
    return Charge(most[0].call, kind, keys, text)


def key_of(call: Call) -> str | None:
    """Return the ``Idempotency-Key`` of a request; None if it has none."""
    return call.sent_headers.get("idempotency-key") or None


def _keys(group: Sequence[Order]) -> tuple[str, str]:
    """Return in a word and in a sentence with which keys some orders were sent."""
    keys = [key_of(one.call) for one in group]
    if not any(keys):
        none = {1: "the request had no", 2: "neither request had an"}.get(len(keys), "none of the requests had an")
        return "no key", f"{none} Idempotency-Key"
    if len(keys) == 1:
        return "an order", "the request had an Idempotency-Key"
    if len(set(keys)) == len(keys):
        return "another key", "each request had another Idempotency-Key"
    return "one key", "the requests had one Idempotency-Key"
