"""What a run has ordered, with which keys, and which of these orders are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from .._core.base.amounts import plain
from .._core.base.data import as_object, parsed
from .._core.wire.call import BY_FAULT, Call
from .._facade import CATALOG
from .compare import key_of, keys_of, named_by

if TYPE_CHECKING:
    from .laws import Day
    from .runs.run import ExploredRun


class Order(NamedTuple):
    """A request that took effect and costs credits."""

    call: Call
    body: tuple[str, ...]  # what it is: its team, operation, path and body
    records: frozenset[Any]  # those whose work it has started, and those in its path and its response


def orders(day: Day) -> list[Order]:
    return [
        Order(
            call,
            (call.team or "", *body),
            frozenset([*named_by(call), *(work.record for work in day.starting.get(call.number, ()))]),
        )
        for call, body in zip(day.calls, keys_of(day.calls), strict=True)
        if call.committed and call.operation and CATALOG.by_operation[call.operation].pays
    ]


def ordered_instead(day: Day, good: Day) -> set[Any]:
    """Return the records that a day has ordered with other bodies than the good day, as a fallback does."""
    usual = {one.body for one in orders(good)}
    return {record for one in orders(day) if one.body not in usual for record in one.records}


def overcharged(day: Day, good: Day, run: ExploredRun) -> tuple[list[Order], str] | None:
    """Return equal orders that are more than on the good day, and what their team paid; None if there are none.

    What the good day ordered may be paid, as often as it ordered it, also if the good day cancels it, and a bad day
    cannot. A record that a fault has deleted may be ordered again, and so may a stream that a fault has broken: no key
    leads back to its text (chat-7). What failed costs nothing (cred-2).
    """
    for team, paid in day.paid.items():
        then = good.paid.get(team, Decimal(0))
        if paid <= then:  # as in most cases
            continue
        ours, usual = ([one for one in orders(of) if one.call.team == team] for of in (day, good))
        excused = run.deleted | run.failed.keys()
        counts = [one for one in ours if one.call.ended != BY_FAULT and not one.records & excused]
        if Counter(one.call.operation for one in counts) - Counter(one.call.operation for one in usual):
            had = Counter(one.body for one in usual)
            groups: dict[tuple[str, ...], list[Order]] = {}
            for one in ours:
                groups.setdefault(one.body, []).append(one)
            most = max(groups.values(), key=lambda group: len(group) - had[group[0].body])
            if day.senders:  # which differ, if each worker orders something else
                most = [one for one in ours if one.call.operation == most[0].call.operation]
            who = day.end.teams.get(team, "the code")
            text = f"{who} paid {plain(paid)} credits, on the good day {plain(then)}"
            return most, f"{text}: {most[0].call.operation} took effect"
    return None


def why_too_many(group: Sequence[Order], day: Day, good: Day) -> tuple[str, str]:
    """Return in a word and in a sentence why there are too many orders: who sent them, what they order, or the keys."""
    keys, first, usual = [key_of(one.call) for one in group], group[0], orders(good)
    if day.senders and len({(one.body, key_of(one.call)) for one in group}) == len(group):
        return "no guard", "no guard, such as a lock around the check and the order, keeps both workers from ordering"
    other = next(filter(None, (_only_difference(first, one) for one in usual)), "")
    if other and all(one.body != first.body for one in usual):
        return f"another {other}", f"another {other} was paid as well"
    if not any(keys):
        none = {1: "the request had no", 2: "neither request had an"}.get(len(keys), "none of the requests had an")
        return "no key", f"{none} Idempotency-Key"
    if len(keys) == 1:
        return "an order", "the request had an Idempotency-Key"
    if len(set(keys)) == len(keys):
        return "another key", "each request had another Idempotency-Key"
    return "one key", "the requests had one Idempotency-Key"


def _only_difference(order: Order, other: Order) -> str:
    """Return the name of the field by which alone the bodies of two orders of one operation differ; else empty."""
    ours, theirs = (as_object(parsed(one.body[-1].encode())) for one in (order, other))
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return names[0] if len(names) == 1 and order.call.operation == other.call.operation else ""
