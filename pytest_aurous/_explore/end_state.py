"""The result of a run: the records that exist at its end, without values that always differ between runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from .._core.base.amounts import total
from .._core.base.data import as_list, as_object
from .._core.base.forms import ID, formless
from .._facade import App, Course, changed_rows, described, when_done

_VOLATILE: Final = re.compile(
    r"id|(?!client_reference_).+_ids?|created|.+_at|.*urls?|path|seed|usage|.*secret.*|duration_ms|consecutive_failures"
    r"|size_bytes"
)
"""Ids, references to records, times, URLs, what chance has drawn, what was counted, durations, and sizes."""
_REFERENCE: Final = "client_reference_id"
"""Of the user, who may draw it anew for each record: then only its form is the same."""
_OWN: Final = frozenset({"attributes", "metadata"})
"""Maps of the user: each key counts."""

Unstable = Collection[tuple[str, str]]
"""Fields of records, as kind and name, that differ from good day to good day."""


class EndRecord(NamedTuple):
    """One record at the end of a run.

    Attributes:
        kind: The kind of record, such as ``character``.
        id: Its id.
        fields: Its documented fields as JSON, without ids, references, times, URLs and chance.
        team: The name of its team, if there is more than one; else empty.
    """

    kind: str
    id: str
    fields: tuple[tuple[str, str], ...]
    team: str = ""

    def key(self, unstable: Unstable) -> tuple[Any, ...]:
        """Return what it has in common with a record of another run that counts as the same, whatever its id."""
        return self.kind, tuple(field for field in self.fields if (self.kind, field[0]) not in unstable)

    def changes(self, other: EndRecord, unstable: Unstable) -> list[tuple[str, str | None, str | None]]:
        """Return the names of the fields that differ from *other*, each with its value here and there, as JSON."""
        now, then = dict(self.fields), dict(other.fields)
        return [
            (name, now.get(name), then.get(name))
            for name in {**now, **then}
            if (self.kind, name) not in unstable and now.get(name) != then.get(name)
        ]

    def told(self, other: EndRecord, unstable: Unstable, when: str) -> str:
        """Return how it differs from *other* in words, each value beside the one that it had *when*."""
        parts = [
            f"{name} {now or 'absent'}, {when} {then or 'absent'}" for name, now, then in self.changes(other, unstable)
        ]
        return "; ".join(parts)

    def name(self, unstable: Unstable) -> tuple[str, str, str]:
        """Return its kind, its name unless that is *unstable*, and its team."""
        shown: dict[str, Any] = {
            name: json.loads(value) for name, value in self.fields if (self.kind, name) not in unstable
        }
        name = shown.get("name") or shown.get("prompt") or shown.get("filename")
        return self.kind, repr(name) if name else "", self.team and f"of {self.team}"

    def label(self, unstable: Unstable) -> str:
        """Return its kind, name and team for a report."""
        return " ".join(filter(None, self.name(unstable)))


class EndState(NamedTuple):
    """The changes of a run.

    Attributes:
        there: The records that are new or different.
        gone: The records of the start that were deleted, or are different now.
        paid: For each team, the credits that it has spent, and that are held for it.
        deleted: The records that were deleted, whether they are of the start or not.
        alone: The records that were in progress at the start, by id, as they end if no request changes them.
        teams: The name of each team by its id, if there is more than one; else empty.
    """

    there: list[EndRecord]
    gone: list[EndRecord]
    paid: Mapping[str, Decimal]
    deleted: list[EndRecord]
    alone: Mapping[str, EndRecord]
    teams: Mapping[str, str]

    def without(self, ids: Collection[str]) -> EndState:
        """Return the same without the records that have these *ids*."""
        there, gone, deleted = (
            [record for record in records if record.id not in ids] for records in (self.there, self.gone, self.deleted)
        )
        return self._replace(there=there, gone=gone, deleted=deleted)


def paid(app: App) -> dict[str, Decimal]:
    """Return for each team the credits that it has spent, and that are held for it."""
    return {team: total((one.spent, one.held)) for team, one in app.world.accounts.items()}


def _teams(app: App) -> dict[str, str]:
    teams = list(app.world.accounts)
    return {team: f"team {getattr(app.world.row(team), 'name', team)!r}" for team in teams} if len(teams) > 1 else {}


class EndStates:
    """Reads the end state of runs that all start from one moment."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._changes = changed_rows(app)
        working = [record for record, run in app.world.runs.items() if not run.last]
        self._teams = _teams(app)
        self._alone = when_done(app, lambda: {one.id: one for one in map(self._record, map(app.world.row, working))})

    def read(self, failed: Mapping[str, Course]) -> EndState:
        """Return the state as it will be when the work in progress has ended.

        Records that a fault has let fail are left out, and so are completions that did not come to their end. Unused
        upload tickets expire, and do not count.

        Args:
            failed: The records that a fault lets fail, with their work without it. Those that have failed stay so. The
                others count as if there were no fault: one that was repaired, as the page of the character says ("use
                POST /:id/resynthesize to retry"), and one whose failure no client can have seen yet.
        """
        self._teams = _teams(self._app)
        return when_done(self._app, lambda: self._compare(failed), failed)

    def _compare(self, failed: Collection[str]) -> EndState:
        """Return what differs from the start."""
        state = EndState([], [], paid(self._app), [], self._alone, self._teams)
        for before, row, exists in self._changes():
            now = self._record(row)
            if now.kind == "upload":
                continue
            if not exists:
                state.deleted.append(now)
            status = getattr(row, "status", None)
            has_failed = row.id in failed and status == "failed"
            broken = now.kind == "completion" and status != "completed"
            if exists and not has_failed and not broken:
                state.there.append(now)
            if before is not None:
                state.gone.append(self._record(before))
        return state

    def _record(self, row: Any) -> EndRecord:
        kind, data = described(row)
        fields = ((key, json.dumps(value, sort_keys=True)) for key, value in _stable(data).items())
        named = ((key, ID.sub(self._named, value)) for key, value in fields)
        return EndRecord(kind, row.id, tuple(named), self._teams.get(getattr(row, "team", ""), ""))

    def _named(self, found: re.Match[str]) -> str:
        """Return the name of the record whose id stands in a field: another run may give it another id."""
        row: Any = self._app.world.row(found[0])
        names = (getattr(row, name, None) for name in ("name", "prompt", "filename"))
        return f"<{ID.sub('id', next(filter(None, names), 'id'))}>"


