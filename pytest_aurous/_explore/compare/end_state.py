"""The result of a run: the records that exist at its end, without values that always differ between runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar, cast

from ..._core.base.amounts import total
from ..._core.base.data import ID
from ..._core.resources.base.schema import to_wire
from ..._core.resources.characters.row import Ref
from ..._core.world.script import Step
from ..._core.world.state import Saved
from ..._core.world.world import World

T = TypeVar("T")

_VOLATILE: Final = re.compile(
    r"id|(?!client_reference_).+_ids?|created|.+_at|.*urls?|path|seed|.*secret.*|duration_ms|consecutive_failures"
)
"""Ids, references to records, times, URLs, what chance has drawn, durations, and counters of deliveries."""
FAILS: Final = Step("failed", "provider_timeout")
"""How work ends that a fault lets fail."""
_OWN: Final = frozenset({"attributes", "metadata"})
"""Maps of the user: each key counts."""


class Record(NamedTuple):
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

    there: list[Record]
    gone: list[Record]
    paid: Decimal
    deleted: list[Record]
    alone: Mapping[str, Record]

    def without(self, ids: Collection[str]) -> EndState:
        """Return the same without the records that have these *ids*."""
        there, gone, deleted = (
            [record for record in records if record.id not in ids] for records in (self.there, self.gone, self.deleted)
        )
        return self._replace(there=there, gone=gone, deleted=deleted)


def paid(world: World) -> Decimal:
    """Return the credits that all teams have spent, and that are held for them."""
    return total(amount for one in world.accounts.values() for amount in (one.spent, one.held))


def ahead(world: World, read: Callable[[], T], failed: Mapping[str, tuple[Step, ...]] | None = None) -> T:
    """Return what *read* returns when the work in progress has ended as its scripts say, and undo that.

    Args:
        world: The state of the fake.
        read: Reads the state that will be.
        failed: The records that a fault lets fail, with their steps without it. Those that have failed stay so. The
            others count as if there were no fault: one that was repaired, as the page of the character says ("use POST
            /:id/resynthesize to retry"), and one whose failure no client can have seen yet.
    """
    found: list[T] = []

    def finish() -> None:
        runs, changed = world.runs, failed or {}
        runs.settle()
        in_progress = [(record, run) for record, run in runs.items() if not run.last]
        for record, run in in_progress:
            if record in changed and run.steps[-1] == FAILS:
                runs.begin(record, changed[record][run.current :], run.resource, settle=False)
        for record, _ in in_progress:
            while (left := runs.get(record)) is not None and not left.last:
                runs.advance(record)
        found.append(read())
        raise _Undo

    with world.lock, suppress(_Undo):
        world.state.whole(finish)
    return found[0]


class EndStates:
    """Reads the end state of runs that all start from one moment."""

    def __init__(self, world: World, start: Saved) -> None:
        self._world = world
        self._start = start
        self._lived = {
            name: frozenset(row_id for team in world.accounts for row_id in start.lists.get(f"{name} {team}", ()))
            for name, _ in world.tables()
        }
        working = [record for record, run in world.runs.items() if not run.last]
        self._alone = ahead(world, lambda: self._records(working))

    def read(self, failed: Mapping[str, tuple[Step, ...]]) -> EndState:
        """Return the state as it will be when the work in progress has ended; *failed* is as in `ahead`.

        Records that a fault has let fail are left out, and so are completions that did not come to their end. Unused
        upload tickets expire, and do not count.
        """
        return ahead(self._world, lambda: self._compare(failed), failed)

    def _compare(self, failed: Collection[str]) -> EndState:
        """Return what differs from the start."""
        state = EndState([], [], paid(self._world), [], self._alone)
        for name, table in self._world.tables():
            if (kind := _kind(name)) == "upload":
                continue
            rows, before = self._start.sections.get(name, {}), self._lived.get(name, frozenset())
            now = {row_id for team in self._world.accounts for row_id in table.living(team)}
            changed = {row.id for row in table.changed_since(rows)} | (before ^ now)
            for row_id in [row_id for row_id in table if row_id in changed]:
                if row_id not in now:
                    state.deleted.append(self._record(kind, table[row_id]))
                has_failed = row_id in failed and getattr(table[row_id], "status", None) == "failed"
                broken = kind == "completion" and table[row_id].status != "completed"
                if row_id in now and not has_failed and not broken:
                    state.there.append(self._record(kind, table[row_id]))
                if row_id in before:
                    state.gone.append(self._record(kind, rows[row_id]))
        return state

    def _records(self, ids: Collection[str]) -> dict[str, Record]:
        tables = self._world.tables()
        return {one: self._record(_kind(name), table[one]) for name, table in tables for one in ids if one in table}

    def _record(self, table: str, row: Any) -> Record:
        kind = row.media_type if table == "generation" else table  # an image or a video
        fields = ((key, json.dumps(value, sort_keys=True)) for key, value in _plain(row).items())
        return Record(kind, row.id, tuple((key, ID.sub(self._named, value)) for key, value in fields))

    def _named(self, found: re.Match[str]) -> str:
        """Return the name of the record whose id stands in a field: another run may give it another id."""
        row: Any = self._world.row(found[0])
        names = (getattr(row, name, None) for name in ("name", "prompt", "filename"))
        return f"<{ID.sub('id', next(filter(None, names), 'id'))}>"


class _Undo(Exception):  # noqa: N818 - it is no error
    pass


def _kind(table: str) -> str:
    return table.removesuffix("Row").lower()


def _plain(value: Any) -> Any:
    """Return *value* as JSON, without what differs from run to run."""
    if is_dataclass(value):
        value = to_wire(value, "none")
    elif isinstance(value, Ref):
        value = value._asdict()
    if isinstance(value, dict):
        return {
            key: one if key in _OWN else _plain(one)
            for key, one in cast("dict[str, Any]", value).items()
            if not _VOLATILE.fullmatch(key)
        }
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in cast("list[Any]", value)]
    return value


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
) -> tuple[list[Record], list[Record]]:
    """Return the records that are found but not wanted, and those that are wanted but not found."""
    # What one run has removed and the other has not is there after the other.
    here, there = found.there + wanted.gone, wanted.there + found.gone
    return _without(here, there, unstable), _without(there, here, unstable)


def _without(records: list[Record], others: list[Record], unstable: Collection[tuple[str, str]]) -> list[Record]:
    left = Counter(record.key(unstable) for record in others)
    rest: list[Record] = []
    for record in records:
        key = record.key(unstable)
        if left[key]:
            left[key] -= 1
        else:
            rest.append(record)
    return rest
