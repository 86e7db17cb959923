"""The laws: what must hold on a bad day, judged by credits, state and time, compared with the good day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._core.base.amounts import plain
from .._core.base.chains import leaves
from .._core.base.data import View
from .._core.base.errors import AurousError, see
from .._core.base.redaction import shortened
from .._core.wire.call import BY_FAULT, Call, Problem
from .._core.wire.lines import Note
from .._facade import Delivery, Pitfall
from .compare import alike, told, unaddressed
from .end_state import EndRecord, EndState, differences

if TYPE_CHECKING:
    from .runs.run import ExploredRun

_ARGUMENTS: Final = "reference/exploring.html#arguments"
_LONGEST: Final = 80
_HELD: Final = "held credits "
_SPENT: Final = "credits "
_CANCELLED: Final = ("status", '"cancelled"')
_NEW_KEY: Final = "new-key-per-attempt"
_TIMED: Final = frozenset({"early-retry"})
"""Pitfalls that depend on time."""


@dataclass(frozen=True)
class Rules:
    """The expectations of a test for its code.

    Attributes:
        may_raise: The exceptions that are a documented failure.
        may_return: Whether a result is a documented failure; None: no result is.
        laws: The laws to judge.
        unstable: Fields of records, as kind and name, that differ from good day to good day.
        same_result: Whether what the run returns looks the same on each good day.
        timeless: Whether the sleeps of the code under test do nothing, so that nothing about time can be judged.
    """

    may_raise: tuple[type[BaseException], ...] = (Exception,)
    may_return: Callable[[Any], object] | None = None
    laws: Collection[str] = ()
    unstable: Collection[tuple[str, str]] = ()
    same_result: bool = True
    timeless: bool = False


@dataclass(frozen=True)
class Day:
    """The result of one run.

    Attributes:
        run: The run.
        outcome: The outcome, as in `Case`.
        error: What it raised, or None.
        returned: What it returned.
        calls: Its requests.
        notes: What changed meanwhile.
        spent: The credits that it spent, and that the work will cost which it has left in progress.
        pitfalls: The pitfalls of its requests.
        problems: Its unmatched requests and bugs of the fake.
        end: Its end state.
        seconds: How far the clock moved meanwhile.
        deliveries: The webhook deliveries that were made, or that a fault has kept from being made.
        starting: Numbers of the requests that started work, and whether it succeeds as its script says.
        polls: Whether a request polled work in progress.
        concurrent: Whether threads or tasks sent the requests side by side.
        views: While tracing, the state at the start as 0, and after each request by its number; else empty.
    """

    run: ExploredRun
    outcome: str
    error: BaseException | None
    returned: Any
    calls: Sequence[Call]
    notes: Sequence[Note]
    spent: Decimal
    pitfalls: Sequence[Pitfall]
    problems: Sequence[Problem]
    end: EndState
    seconds: float
    deliveries: Sequence[Delivery]
    starting: Mapping[int, bool]
    polls: bool
    concurrent: bool
    views: Mapping[int, View]


@dataclass(frozen=True)
class Judged:
    """A bad day beside the good one.

    Attributes:
        rules: What the test says.
        good: The good day.
        bad: The bad day.
        second: A second, undisturbed run after it; None if there was none.
        greased: Whether responses had fields that nobody knows.
    """

    rules: Rules
    good: Day
    bad: Day
    second: Day | None = None
    greased: bool = False


class Law(NamedTuple):
    """A law: what must hold on a bad day, and when it is judged.

    Attributes:
        name: Its name.
        letter: Its mark in the matrix of a report.
        judge: Returns why it is broken, in one sentence, or None.
        in_suites: Whether it can be judged of any test, without knowing what the code under test has promised.
        after_crash: Whether it is judged of a run whose process has died.
        needs_time: Whether it means nothing if the sleeps of the code under test do nothing.
        by_default: Whether it is judged unless a test says otherwise.
    """

    name: str
    letter: str
    judge: Callable[[Judged], str | None]
    in_suites: bool
    after_crash: bool = False
    needs_time: bool = False
    by_default: bool = True


def refused(rules: Rules, day: Day) -> bool:
    """Whether a run returned a value that ``may_return`` accepts as a refusal."""
    if day.outcome != "returned" or rules.may_return is None:
        return False
    try:
        return bool(rules.may_return(day.returned))
    except Exception as error:
        raise AurousError(
            f"explore(may_return=...): may_return raised {told(error)} for the result {unaddressed(day.returned)}. It "
            f"has to say of each result whether it is a documented failure.\n{see(_ARGUMENTS)}"
        ) from error


def differs(judged: Judged) -> bool:
    """Whether a run returned something else than the good day, and no law judges that."""
    rules, good, bad = judged.rules, judged.good, judged.bad
    judges = "returns" in rules.laws or not rules.same_result or bad.outcome != "returned" or refused(rules, bad)
    return not judges and not alike(bad.returned, good.returned, greased=judged.greased)


def needs_second(rules: Rules, day: Day) -> bool:
    """Whether a second run has to repair what a run has left."""
    if day.run.deleted:
        return False
    return day.outcome in {"raised", "crashed"} or refused(rules, day)


def _ends(judged: Judged) -> str | None:
    return f"the run did not end by itself: {judged.bad.run.stopped}" if judged.bad.run.stopped else None


def _tells(judged: Judged) -> str | None:
    rules, good, bad = judged.rules, judged.good, judged.bad
    known = {(one.kind, one.call.method, one.call.path) for one in good.problems}
    for problem in bad.problems:
        if (problem.kind, problem.call.method, problem.call.path) not in known:
            what = "is unknown to the API" if problem.kind == "unmatched" else "met a bug or a failing condition"
            return f"{problem.call.method} {problem.call.path} {what}"
    if bad.outcome == "raised" and bad.error is not None:
        for error in leaves(bad.error):
            if _never_allowed(error):
                return f"the code raised {_named(error)}, which is never a documented failure"
            if not isinstance(error, rules.may_raise):
                allowed = ", ".join(kind.__name__ for kind in rules.may_raise) or "nothing"
                return f"the code raised {_named(error)}, which may_raise does not allow; it allows {allowed}"
    if bad.outcome != "returned" or refused(rules, bad):
        return None
    difference = _difference(bad, good, rules)
    result = unaddressed(bad.returned) if rules.same_result else f"a value of type {type(bad.returned).__name__}"
    return difference and f"the code returned {result}, but {difference}"


def _pays_once(judged: Judged) -> str | None:
    good, bad = judged.good, judged.bad
    if bad.spent <= good.spent + _price_of(bad, bad.run.deleted) + _paid_for_broken_streams(bad):
        return None
    difference = _difference(bad, good, judged.rules)
    return "; ".join(filter(None, (difference, f"the code paid {_credits(bad, good)}")))


def _credits(day: Day, good: Day) -> str:
    return f"{plain(day.spent)} credits, the good day paid {plain(good.spent)}: {_charges(day, good)}"


def _spares(judged: Judged) -> str | None:
    rules, good, bad = judged.rules, judged.good, judged.bad
    touched = {record.id for record in good.end.gone} | {note.text.partition(":")[0] for note in good.notes}
    touched -= _left_alone_in_progress(good, rules)
    deleted, now = {record.id for record in bad.end.deleted}, {record.id: record for record in bad.end.there}
    parts: list[str] = []
    for before in bad.end.gone:
        if before.id in touched | bad.run.deleted:
            continue
        alone = bad.end.alone.get(before.id)
        wanted, when = (before, "before the run") if alone is None else (alone, "without the run")
        label = f"the {before.label(rules.unstable)}, which existed before and which the good day leaves alone,"
        if before.id in deleted:
            parts.append(f"{label} was deleted")
        elif before.id in now and (changes := _changes(now[before.id], wanted, rules, when)):
            parts.append(f"{label} has {changes}")
    return "; ".join(parts) or None


def _left_alone_in_progress(good: Day, rules: Rules) -> set[str]:
    """Return the records that were in progress before the good day, and that only their own work has changed.

    A record that the good day polls by its id is its own job: it may cancel that on a bad day.
    """
    named = {part for call in good.calls for part in call.path.split("/")}
    ends = {record.id: record.key(rules.unstable) for record in good.end.there}
    alone = good.end.alone.items()
    return {one for one, record in alone if one not in named and ends.get(one) == record.key(rules.unstable)}


def _returns(judged: Judged) -> str | None:
    rules, good, bad = judged.rules, judged.good, judged.bad
    if bad.outcome != "returned" or refused(rules, bad) or alike(bad.returned, good.returned, greased=judged.greased):
        return None
    return f"the code returned {unaddressed(bad.returned)}, on the good day {unaddressed(good.returned)}"


def _no_pitfall(judged: Judged) -> str | None:
    ignored = _TIMED if judged.rules.timeless else frozenset[str]()
    found = [one for one in new_pitfalls(judged.bad, judged.good) if one.id not in ignored]
    texts = "; ".join(f"[{one.id}] {one.message}" for one in found)
    return texts and f"the code met a pitfall: {texts}"


def _recovers(judged: Judged) -> str | None:
    good, second = judged.good, judged.second
    if second is None:
        return None
    if second.run.stopped:
        return f"a second run did not end by itself: {second.run.stopped}"
    rules, bad = judged.rules, judged.bad
    if second.error is not None:
        repeated = bad.run.failed and type(second.error) is type(bad.error)
        # The key leads to the work that the first run has cancelled (idem-3).
        if repeated or (_has_cancelled(bad, good) and allowed(second.error, rules.may_raise)):
            return None
        return f"a second run raised {_named(second.error)}"
    refused_again = bad.run.failed and refused(rules, bad) and refused(rules, second)
    # A first run may have cancelled what took too long: that costs nothing, and stays for good (cred-2, img-7).
    difference = "" if refused_again else _difference(second, good, rules, may_be_left=_CANCELLED)
    most = good.spent + _paid_for_broken_streams(bad)
    paid = f"both runs paid {_credits(second, good)}" if second.spent > most else ""
    return "; ".join(filter(None, (difference and f"after a second run {difference}", paid))) or None


def _has_cancelled(day: Day, good: Day) -> bool:
    """Whether a run has cancelled more than the good day."""
    now, then = (sum(_CANCELLED in record.fields for record in one.end.there) for one in (day, good))
    return now > then


LAWS: Final[dict[str, Law]] = {
    law.name: law
    for law in (
        Law("pays_once", "P", _pays_once, in_suites=True),
        Law("spares", "S", _spares, in_suites=False, after_crash=True),
        Law("ends", "E", _ends, in_suites=True, needs_time=True),
        Law("tells", "T", _tells, in_suites=False),
        Law("returns", "V", _returns, in_suites=False, by_default=False),
        Law("no_pitfall", "N", _no_pitfall, in_suites=True),
        Law("recovers", "R", _recovers, in_suites=False, after_crash=True),
    )
}
"""Each law by its name; of several that a case breaks, a report puts the first one here first."""


def judge(judged: Judged) -> dict[str, str]:
    """Return the laws that a bad day breaks, each with its reason, in the order of `LAWS`."""
    rules, outcome = judged.rules, judged.bad.outcome
    if outcome == "unmet":
        return {}
    laws = [
        law
        for law in LAWS.values()
        if law.name in rules.laws
        and (law.after_crash or outcome != "crashed")
        and not (law.needs_time and rules.timeless)
    ]
    reasons = {law.name: law.judge(judged) for law in laws}
    return {name: reason for name, reason in reasons.items() if reason}


def _never_allowed(error: BaseException) -> bool:
    by_pytest = (type(error).__module__, type(error).__name__) == ("builtins", "Failed")  # where pytest puts it
    return by_pytest or isinstance(error, (AssertionError, AurousError))


def allowed(error: BaseException, may_raise: tuple[type[BaseException], ...]) -> bool:
    """Whether an exception, or each one in a group, is a documented failure."""
    return all(isinstance(leaf, may_raise) and not _never_allowed(leaf) for leaf in leaves(error))


def _named(error: BaseException) -> str:
    """Return the type of an exception, or of each in a group, with its message."""
    return " and ".join(dict.fromkeys(map(_told, leaves(error))))


def _told(leaf: BaseException) -> str:
    name, _, message = told(leaf).partition(": ")
    return f"{name} ({shortened(message, _LONGEST)})" if message else name


def _difference(day: Day, good: Day, rules: Rules, may_be_left: tuple[str, str] | None = None) -> str:
    """Return how the records at the end differ from the good day, the worst first; empty if they do not.

    What existed before the run, and a fault has deleted, does not count: no run can bring it back.
    """
    unstable, lost = rules.unstable, day.run.deleted & {record.id for record in day.end.gone}
    found, wanted = day.end.without(lost), good.end.without(lost)
    more, missing = differences(found, wanted, unstable)
    more = [record for record in more if may_be_left not in record.fields]
    ids = {record.id: record for record in more}
    deleted = [record.key(unstable) for record in found.deleted]
    gone: list[str] = []
    other: list[str] = []
    for record in missing:
        label, now = record.label(unstable), ids.pop(record.id, None)
        if now is not None:
            other.append(f"the {now.label(unstable)} has {_changes(now, record, rules, 'on the good day')}")
        elif record.key(unstable) in deleted:
            gone.append(f"the {label}, which the good day left, was deleted")
        else:
            other.append(f"there is no {label}, which the good day left")
    usual = {record.key(unstable) for record in wanted.there}
    left = Counter(record.key(unstable) for record in more if record.id in ids)
    there = Counter(record.key(unstable) for record in found.there)
    labels = {record.key(unstable): record.label(unstable) for record in more}
    twice = [f"the {labels[key]} exists {_times(there[key])}" for key in left if key in usual]
    over = [
        f"the {labels[key]} is left over{f' {_times(count)}' if count > 1 else ''}"
        for key, count in left.items()
        if key not in usual
    ]
    return "; ".join([*gone, *twice, *over, *other])


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"  # noqa: PLR2004 - a word of its own


def _changes(found: EndRecord, wanted: EndRecord, rules: Rules, when: str) -> str:
    return "; ".join(
        f"{name} {now or 'absent'}, {when} {then or 'absent'}"
        for name, now, then in found.changes(wanted, rules.unstable)
    )


def paying(day: Day) -> list[Call]:
    """Return the requests that held or spent credits."""
    numbers = {note.number for note in day.notes if note.during and _increase(note) > 0}
    return [call for call in day.calls if call.number in numbers and call.method != "GET"]  # a poll only ends a hold


def _increase(note: Note) -> Decimal:
    """Return by how much the credits that are held or spent have grown."""
    words = note.text.replace(",", "").split(" ")
    if note.text.startswith(_HELD):
        return Decimal(words[4]) - Decimal(words[2])
    if note.text.startswith(_SPENT):
        return Decimal(words[1]) - Decimal(words[3])
    return Decimal(0)


def _price_of(day: Day, records: Collection[str]) -> Decimal:
    """Return the cost of the requests that created *records*."""
    created = {
        note.number for note in day.notes if note.during and any(note.text.startswith(f"{one}: new") for one in records)
    }
    prices = {number: Decimal(0) for number in created}
    for note in day.notes:
        if note.during and note.number in created:
            prices[note.number] = max(prices[note.number], _increase(note))
    return sum(prices.values(), Decimal(0))


def _paid_for_broken_streams(day: Day) -> Decimal:
    """Return the cost of the streams that a fault has broken: to get their text, one has to pay again (chat-7)."""
    broken = {call.number for call in day.calls if call.ended == BY_FAULT}
    notes = (note for note in day.notes if note.number in broken and note.text.startswith(_SPENT))
    return sum(map(_increase, notes), Decimal(0))


def new_pitfalls(day: Day, good: Day) -> list[Pitfall]:
    """Return the pitfalls that the same operations did not meet on the good day."""
    had = {(one.id, one.call.operation) for one in good.pitfalls}
    return [
        one
        for one in day.pitfalls
        if (one.id, one.call.operation) not in had
        # The good day also orders the same several times: each order has a key of its own.
        and not (one.id == _NEW_KEY and _keys(day, one.call) <= _keys(good, one.call))
    ]


def _keys(day: Day, call: Call) -> int:
    """Return how many keys a day has sent with one body."""
    alike = [one for one in day.calls if (one.operation, one.content) == (call.operation, call.content)]
    return len({one.sent_headers.get("idempotency-key") for one in alike})


def charged_again(day: Day, good: Day) -> list[str]:
    """Return the operations that were charged more often than on the good day."""
    more = Counter(call.operation or "" for call in paying(day))
    more.subtract(call.operation or "" for call in paying(good))
    return sorted(operation for operation, number in more.items() if number > 0)


def _charges(day: Day, good: Day) -> str:
    """Return a text about the requests that have cost more than on the good day."""
    usual = Counter(call.operation for call in paying(good))
    number: Counter[str] = Counter()
    charged = {call.number for call in paying(day)}
    groups: dict[str, list[tuple[int, Call]]] = {}
    for call in day.calls:
        operation = call.operation or ""
        number[operation] += 1
        if call.number in charged:
            groups.setdefault(operation, []).append((number[operation], call))
    texts = [_both(operation, made) for operation, made in groups.items() if len(made) > usual[operation]]
    return "; ".join(texts) or ", ".join(f"{operation} x{len(made)}" for operation, made in groups.items())


def _both(operation: str, made: Sequence[tuple[int, Call]]) -> str:
    keys = [call.request.headers.get("idempotency-key") for _, call in made]
    who = f"{operation} {' and '.join(f'#{number}' for number, _ in made)}"
    took = "both took effect" if len(made) == 2 else "took effect"  # noqa: PLR2004 - two of them
    none = "neither had" if len(made) == 2 else "none had" if len(made) > 1 else "it had no"  # noqa: PLR2004
    if not any(keys):
        return f"{who} {took}; {none} {'an ' if len(made) > 1 else ''}Idempotency-Key"
    if len(set(keys)) == len(keys):
        return f"{who} {took}, {'each with another' if len(made) > 1 else 'with an'} Idempotency-Key"
    return f"{who} {took}"
