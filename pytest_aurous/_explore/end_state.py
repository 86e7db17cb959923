"""The result of a run: the records that exist at its end, without values that always differ between runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from .._core.base.amounts import total
from .._core.base.data import as_list, as_object, in_strings
from .._core.base.forms import ID, formless
from .._facade import CANCELLED, Course, Handle, described

_VOLATILE: Final = re.compile(
    r"id|(?!client_reference_).+_ids?|created|.+_at|.*urls?|path|seed|usage|.*secret.*|duration_ms|consecutive_failures"
    r"|size_bytes"
)
"""Ids, references to records, times, URLs, what chance has drawn, what was counted, durations, and sizes."""
_OWN: Final = frozenset({"attributes", "metadata"})
"""Maps of the user: each key counts."""


@dataclass(frozen=True)
class EndRecord:
    """One record at the end of a run; equal to one of another run that counts as the same, whatever its id."""

    kind: str
    fields: tuple[tuple[str, str], ...]  # as JSON, without ids, times, URLs and chance; of a uuid, its form
    team: str
    id: str = field(compare=False)

    @property
    def label(self) -> str:
        shown = {name: json.loads(value) for name, value in self.fields}
        name = shown.get("name") or shown.get("prompt") or shown.get("filename")
        return " ".join(filter(None, (self.kind, name and repr(name), self.team and f"of {self.team}")))

    @property
    def status(self) -> str:
        return str(json.loads(dict(self.fields).get("status", '""')))

    @property
    def cancelled(self) -> bool:
        """Whether it costs nothing, and stays for good (cred-2, img-7): one more of it does not count."""
        return self.status in CANCELLED

    def told(self, other: EndRecord, when: str) -> str:
        """Return how it differs from *other* in words, each value beside the one that it had *when*."""
        now, then = dict(self.fields), dict(other.fields)
        names = [name for name in {**now, **then} if now.get(name) != then.get(name)]
        return "; ".join(f"{name} {now.get(name, 'absent')}, {when} {then.get(name, 'absent')}" for name in names)


class EndState(NamedTuple):
    """The changes of a run.

    Work that was in progress at the start counts as a change only if it ends in another way than it would by itself.
    """

    there: list[EndRecord]  # those that are new or different
    gone: list[EndRecord]
    deleted: list[EndRecord]
    paid: Mapping[str, Decimal]  # by teams: what is spent and held
    working: Collection[str]
    teams: Mapping[str, str]
    failed: set[str]  # the labels of the records that a fault has let fail, which stay so


def paid(fake: Handle) -> dict[str, Decimal]:
    """Return for each team the credits that it has spent, and that are held for it."""
    return {team: total((one.spent, one.held)) for team, one in fake.accounts.items()}


def _teams(fake: Handle) -> dict[str, str]:
    teams = list(fake.accounts)
    return {team: f"team {getattr(fake.row(team), 'name', team)!r}" for team in teams} if len(teams) > 1 else {}


def end_states(fake: Handle) -> Callable[[Mapping[str, Course]], EndState]:
    """Return a function that reads the end state of a run that starts now: when the work in progress has ended.

    Records that a fault has let fail are left out, and so are completions that did not come to their end. Unused upload
    tickets expire, and do not count.

    The function takes the records that a fault lets fail, with their work without it. Those that have failed stay so.
    The others count as if there were no fault: one that was repaired, as the page of the character says ("use POST
    /:id/resynthesize to retry"), and one whose failure no client can have seen yet.
    """
    changed, teams = fake.changed_rows(), _teams(fake)
    working = fake.working()
    alone = fake.when_done(lambda: {record: _record(fake.row(record), teams) for record in working})

    def compare(failed: Collection[str]) -> EndState:
        teams = _teams(fake)
        state = EndState([], [], [], paid(fake), working, teams, set())
        for row_before, row, exists in changed():
            now = _record(row, teams)
            before = alone.get(row.id) or (_record(row_before, teams) if row_before is not None else None)
            if now.kind == "upload" or (exists and now == before):
                continue
            status = getattr(row, "status", None)
            broken = now.kind == "completion" and status != "completed"
            if not exists:
                state.deleted.append(now)
            elif row.id in failed and status == "failed":
                state.failed.add(now.label)
            elif not broken:
                state.there.append(now)
            if before is not None:
                state.gone.append(before)
        return state

    return lambda failed: fake.when_done(lambda: compare(failed), failed)


def _record(row: Any, teams: Mapping[str, str]) -> EndRecord:
    kind, data = described(row)
    found = as_object(in_strings(lambda text: formless(ID.sub("<id>", text)), _stable(data)))
    fields = tuple((key, json.dumps(value, sort_keys=True)) for key, value in found.items())
    return EndRecord(kind, fields, teams.get(getattr(row, "team", ""), ""), row.id)


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: one if key in _OWN else _stable(one)
            for key, one in as_object(value).items()
            if not _VOLATILE.fullmatch(key)
        }
    return [_stable(one) for one in as_list(value)] if isinstance(value, list) else value


def _without(records: list[EndRecord], others: list[EndRecord]) -> list[EndRecord]:
    left = Counter(others)
    rest: list[EndRecord] = []
    for record in records:
        if left[record]:
            left[record] -= 1
        else:
            rest.append(record)
    return rest


class Change(NamedTuple):
    """One way in which the records at the end differ from what they should be."""

    what: str  # missing, deleted, twice, changed or left over
    record: EndRecord
    text: str


def changes(found: EndState, wanted: EndState, ignored: Collection[str] = ()) -> list[Change]:
    """Return how the records at the end of a run differ from those of the good day: first those that are missing.

    Records of one name are the same record, whatever their ids; a record of the start is known by its id.
    """
    # What one run has removed and the other has not is there after the other.
    here, there = (
        [record for record in records if record.id not in ignored]
        for records in (found.there + wanted.gone, wanted.there + found.gone)
    )
    more, missing = sorted(_without(here, there), key=lambda one: one.cancelled), _without(there, here)
    old = {record.id for record in (*found.gone, *wanted.gone)}
    first: list[Change] = []
    other: list[Change] = []
    for record in missing:
        label = record.label
        same = [one for one in more if (one.id == record.id if record.id in old else one.label == label)]
        if same:
            more.remove(same[0])
            text = f"the {same[0].label} has {same[0].told(record, 'on the good day')}"
            other.append(Change("changed", same[0], text))
        else:
            text = (
                f"the {label} has failed" if label in found.failed else f"there is no {label}, which the good day left"
            )
            first.append(Change("missing", record, text))
    usual = {record.label for record in wanted.there}
    now = Counter(record.label for record in found.there)
    for label, record in {record.label: record for record in reversed(more) if not record.cancelled}.items():
        if label in usual:
            first.append(Change("twice", record, f"the {label} exists {_times(now[label])}"))
        else:
            other.append(Change("left over", record, f"the {label} is left over"))
    return first + other


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"  # noqa: PLR2004 - a word of its own
