"""The door: all that an instrument may use of the fake, besides `_core.base` and `_core.wire`.

Each function does something that an instrument wants; the types are there for annotations.
It must not know an instrument.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from ._core.base.data import View
from ._core.engine.follower import Follower
from ._core.engine.pipeline import App
from ._core.engine.pitfalls import Pitfall
from ._core.faults.altered import read_observed
from ._core.faults.fault import CallFault, Fault, Serve
from ._core.resources.base.endpoint import Context, Endpoint
from ._core.resources.base.rules import Rule, load_rules, shown_by
from ._core.resources.base.schema import rules_of, to_wire
from ._core.resources.catalog import CATALOG, LIFECYCLES, RECORDS, UNDER_WAY, lifecycle_of
from ._core.resources.characters.endpoints import DRAWING_COSTS
from ._core.resources.characters.row import Ref
from ._core.resources.chat.machine import CHUNK
from ._core.resources.content.pictures import blank, picture
from ._core.resources.models import rates_of
from ._core.resources.openapi import vocabulary
from ._core.resources.shapes import Schema, schema_at, schema_of
from ._core.time.clock import Clock
from ._core.time.turns import Limit, SharedTime
from ._core.wire.call import Call, Problem, Watcher
from ._core.wire.lines import Note
from ._core.wire.reply import Break, Reply
from ._core.world.buckets import ASSUMED_SIZES, BUCKETS
from ._core.world.keys import fake_key
from ._core.world.outbox import Delivery
from ._core.world.script import Hold, Step
from ._core.world.settings import READINGS, read_setting, used_for
from ._core.world.settings import ROWS as SETTINGS
from ._core.world.tables import Row
from ._fake.aurous import Aurous
from ._fake.calls import Calls
from ._fake.objects import annotations_of, as_json, class_at
from ._fake.session import Session
from ._report.changes import Change, StateFollower
from ._report.state import Written, difference, kind_of, view
from ._report.timeline import timeline
from ._report.unmatched import hint_of

if TYPE_CHECKING:
    from ._core.time.skipping import SleepSkipper

__all__ = (
    "ASSUMED_SIZES",
    "BUCKETS",
    "CATALOG",
    "CHUNK",
    "DRAWING_COSTS",
    "READINGS",
    "RECORDS",
    "SETTINGS",
    "UNDER_WAY",
    "App",
    "Aurous",
    "Calls",
    "Change",
    "Clock",
    "Course",
    "Delivery",
    "Endpoint",
    "Fault",
    "Follower",
    "Pitfall",
    "Rule",
    "Schema",
    "Serve",
    "Session",
    "SharedTime",
    "StateFollower",
    "StateReader",
    "View",
    "add_fault",
    "annotations_of",
    "as_json",
    "blank",
    "changed_rows",
    "class_at",
    "coverage",
    "delete_record",
    "described",
    "difference",
    "exported",
    "fake_key",
    "happening",
    "hint_of",
    "load_rules",
    "near",
    "picture",
    "rates_of",
    "read_observed",
    "read_setting",
    "rules_of",
    "schema_at",
    "schema_of",
    "shown_by",
    "skipped_sleeps",
    "state_machines",
    "stopped_time",
    "timeline",
    "used_for",
    "vocabulary",
    "watched",
    "when_done",
    "work_begun",
)

T = TypeVar("T")

_SUCCESSES: Final = frozenset({"reviewing", "ready", "succeeded"})
_FAILED: Final = Step("failed", "provider_timeout")
"""How work ends that was made to fail."""


# What happens


@contextmanager
def watched(app: App, watcher: Watcher, *, last: bool = False) -> Generator[None, None, None]:
    """In the block, let a watcher see each request and each move of the clock: first, or *last* if it ends requests."""
    watchers = app.world.watchers
    watchers.insert(len(watchers) if last else 0, watcher)
    try:
        yield
    finally:
        watchers.remove(watcher)


@dataclass(frozen=True)
class Happened:
    """What has happened in a fake; the deliveries include those that were queued, and not made yet."""

    calls: list[Call]
    notes: list[Note]
    pitfalls: list[Pitfall]
    problems: list[Problem]
    deliveries: list[Delivery]


def happening(app: App) -> Callable[[], Happened]:
    """Return a function that returns what has happened since now."""
    journal, outbox, pitfalls, problems = app.world.journal, app.world.outbox, app.pitfalls.seen, app.problems
    calls, notes, met, failed = len(journal.entries), len(journal.notes), len(pitfalls), len(problems)
    queued = frozenset(outbox.entries)
    return lambda: Happened(
        journal.entries[calls:],
        journal.notes[notes:],
        pitfalls[met:],
        problems[failed:],
        [one for number, one in outbox.entries.items() if number not in queued],
    )


# The state


class StateReader:
    """Reads the state of fakes as JSON data. A record that is still the same is not written again."""

    def __init__(self) -> None:
        self._written: Written = {}

    def read(self, app: App) -> View:
        """Return records, money, rate buckets, idempotency keys, faults and deliveries; see `difference`."""
        return view(app, self._written)


def changed_rows(app: App) -> Callable[[], Iterator[tuple[Row | None, Row, bool]]]:
    """Return a function that yields the rows that are new, different or deleted since now.

    Each comes as it was (None if it did not exist, or was deleted), as it is, and with whether it exists.
    """
    world = app.world

    def living(table: Any) -> set[str]:
        return {row_id for team in world.accounts for row_id in table.living(team)}

    start = {name: (dict(table.rows), living(table)) for name, table in world.tables().items()}

    def changes() -> Iterator[tuple[Row | None, Row, bool]]:
        for name, table in world.tables().items():
            rows, before = start.get(name, ({}, set[str]()))
            now = living(table)
            changed = {row.id for row in table.changed_since(rows)} | (before ^ now)
            for row_id in [row_id for row_id in table if row_id in changed]:
                yield rows[row_id] if row_id in before else None, table[row_id], row_id in now

    return changes


def described(row: Row) -> tuple[str, dict[str, Any]]:
    """Return the kind of a row, such as ``character`` or ``image``, and its documented fields as JSON data."""
    return kind_of(row), cast("dict[str, Any]", _data(row))


def _data(value: Any) -> Any:
    if is_dataclass(value):
        value = to_wire(value, "none")
    elif isinstance(value, Ref):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: _data(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_data(one) for one in cast("list[Any]", value)]
    return value


def delete_record(app: App, call: Call) -> str | None:
    """Delete the record in the path of a request, as another client would; return its id, or None if there is none."""
    endpoint, args = app.addresses.find(call)["DELETE"]
    row = app.world.row(args["id"])
    if row is None or not app.world.lives(row):
        return None
    endpoint.handler(Context(app.world, call, endpoint, args, record=row.id, team=row.team))
    return row.id


# Work, which goes on by itself


class Course(NamedTuple):
    """The course of work on a record: the steps that its script has for it. A value.

    Attributes:
        record: The id of the record.
        resource: Such as ``characters``.
        steps: The steps.
    """

    record: str
    resource: str
    steps: tuple[Step, ...]

    @property
    def succeeds(self) -> bool:
        """Whether it succeeds as its script says; if not, nothing can make it fail."""
        return any(step.status in _SUCCESSES for step in self.steps)

    def failing(self) -> Course:
        """Return the same course, but it ends with a failure."""
        return self._replace(steps=(*self.steps[: self._end()], _FAILED))

    def taking(self, minutes: int) -> Course:
        """Return the same course, but its last step in progress takes that long."""
        end = self._end()
        last = self.steps[end - 1]._replace(hold=Hold(":", minutes, "m"))
        return self._replace(steps=(*self.steps[: end - 1], last, *self.steps[end:]))

    def _end(self) -> int:
        """Return the number of its steps in progress: those in which it can fail."""
        edges = lifecycle_of(self.resource).edges
        return next((n for n, step in enumerate(self.steps) if "failed" not in edges[step.status]), len(self.steps))

    def begin(self, app: App) -> None:
        """Put the record at the first of these steps."""
        app.world.runs.begin(self.record, self.steps, self.resource, settle=False)


def work_begun(app: App) -> Callable[[], list[Course]]:
    """Return a function that returns the courses of the work that has begun since now, and goes on."""
    runs = app.world.runs
    before = dict(runs.items())
    # Work that begins anew on a record has a new tuple of steps, even if they are the same.
    return lambda: [
        Course(record, run.resource, run.steps)
        for record, run in list(runs.items())
        if not run.last and (record not in before or before[record].steps is not run.steps)
    ]


def when_done(app: App, read: Callable[[], T], repaired: Mapping[str, Course] | None = None) -> T:
    """Return what *read* returns when the work in progress has ended as its scripts say, and undo that.

    Args:
        app: The fake.
        read: Reads the state that will be.
        repaired: For records whose course is `Course.failing`, the one that they go on with instead, unless they have
            failed already.
    """
    state, runs = app.world.state, app.world.runs

    def finish() -> T:
        mark = state.mark()
        runs.settle()
        in_progress = [(record, run) for record, run in runs.items() if not run.last]
        for record, run in in_progress:
            if repaired and record in repaired and run.steps[-1] == _FAILED:
                # From the step that it has reached: those before it are the same in both courses.
                runs.begin(record, repaired[record].steps[run.current :], run.resource, settle=False)
        for record, _ in in_progress:
            while (left := runs.get(record)) is not None and not left.last:
                runs.advance(record)
        found = read()
        state.undo_to(mark)
        return found

    with app.world.lock:
        return state.whole(finish)


def state_machines() -> dict[str, Any]:
    """Return the statuses of each kind of record as JSON data: the first one, and which may follow each."""
    return {
        name.removesuffix("s"): {"start": one.start, "edges": {status: list(to) for status, to in one.edges.items()}}
        for name, one in LIFECYCLES.items()
    }


# Faults and time


def add_fault(
    app: App, kind: str, operation: str, meet: Callable[[Fault, Call, Serve], Reply | Break], **terms: Any
) -> Fault:
    """Add a fault of requests.

    Args:
        app: The fake.
        kind: What it is called.
        operation: The operation that it affects.
        meet: Gets the fault, the request, and what serves it; returns what the client gets.
        **terms: Which requests it affects.
    """
    return app.queue.add(CallFault(kind, operation, lambda fault, call, _, serve: meet(fault, call, serve), **terms))


def skipped_sleeps(limit: Limit | None = None) -> SleepSkipper:
    """Return what skips the sleeps of the process while it is entered; no clock of a fake moves with them.

    Args:
        limit: Called with each sleep, in seconds, and its frame; returns what asks whether it ends early.
    """
    from ._core.time.skipping import SleepSkipper  # loads asyncio

    return SleepSkipper(lambda _running, _frozen: None, limit=limit)


@contextmanager
def stopped_time(app: App) -> Generator[SharedTime, None, None]:
    """In the block, skip sleeps, and let the clock of the fake move with them alone; then it goes on as before.

    A clock that the block has frozen itself stays so.
    """
    clock = app.world.clock
    before = clock.position
    with ExitStack() as undo:
        with app.world.lock:
            app.world.runs.settle()
            clock.freeze()
            _, began, *_ = clock.position

            def thaw() -> None:
                moved, frozen, *_ = clock.position
                if frozen == began:
                    clock.restore((before[0] + moved, *before[1:]))

            undo.callback(thaw)
            time = undo.enter_context(clock.skipping())
        yield time


# What reports show, and where rules come from


def coverage(aurous: Aurous) -> dict[str, Any]:
    """Return how often each operation of the API had each outcome."""
    from ._report.coverage import Coverage

    found = Coverage(aurous._session.app.catalog.by_operation)
    for call in aurous.calls[:]:  # requests go on arriving
        found.leave(call)
    return found.json()


def exported(aurous: Aurous, snapshot: str | None) -> dict[str, Any]:
    """Return the state of a fake, or of one of its snapshots, for `Aurous.import_`.

    Raises:
        AurousLookupError: If no snapshot has that name.
    """
    from ._fake.exported import export

    return export(aurous._session.app, None if snapshot is None else aurous._named(snapshot))


def near(app: App, call: Call) -> str:
    """Return what is nearest to a request that no operation matches; empty for any other."""
    from ._report.unmatched import near_miss

    return "" if call.operation else near_miss(app.catalog, call, app.world.settings.base_url)
