"""What a run has achieved: the records that exist at its end, without what differs from run to run anyway."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from typing import Any, Final, NamedTuple, cast

from .._framework.schema import to_wire
from .._world.script import Step
from .._world.tables import Row
from .._world.world import World

_VOLATILE: Final = re.compile(
    r"id|(?!client_reference_).+_ids?|.+_at|.*urls?|path|seed|.*secret.*|duration_ms|consecutive_failures"
)
"""Ids, references to records, times, URLs, what chance has drawn, durations, and counters of deliveries."""
FAILS: Final = Step("failed", "provider_timeout")
"""How work ends that a fault lets fail."""
_OWN: Final = frozenset({"attributes", "metadata"})
"""Maps of the user: each key counts."""


class Record(NamedTuple):
    """One record at the end of a run.

    Attributes:
        kind: Such as ``character``.
        id: Its id.
        label: How a report calls it.
        fields: Its documented fields as JSON, without ids, references, times, URLs and chance.
    """

    kind: str
    id: str
    label: str
    fields: tuple[tuple[str, str], ...]


class EndStates:
    """Reads the end state of runs; rows that were there at the start are converted once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[int, Record] = {}
        self._rows = [row for _, row in self._living()]  # keeps them alive, so that an id means one row
        self._known = {id(row): _record(kind, row) for kind, row in self._living()}

    def read(self, failed: Mapping[str, tuple[Step, ...]] | None = None) -> list[Record]:
        """Return the records as they will be when the work in progress has ended.

        Args:
            failed: The records that a fault lets fail, with their steps without it. Those that have failed are left
                out. The others count as if there were no fault: one that was repaired, as the page of the character
                says ("use POST /:id/resynthesize to retry"), and one whose failure nobody can have seen yet.
        """
        failed = failed or {}
        found: list[Record] = []

        def finished() -> None:
            runs = self._world.runs
            runs.settle()
            for record, run in list(runs.items()):
                if record in failed and not run.last and run.steps[-1] == FAILS:
                    runs.begin(record, failed[record][run.current :], run.resource, settle=False)
            for record, run in list(runs.items()):
                for _ in range(len(run.steps) - 1 - run.current):
                    runs.advance(record)
            found.extend(
                self._known.get(id(row)) or _record(kind, row)
                for kind, row in self._living()
                if row.id not in failed or getattr(row, "status", None) != "failed"
            )
            raise _Undo

        with self._world.lock, suppress(_Undo):
            self._world.state.whole(finished)
        return found

    def _living(self) -> Iterator[tuple[str, Row]]:
        """Yield each record that is not deleted, except unused upload tickets, which expire."""
        for name, table in self._world.tables():
            kind = name.removesuffix("Row").lower()
            for team in self._world.accounts if kind != "upload" else ():
                for row_id in table.living(team):
                    yield kind, table[row_id]


class _Undo(Exception):  # noqa: N818 - it is no error
    pass


def _record(kind: str, row: Any) -> Record:
    shown = _plain(row)
    name = shown.get("name") or shown.get("prompt") or shown.get("filename") or ""
    label = " ".join(filter(None, (kind, repr(name) if name else "", shown.get("status"))))
    return Record(kind, row.id, label, tuple((key, json.dumps(value, sort_keys=True)) for key, value in shown.items()))


def _plain(value: Any) -> Any:
    """Return *value* as JSON, without what differs from run to run."""
    if is_dataclass(value):
        value = to_wire(value, "none")
    if isinstance(value, dict):
        return {
            key: one if key in _OWN else _plain(one)
            for key, one in cast("dict[str, Any]", value).items()
            if not _VOLATILE.fullmatch(key)
        }
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in cast("list[Any]", value)]
    return value


def unstable_fields(one: list[Record], other: list[Record]) -> frozenset[tuple[str, str]]:
    """Return the fields, as kind and name, that differ between two runs that did the same."""
    others = {record.id: dict(record.fields) for record in other}
    return frozenset(
        (record.kind, name)
        for record in one
        for name, value in record.fields
        if record.id in others and others[record.id].get(name) != value
    )


def differences(
    found: list[Record], wanted: list[Record], unstable: Collection[tuple[str, str]]
) -> tuple[list[Record], list[Record]]:
    """Return the records that are found but not wanted, and those that are wanted but not found."""
    return _without(found, wanted, unstable), _without(wanted, found, unstable)


def _without(records: list[Record], others: list[Record], unstable: Collection[tuple[str, str]]) -> list[Record]:
    left = Counter(_key(record, unstable) for record in others)
    rest: list[Record] = []
    for record in records:
        key = _key(record, unstable)
        if left[key]:
            left[key] -= 1
        else:
            rest.append(record)
    return rest


def _key(record: Record, unstable: Collection[tuple[str, str]]) -> tuple[Any, ...]:
    if not unstable:
        return record.kind, record.fields
    return record.kind, tuple(field for field in record.fields if (record.kind, field[0]) not in unstable)
