"""The laws: what must hold on a bad day, judged by credits, state and time, compared with the good day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from linecache import getline
from traceback import walk_tb
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._core.base.amounts import total
from .._core.base.chains import leaves
from .._core.base.data import View
from .._core.base.errors import AurousError, AurousLookupError, shown
from .._core.base.frames import INLINED, SENDERS, Stack, helpers_of, package_of, short_path, shown_line, shown_place
from .._core.base.redaction import shortened
from .._core.wire.call import Call
from .._facade import CATALOG, ENDED_BADLY, Course, Happened, Pitfall
from .charges import ordered_instead, overcharged, why_too_many
from .compare import alike, key_of, told, unaddressed
from .end_state import Change, EndRecord, EndState, changes

if TYPE_CHECKING:
    from decimal import Decimal

    from .options import Options
    from .runs.run import ExploredRun

_LONGEST: Final = 80
_SHOWN: Final = 40
"""Characters of a returned value in a sentence. The end of the sentence says what is wrong, so the value is cut."""
_LISTED: Final = 3
"""So many records are named in a sentence."""
_ASSERT_IT: Final = "; the test may ignore what the code returned: assert it"
_NEW_KEY: Final = "new-key-per-attempt"
_PAID_AGAIN: Final = {"double-charge": "no key", _NEW_KEY: "another key"}
"""Pitfalls that name a mistake which `pays_once` also sees, with its kind."""
_TIMED: Final = frozenset({"early-retry"})
"""Pitfalls that depend on time."""
_STUCK: Final = (
    "the code is stuck until the key expires: a second run sent the same key, which leads to work that is over, so "
    "this job cannot run again for a day. Send a new key once the status says that the work of the last one has "
    "failed or was cancelled"
)
GIVEN_UP: Final = "a second run ordered nothing, because what the first run ordered was refused for good or has failed"
"""Why a second run need not repair anything. It is no warning, as nobody can do anything about it."""
AFTER_A_WHILE: Final = "the code recovers only after a while:"
_FOR_GOOD: Final = frozenset({*range(400, 500)} - {408, 409, 425, 429})
"""Refusals that no later attempt changes."""
_NOT_THERE: Final = frozenset({"missing", "deleted", "changed"})
"""What happens to a record that a run should have left: one kind of mistake."""


@dataclass(frozen=True)
class Day(Happened):
    """The result of one run: what has happened in it, and how it ended."""

    run: ExploredRun
    outcome: str
    error: BaseException | None
    returned: Any
    paid: Mapping[str, Decimal]  # of each team, also what the work will cost which it has left in progress
    end: EndState
    seconds: float
    starting: Mapping[int, Sequence[Course]]  # the work that requests started, by their numbers
    still: Stack | None  # what has polled work again and again while the clock did not move; () if unknown
    concurrent: bool  # threads or tasks sent the requests side by side
    views: Mapping[int, View]  # while tracing, the state at the start as 0, and after each request by its number
    senders: Mapping[int, str]  # of two workers, who sent each request, by its number

    @property
    def spent(self) -> Decimal:
        return total(self.paid.values())


@dataclass(frozen=True)
class Judged:
    """A bad day beside the good one."""

    rules: Options
    good: Day
    bad: Day
    second: Day | None = None  # an undisturbed run after the bad day, with that


class Breach(NamedTuple):
    """How a law was broken."""

    reason: str
    kind: str  # what the cases of one mistake have in common, whichever request was broken
    at: str = ""  # file and line of the mistake; by default, it shows where a request was broken
    law: str = ""  # which names the cause; by default, the one that is broken


class Law(NamedTuple):
    """A law: what must hold on a bad day, and when it is judged."""

    name: str
    letter: str
    judge: Callable[[Judged], Breach | None]
    in_suites: bool  # judged of any test, without knowing what the code under test has promised
    after_crash: bool = False  # judged of a run whose process has died
    needs_time: bool = False  # means nothing if the sleeps of the code under test do nothing


def refused(rules: Options, day: Day) -> bool:
    return day.outcome == "returned" and rules.may_return is not None and bool(rules.may_return(day.returned))


def needs_second(rules: Options, day: Day, good: Day) -> bool:
    """Whether a second run has to repair what one has left; after a fallback was paid, it may pay the first choice."""
    failed = day.outcome in {"raised", "crashed"} or refused(rules, day)
    return failed and not day.run.deleted and not ordered_instead(day, good)


def _ends(judged: Judged) -> Breach | None:
    return _endless(judged, judged.bad, "the run")


def _endless(judged: Judged, day: Day, who: str) -> Breach | None:
    """Return the breach of a run that was stopped: its place is the loop that sends."""
    if not day.run.stopped:
        return None
    at = _line(judged, day.calls[-1]) if day.calls else ""
    return Breach(f"{who} {day.run.stopped}", f"{at or 'run'}: no end", at)


def _line(judged: Judged, call: Call) -> str:
    """Return the line of the application that wanted a request, and the helper that sent it; empty if unknown."""
    return shown_line(call.stack, helpers_of((one.stack, one.operation) for one in judged.good.calls))


def _tells(judged: Judged) -> Breach | None:
    rules, good, bad = judged.rules, judged.good, judged.bad
    if not rules.whole:
        if (breach := _unknown_request(good, bad)) is not None:
            return breach
        if bad.outcome == "raised" and bad.error is not None and not allowed(bad.error, rules.may_raise):
            error = max((one for one in leaves(bad.error) if not allowed(one, rules.may_raise)), key=_never_allowed)
            names = ", ".join(kind.__name__ for kind in rules.may_raise) or "nothing"
            may = f"which may_raise does not allow; it allows {names}"
            why = "which is never a documented failure" if _never_allowed(error) else may
            return _raised(error, f"the code raised {_named(error)}, {why}")
    if bad.outcome != "returned" or refused(rules, bad):
        return None
    found = _untold(judged, _difference(judged, bad))
    if rules.whole:
        return _records(judged, _unnoticed(judged, found), "the test passed, but ", _ASSERT_IT)
    return _records(judged, found, f"the code returned {shortened(unaddressed(bad.returned), _SHOWN)}, but ")


def _untold(judged: Judged, found: list[Change]) -> list[Change]:
    """Leave out what a fallback has ordered, and what that replaces, unless the code returned the same as ever.

    Another result tells the caller, and an object without a repr may. What it returned to a whole test, nobody knows.
    """
    returned = judged.bad.returned
    same = alike(returned, judged.good.returned) and unaddressed(returned) == shown(returned)
    if same and not judged.rules.whole:
        return found
    instead = ordered_instead(judged.bad, judged.good)
    kinds = {one.record.kind for one in found if one.record.id in instead}
    left = [one for one in found if one.record.id not in instead]
    return [one for one in left if one.what != "missing" or one.record.kind not in kinds]


def _unnoticed(judged: Judged, found: Sequence[Change]) -> list[Change]:
    """Return what a test has not achieved that passes: what it leaves beside that is its own matter.

    A record that a fault deletes, the code has made: what the test says of it, nobody knows. And nothing is achieved by
    work that the good day cancels, or that fails there.
    """
    if judged.bad.run.deleted:
        return []
    vain = {one.label for one in judged.good.end.there if one.cancelled or one.status in ENDED_BADLY}
    return [one for one in found if one.what in _NOT_THERE and one.record.label not in vain]


def _unknown_request(good: Day, bad: Day) -> Breach | None:
    known = {(one.kind, one.call.method, one.call.path) for one in good.problems}
    for problem in bad.problems:
        call = problem.call
        if (problem.kind, call.method, call.path) not in known:
            what = "is unknown to the API" if problem.kind == "unmatched" else "met a bug or a failing condition"
            return Breach(f"{call.method} {call.path} {what}", f"{call.method}: {problem.kind}")
    return None


def failed_line(judged: Judged) -> str:
    """Return the line at which a whole test has failed although the code under test had raised nothing, and its text.

    Return an empty text if the test has not failed, or if it failed because of an exception of the code.
    """
    error = judged.bad.error
    if not judged.rules.whole or error is None:
        return ""
    own, looks = _own(error), isinstance(error, (AssertionError, AurousLookupError))
    if not own or own[0][0].co_filename != own[-1][0].co_filename:  # such as an unfired fault, which no line raises
        return ""
    # An assertion or a lookup belongs to the test, or to a helper in its file, unless an exception led to it. Any other
    # exception, such as a ValueError, does so only if the test's own line has raised it, and nothing that it called.
    *_, (innermost, _) = walk_tb(error.__traceback__)
    of_test = error.__context__ is None if looks else len(own) == 1 and innermost.f_code is own[0][0]
    if not of_test:
        return ""
    code, line = own[-1]
    return f"{short_path(code.co_filename)}:{line} `{shortened(getline(code.co_filename, line).strip(), _LONGEST)}`"


def _own(error: BaseException) -> list[tuple[CodeType, int]]:
    """Return where an exception, or each in a group, has left the code under test and the test, with the lines."""
    frames = [one for leaf in leaves(error) for one in walk_tb(leaf.__traceback__)]
    return [(frame.f_code, line) for frame, line in frames if package_of(frame) not in SENDERS]


def _raised(error: BaseException, reason: str) -> Breach:
    """Return the breach of an exception: its place is the innermost function of the application that it has left."""
    own = _own(error)
    if not own:
        return Breach(reason, f"run: raised {type(error).__name__}")
    code, line = own[-1]
    name = next(name for one, _ in reversed(own) if (name := one.co_name) not in INLINED)
    kind = f"{short_path(code.co_filename)} in {name}: raised {type(error).__name__}"
    return Breach(reason, kind, shown_place((code.co_filename, line, name)))


def _difference(judged: Judged, day: Day) -> list[Change]:
    """Return how the records at the end differ from the good day.

    What existed before the run, and a fault has deleted, does not count: no run can bring it back.
    """
    lost = day.run.deleted & {record.id for record in day.end.gone}
    return changes(day.end, judged.good.end, lost)


def _records(judged: Judged, found: Sequence[Change], before: str, after: str = "") -> Breach | None:
    """Return the breach of records that are not as on the good day.

    The cause is what happened to which kind of record, not what was broken; of two workers or a cancel, also where.
    """
    if not found:
        return None
    what, record, _ = found[0]
    kind = "not as on the good day" if what in _NOT_THERE else what
    calls = _changing(judged.bad, record) if judged.bad.senders or record.cancelled else []
    at = _lines(judged, calls[-1:] if record.cancelled else calls)
    return Breach(before + _listed([one.text for one in found]) + after, f"{record.kind}: {kind}", at)


def _changing(day: Day, record: EndRecord) -> list[Call]:
    """Return the requests that have changed a record, or records of its name."""
    ids = [one.id for one in (*day.end.there, *day.end.gone, *day.end.deleted) if one.label == record.label]

    def names(call: Call, record: str) -> bool:
        return record in call.path or (call.response is not None and record.encode() in call.response.content)

    return [call for call in day.calls if call.committed and any(names(call, one) for one in ids)]


def _lines(judged: Judged, calls: Sequence[Call]) -> str:
    """Return the line of the first of some requests; if two workers have sent them, of the first one of each."""
    found: dict[str, str] = {}
    for call in calls:
        found.setdefault(judged.bad.senders.get(call.number, ""), _line(judged, call))
    return " and ".join(dict.fromkeys(line for _, line in sorted(found.items())))


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _LISTED
    return "; ".join([*texts[:_LISTED], *([f"and {more} more"] if more > 0 else [])])


def _pays_once(judged: Judged) -> Breach | None:
    return _paid(judged, judged.bad, "")


def _paid(judged: Judged, day: Day, before: str) -> Breach | None:
    """Return the breach of a day that paid too much, with the records that are too many, and why."""
    charge = overcharged(day, judged.good, judged.bad.run)
    if charge is None:
        return None
    found = [one for one in _difference(judged, day) if one.record.kind != "completion"]  # which has no name
    more = [one.text for one in found if one.what in {"twice", "left over"}]
    orders, paid = charge
    kind, why = why_too_many(orders, day, judged.good)
    what = f"{_listed(more) or paid}: {why}"
    return _ordered(judged, before + what, [one.call for one in orders], kind)


def _ordered(judged: Judged, reason: str, calls: Sequence[Call], kind: str) -> Breach:
    """Return the breach of an order that was sent again, whichever law has seen it: its place is the first one."""
    at = _lines(judged, calls)
    return Breach(reason, f"{calls[0].operation}: {kind}{f', {at}' if at else ''}", at, "pays_once")


def _spares(judged: Judged) -> Breach | None:
    good, bad = judged.good, judged.bad
    # Work that the good day polls by its id is its own: it may cancel that on a bad day.
    named = {
        one for call in good.calls for one in call.path.split("/") if call.method != "GET" or one in good.end.working
    }
    touched = named | {record.id for record in good.end.gone} | bad.run.deleted
    deleted, now = {record.id for record in bad.end.deleted}, {record.id: record for record in bad.end.there}
    found: list[Change] = []
    for before in [one for one in bad.end.gone if one.id in {*deleted, *now} - touched]:
        label = f"the {before.label}, which existed before and which the good day leaves alone,"
        if before.id in deleted:
            found.append(Change("deleted", before, f"{label} was deleted"))
        else:
            after = now[before.id]
            found.append(Change("changed", after, f"{label} has {after.told(before, 'without the run')}"))
    return _records(judged, found, "")


def _returns(judged: Judged) -> Breach | None:
    """Return the breach of another result, unless it reports a failure, or may show what a response has unknown."""
    good, bad = judged.good, judged.bad
    greased = any("greased" in (call.fault or "") for call in bad.calls)
    if greased or bad.outcome != "returned" or refused(judged.rules, bad) or alike(bad.returned, good.returned):
        return None
    text = f"the code returned {unaddressed(bad.returned)}, on the good day {unaddressed(good.returned)}"
    return Breach(text, "run: another result")


def _no_pitfall(judged: Judged) -> Breach | None:
    ignored = _TIMED if judged.rules.timeless else frozenset[str]()
    found = [one for one in new_pitfalls(judged.bad, judged.good) if one.id not in ignored]
    if not found:
        return None
    reason = f"the code met a pitfall: {'; '.join(f'[{one.id}] {one.message}' for one in found)}"
    call, at = found[0].call, _line(judged, found[0].call)
    if (kind := _PAID_AGAIN.get(found[0].id)) is not None:
        return _ordered(judged, reason, _equal(judged.bad, call), kind)
    return Breach(reason, f"{at or call.operation}: {found[0].id}", at)


def _recovers(judged: Judged) -> Breach | None:
    second = judged.second
    if second is None:
        return None
    breach = _endless(judged, second, "a second run") or _paid(judged, second, "after a second run ")
    return breach or (None if excuse(judged) else _unrepaired(judged, second))


def _unrepaired(judged: Judged, second: Day) -> Breach | None:
    if second.error is not None:
        return _raised(second.error, f"a second run raised {_named(second.error)}")
    if refused(judged.rules, second):
        return Breach(f"a second run returned {unaddressed(second.returned)}", "run: a second refusal")
    # A first run may have cancelled what took too long.
    found = [one for one in _difference(judged, second) if not one.record.cancelled]
    return _records(judged, found, "after a second run ")


def unrepaired(breaches: Mapping[str, Breach]) -> str:
    """Return what a second run did not repair, which a later one may; empty if there is nothing, or if it paid more."""
    breach = breaches.get("recovers")
    return "" if breach is None or breach.law else breach.reason.replace("a second run", "a second run at once")


def excuse(judged: Judged) -> str:
    """Return why a second run may leave what the first one has left, in a sentence; empty if it may not.

    A key leads to the work that has failed, or that the first run has given up, until it expires (idem-3). And what is
    refused for good may be given up for good.
    """
    rules, good, bad, second = judged.rules, judged.good, judged.bad, judged.second
    if second is None or _unrepaired(judged, second) is None:
        return ""
    calls = second.calls[len(bad.calls) :]
    if second.error is not None and not allowed(second.error, rules.may_raise):
        return ""
    is_over = bad.run.failed or _gives_up(bad) > _gives_up(good)
    fails = second.error is not None or refused(rules, second)
    if is_over and fails and any(call.replayed for call in calls):
        return _STUCK
    for_good = any(call.fault and call.status in _FOR_GOOD for call in bad.calls)
    orders = any(call.operation is not None and CATALOG.by_operation[call.operation].pays for call in calls)
    return GIVEN_UP if (is_over or for_good) and not orders else ""


def _gives_up(day: Day) -> int:
    """Return how many records a run has cancelled or deleted."""
    return sum(record.cancelled for record in day.end.there) + len(day.end.deleted)


LAWS: Final[dict[str, Law]] = {
    law.name: law
    for law in (
        Law("pays_once", "P", _pays_once, in_suites=True),
        Law("spares", "S", _spares, in_suites=False, after_crash=True),
        Law("ends", "E", _ends, in_suites=True, needs_time=True),
        Law("tells", "T", _tells, in_suites=True),
        Law("returns", "V", _returns, in_suites=False),
        Law("no_pitfall", "N", _no_pitfall, in_suites=True),
        Law("recovers", "R", _recovers, in_suites=False, after_crash=True),
    )
}
"""Each law by its name; of several that a case breaks, a report puts the first one here first."""


def judge(judged: Judged) -> dict[str, Breach]:
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
    breaches = {law.name: law.judge(judged) for law in laws}
    return {name: breach for name, breach in breaches.items() if breach is not None}


def _never_allowed(error: BaseException) -> bool:
    by_pytest = (type(error).__module__, type(error).__name__) == ("builtins", "Failed")  # where pytest puts it
    return by_pytest or isinstance(error, (AssertionError, AurousError))


def allowed(error: BaseException, may_raise: tuple[type[BaseException], ...]) -> bool:
    """Whether an exception is a documented failure: it, each in it if it is a group, or the group for what is in it."""
    found = leaves(error)
    is_named = isinstance(error, may_raise) or all(isinstance(leaf, may_raise) for leaf in found)
    return is_named and not any(map(_never_allowed, found))


def _named(error: BaseException) -> str:
    parts = (told(leaf).partition(": ") for leaf in leaves(error))
    texts = (f"{name} ({shortened(message, _LONGEST)})" if message else name for name, _, message in parts)
    return " and ".join(dict.fromkeys(texts))


def new_pitfalls(day: Day, good: Day) -> list[Pitfall]:
    """Return the pitfalls that the same operations did not meet on the good day."""
    had = {(one.id, one.call.operation) for one in good.pitfalls}
    return [
        one
        for one in day.pitfalls
        if (one.id, one.call.operation) not in had
        # The good day also orders the same several times: each order has a key of its own.
        and not (one.id == _NEW_KEY and len(_keys(day, one.call)) <= len(_keys(good, one.call)))
    ]


def _keys(day: Day, call: Call) -> set[str | None]:
    return {key_of(one) for one in _equal(day, call)}


def _equal(day: Day, call: Call) -> list[Call]:
    return [one for one in day.calls if (one.operation, one.content) == (call.operation, call.content)]
