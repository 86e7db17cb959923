"""What a run has ordered: the requests that held or spent credits, with which keys, and which of them are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


def overcharged(day: Day, good: Day, run: ExploredRun) -> tuple[list[Order], str] | None:
    """Return equal orders, of which there are more than on the good day, with what a team has paid too much.

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
        mine, ordered = ([one for one in of if one.call.team == team] for of in (ours, usual))
        excused = [one for one in mine if one.call.ended == BY_FAULT or one.records & run.deleted]
        counts = [one for one in mine if one not in excused and not one.records & run.failed.keys()]
        more = Counter(one.call.operation for one in counts) - Counter(one.call.operation for one in ordered)
        then, left = good.paid.get(team, Decimal(0)), day.paid[team] - total(one.price for one in excused)
        if left > then and (more or left > total(one.price for one in ordered)):
            had = Counter(one.body for one in usual)
            groups: dict[tuple[str, ...], list[Order]] = {}
            for one in ours:
                groups.setdefault(one.body, []).append(one)
            most = max(groups.values(), key=lambda group: len(group) - had[group[0].body])
            who, of = day.end.teams.get(team, "the code"), day.end.teams.get(most[0].call.team or "", "")
            numbers = " and ".join(f"#{one.number}{of and f' of {of}'}" for one in most)
            paid = f"{who} paid {plain(day.paid[team])} credits, on the good day {plain(then)}"
            return most, f"{paid}: {most[0].call.operation} {numbers} took effect, and"
    return None


def key_of(call: Call) -> str | None:
    """Return the ``Idempotency-Key`` of a request; None if it has none."""
    return call.sent_headers.get("idempotency-key") or None


def keys_of_orders(group: Sequence[Order]) -> tuple[str, str]:
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