def _stable(value: Any) -> Any:
    """Return JSON data without what differs from run to run."""
    if isinstance(value, dict):
        return {
            key: formless(one) if key == _REFERENCE and one else one if key in _OWN else _stable(one)
            for key, one in as_object(value).items()
            if not _VOLATILE.fullmatch(key)
        }
    return [_stable(one) for one in as_list(value)] if isinstance(value, list) else value


def unstable_fields(one: EndState, other: EndState) -> frozenset[tuple[str, str]]:
    """Return the fields, as kind and name, that differ between two runs that did the same."""
    others = {record.id: dict(record.fields) for record in other.there}
    return frozenset(
        (record.kind, name)
        for record in one.there
        for name, value in record.fields
        if record.id in others and others[record.id].get(name) != value
    )


def differences(found: EndState, wanted: EndState, unstable: Unstable) -> tuple[list[EndRecord], list[EndRecord]]:
    """Return the records that are found but not wanted, and those that are wanted but not found."""
    # What one run has removed and the other has not is there after the other.
    here, there = found.there + wanted.gone, wanted.there + found.gone
    return _without(here, there, unstable), _without(there, here, unstable)


def _without(records: list[EndRecord], others: list[EndRecord], unstable: Unstable) -> list[EndRecord]:
    left = Counter(record.key(unstable) for record in others)
    rest: list[EndRecord] = []
    for record in records:
        key = record.key(unstable)
        if left[key]:
            left[key] -= 1
        else:
            rest.append(record)
    return rest


class Change(NamedTuple):
    """One way in which the records at the end differ from what they should be.

    Attributes:
        what: ``missing``, ``deleted``, ``twice``, ``changed`` or ``left over``.
        record: The record: as it should be, if it is missing or deleted; else as it is.
        text: A sentence without its end.
    """

    what: str
    record: EndRecord
    text: str


def changes(found: EndState, wanted: EndState, unstable: Unstable) -> list[Change]:
    """Return how the records at the end of a run differ from those of the good day: first those that are missing.

    Records of one name are the same record, whatever their ids; a record of the start is known by its id.
    """
    more, missing = differences(found, wanted, unstable)
    old = {record.id for record in (*found.gone, *wanted.gone)}
    gone = Counter(record.name(unstable) for record in found.deleted)
    first: list[Change] = []
    other: list[Change] = []
    for record in missing:
        name = record.name(unstable)
        same = [one for one in more if (one.id == record.id if record.id in old else one.name(unstable) == name)]
        if same:
            more.remove(same[0])
            found_fields = same[0].told(record, unstable, "on the good day")
            other.append(Change("changed", same[0], f"the {same[0].label(unstable)} has {found_fields}"))
        elif gone[name]:
            gone[name] -= 1
            text = f"the {record.label(unstable)}, which the good day left, was deleted"
            first.append(Change("deleted", record, text))
        else:
            text = f"there is no {record.label(unstable)}, which the good day left"
            first.append(Change("missing", record, text))
    usual = {record.name(unstable) for record in wanted.there}
    there = Counter(record.name(unstable) for record in found.there)
    left = Counter(record.name(unstable) for record in more)
    for name, count in left.items():
        record = next(one for one in more if one.name(unstable) == name)
        label = f"the {record.label(unstable)}"
        if name in usual:
            first.append(Change("twice", record, f"{label} exists {_times(there[name])}"))
        else:
            times = f" {_times(count)}" if count > 1 else ""
            other.append(Change("left over", record, f"{label} is left over{times}"))
    return first + other


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"  # noqa: PLR2004 - a word of its own
