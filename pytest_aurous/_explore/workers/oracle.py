"""The oracle of two workers: what both did together must be what one after the other does, in either order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..._core.base.amounts import plain
from ..._core.base.errors import shown
from ..._core.base.forms import ID, URL, formless
from ..._core.base.redaction import shortened
from ..._core.wire.call import Call
from ..charges import orders
from ..compare import told, unaddressed, without_addresses
from ..end_state import EndRecord, differences
from ..laws import Day
from ..runs.attempt import Outcome
from .turns import FIRST, SECOND, Schedule

_LONGEST: Final = 160


@dataclass(frozen=True)
class Both:
    """What both workers did in one run.

    Attributes:
        schedule: When the turn passed.
        day: What the fake saw.
        outcomes: What each returned or raised.
        senders: For each request, by its number, its worker.
        unmet: Whether a switch of the schedule was not reached.
        deadlock: Whether it was stopped because each waited for the other.
        abandoned: Whether a worker may still wait.
        stuck: For each worker that was stopped while it waited, the line.
    """

    schedule: Schedule
    day: Day
    outcomes: Mapping[str, Outcome]
    senders: Mapping[int, str]
    unmet: bool
    deadlock: bool
    abandoned: bool
    stuck: Mapping[str, str]

    def returned(self, known: Collection[str] = ()) -> str:
        """Return what both returned as text, without what differs between schedules; new ids are numbered.

        Args:
            known: The ids that exist since the start, which stay.
        """
        return numbered("\n".join(_text(self.outcomes[name].returned) for name in (FIRST, SECOND)), known)

    def text_of(self, name: str, known: Collection[str]) -> str:
        """Return what one worker returned, in the same form."""
        return numbered(_text(self.outcomes[name].returned), known)


def numbered(text: str, known: Collection[str] = ()) -> str:
    """Return a text without what differs only in form; each id that is not *known* is a number, in order."""
    seen: dict[str, int] = {}
    text = URL.sub("<url>", without_addresses(text))  # a signed one differs between schedules
    text = ID.sub(lambda one: one[0] if one[0] in known else f"<{seen.setdefault(one[0], len(seen) + 1)}>", text)
    return formless(text)


def cause_of(reason: str) -> str:
    """Return what the reasons of one cause have in common, whichever worker it was and whatever the values are."""
    return numbered(re.sub(rf"\b(?:{FIRST}|{SECOND})\b", "one", reason.partition(":")[0]))


def _text(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - code of the test
        return shown(value)


@dataclass(frozen=True)
class Oracle:
    """What one worker after the other gives.

    Attributes:
        serials: Both orders.
        unstable: Fields of records, as kind and name, that differ from run to run.
        known: The ids that exist since the start.
    """

    serials: Sequence[Both]
    unstable: Collection[tuple[str, str]]
    known: Collection[str]

    def judge(self, both: Both) -> str | None:
        """Return in plain words how a run differs from both orders; None if it is as one of them."""
        if both.day.run.stopped:
            return _endless(both)
        for name, outcome in both.outcomes.items():
            if (error := outcome.error) is not None:
                what = shortened(told(error), _LONGEST)
                return f"The {name} worker raised {what}. One after the other, neither worker raises."
        distances = [self._distance(both, serial) for serial in self.serials]
        if not all(distances):
            return None
        nearest = self.serials[distances.index(min(distances))]
        if both.day.spent != nearest.day.spent:
            return self._paid(both.day, nearest.day, both.senders)
        more, missing = differences(both.day.end, nearest.day.end, self.unstable)
        if more or missing:
            return self._left(both, more, missing)
        returned = list(dict.fromkeys(_returned(serial) for serial in self.serials))
        return f"The workers returned {_returned(both)}. One after the other, they return {', or '.join(returned)}."

    def _distance(self, both: Both, serial: Both) -> int:
        """Return in how many things a run differs from one order."""
        more, missing = differences(both.day.end, serial.day.end, self.unstable)
        returned = both.returned(self.known) != serial.returned(self.known)
        return len(more) + len(missing) + returned + (both.day.spent != serial.day.spent)

    def _paid(self, day: Day, serial: Day, senders: Mapping[int, str]) -> str:
        """Return who has paid for what."""
        prices = f"one after the other pays {plain(serial.spent)} credits, this schedule {plain(day.spent)}."
        usual = Counter(call.operation for call, *_ in orders(serial))
        for operation, count in Counter(call.operation for call, *_ in orders(day)).items():
            calls = [call for call, *_ in orders(day) if call.operation == operation]
            if count > usual[operation]:  # pragma: no branch - mostly the first one is
                who = list(dict.fromkeys(senders.get(call.number, FIRST) for call in calls))
                subject = "Both workers" if len(who) > 1 else f"The {who[0]} worker"
                times = "twice" if day.spent == 2 * serial.spent else "more"
                return f"{subject} {self._made(day, calls)}, so the team paid {times}: {prices}"
        return f"The team paid {'more' if day.spent > serial.spent else 'less'}: {prices}"

    def _made(self, day: Day, calls: Sequence[Call]) -> str:
        """Return what requests have created."""
        numbers = {call.number for call in calls}
        made = {note.text.partition(":")[0] for note in day.notes if note.number in numbers and ": new" in note.text}
        labels = {self._label(record) for record in day.end.there if record.id in made}
        if len(labels) == 1:
            return f"created the {labels.pop()}"
        kinds = {record.kind for record in day.end.there if record.id in made}
        return f"created a new {kinds.pop()}" if len(kinds) == 1 else f"called {calls[0].operation}"

    def _label(self, record: EndRecord) -> str:
        return record.label({*self.unstable, (record.kind, "status")})

    def _left(self, both: Both, more: Sequence[EndRecord], missing: Sequence[EndRecord]) -> str:
        """Return how the records at the end differ."""
        found = {record.id: record for record in more}
        for record in missing:
            if (other := found.get(record.id)) is not None:
                return self._overwritten(both, other, record)
        if more:
            return f"There is one more {self._label(more[0])} than one after the other leaves."
        return f"There is no {self._label(missing[0])}, which one after the other leaves."

    def _overwritten(self, both: Both, found: EndRecord, wanted: EndRecord) -> str:
        """Return what a record has at the end, and who has overwritten it."""
        changes = found.changes(wanted, self.unstable)
        here = ", ".join(f"{name} {_short(now)}" for name, now, _ in changes)
        there = ", ".join(f"{name} {_short(then)}" for name, _, then in changes)
        text = f"the {self._label(found)} has {here}; one after the other leaves {there}."
        writers = [
            both.senders.get(call.number)
            for call in both.day.calls
            if call.committed and call.method != "GET" and found.id in call.path
        ]
        if {FIRST, SECOND} <= {*writers}:
            last = FIRST if writers[-1] == FIRST else SECOND
            before = SECOND if last == FIRST else FIRST
            return f"The {last} worker overwrote what the {before} worker had changed: {text}"
        return f"{text[:1].upper()}{text[1:]}"


def _endless(both: Both) -> str:
    stuck = [f"the {name} worker waits at {where}" for name, where in both.stuck.items() if where]
    where = f" ({', '.join(stuck)})" if stuck else ""
    if both.deadlock:
        return f"Each worker waits for the other, and neither can go on{where}."
    return f"The workers do not end: {both.day.run.stopped}{where}."


def _returned(both: Both) -> str:
    return " and ".join(unaddressed(both.outcomes[name].returned) for name in (FIRST, SECOND))


def _short(value: Any) -> str:
    return "absent" if value is None else shortened(str(value), _LONGEST)
