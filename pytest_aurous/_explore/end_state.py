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
from .._core.base.forms import ID
from .._facade import App, Course, changed_rows, described, when_done

_VOLATILE: Final = re.compile(
    r"id|(?!client_reference_).+_ids?|created|.+_at|.*urls?|path|seed|.*secret.*|duration_ms|consecutive_failures"
)
"""Ids, references to records, times, URLs, what chance has drawn, durations, and counters of deliveries."""
_OWN: Final = frozenset({"attributes", "metadata"})
"""Maps of the user: each key counts."""


class EndRecord(NamedTuple):
    """One record at the end of a run.

    Attributes:
        kind: The kind of record, such as ``character``.
        id: Its id.
        fields: Its documented fields as JSON, without ids, references, times, URLs and chance.
    """

    kind: str
    id: str
    fields: tuple[tuple[str, str], ...]

    def key(self, unstable: Collection[tuple[str, str]]) -> tuple[Any, ...]:
        """Return what it has in common with a record of another run that counts as the same, whatever its id."""
        if not unstable:
            return self.kind, self.fields
        return self.kind, tuple(field for field in self.fields if (self.kind, field[0]) not in unstable)

    def changes(
        self, other: EndRecord, unstable: Collection[tuple[str, str]]
    ) -> list[tuple[str, str | None, str | None]]:
        """Return the names of the fields that differ from *other*, each with its value here and there, as JSON."""
        now, then = dict(self.fields), dict(other.fields)
        return [
            (name, now.get(name), then.get(name))
            for name in {**now, **then}
            if (self.kind, name) not in unstable and now.get(name) != then.get(name)
        ]

    def label(self, unstable: Collection[tuple[str, str]]) -> str:
        """Return its name in a report, without its *unstable* fields."""
        shown = {name: json.loads(value) for name, value in self.fields if (self.kind, name) not in unstable}
        name = shown.get("name") or shown.get("prompt") or shown.get("filename") or ""
        return " ".join(filter(None, (self.kind, repr(name) if name else "", shown.get("status"))))


class EndState(NamedTuple):
    """The changes of a run.

    Attributes:
        there: The records that are new or different.
        gone: The records of the start that were deleted, or are different now.
        paid: The credits that all teams have spent, and that are held for them.
        deleted: The records that were deleted, whether they are of the start or not.
        alone: The records that were in progress at the start, by id, as they end if no request changes them.
    """

    there: list[EndRecord]
    gone: list[EndRecord]
    paid: Decimal
    deleted: list[EndRecord]
    alone: Mapping[str, EndRecord]

    def without(self, ids: Collection[str]) -> EndState:
        """Return the same without the records that have these *ids*."""
        there, gone, deleted = (
            [record for record in records if record.id not in ids] for records in (self.there, self.gone, self.deleted)
        )
        return self._replace(there=there, gone=gone, deleted=deleted)


def paid(app: App) -> Decimal:
    """Return the credits that all teams have spent, and that are held for them."""
    return total(amount for one in app.world.accounts.values() for amount in (one.spent, one.held))


class EndStates:
    """Reads the end state of runs that all start from one moment."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._changes = changed_rows(app)
        working = [record for record, run in app.world.runs.items() if not run.last]
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
        return when_done(self._app, lambda: self._compare(failed), failed)

    def _compare(self, failed: Collection[str]) -> EndState:
        """Return what differs from the start."""
        state = EndState([], [], paid(self._app), [], self._alone)
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
        return EndRecord(kind, row.id, tuple((key, ID.sub(self._named, value)) for key, value in fields))

    def _named(self, found: re.Match[str]) -> str:
        """Return the name of the record whose id stands in a field: another run may give it another id."""
        row: Any = self._app.world.row(found[0])
        names = (getattr(row, name, None) for name in ("name", "prompt", "filename"))
        return f"<{ID.sub('id', next(filter(None, names), 'id'))}>"


def _stable(value: Any) -> Any:
    """Return JSON data without what differs from run to run."""
    if isinstance(value, dict):
        return {
            key: one if key in _OWN else _stable(one)
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


def differences(
    found: EndState, wanted: EndState, unstable: Collection[tuple[str, str]]
) -> tuple[list[EndRecord], list[EndRecord]]:
    """Return the records that are found but not wanted, and those that are wanted but not found."""
    # What one run has removed and the other has not is there after the other.
    here, there = found.there + wanted.gone, wanted.there + found.gone
    return _without(here, there, unstable), _without(there, here, unstable)


def _without(
    records: list[EndRecord], others: list[EndRecord], unstable: Collection[tuple[str, str]]
) -> list[EndRecord]:
    left = Counter(record.key(unstable) for record in others)
    rest: list[EndRecord] = []
    for record in records:
        key = record.key(unstable)
        if left[key]:
            left[key] -= 1
        else:
            rest.append(record)
    return rest
