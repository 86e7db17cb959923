"""The door: all that an instrument may use of the fake, besides `_core.base` and `_core.wire`.

`Handle` is one fake. The rest are types for annotations, and what is known of the API without a fake; some of them are
only imported here.
It must not know an instrument.
"""

# pyright: reportUnusedImport=false

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from ._core.base.data import View
from ._core.engine.pipeline import App
from ._core.engine.pitfalls import Pitfall
from ._core.faults.fault import CallFault, Fault, Serve
from ._core.faults.observed import read_observed
from ._core.resources.base.endpoint import Context, Endpoint
from ._core.resources.base.rules import load_rules
from ._core.resources.base.schema import to_wire
from ._core.resources.catalog import (
    CANCELLED,
    CATALOG,
    ENDED_BADLY,
    ENDED_WELL,
    LIFECYCLES,
    RECORDS,
    UNDER_WAY,
    lifecycle_of,
)
from ._core.resources.characters.row import Ref
from ._core.resources.content.pictures import blank, picture
from ._core.resources.models import rates_of
from ._core.time.clock import Clock
from ._core.time.turns import Limit, SharedTime
from ._core.wire.call import Call, Gate, Problem, Watcher
from ._core.wire.lines import Note
from ._core.wire.reply import Break, Reply
from ._core.world.buckets import ASSUMED_SIZES, BUCKETS
from ._core.world.journal import Journal
from ._core.world.keys import Keyring, fake_key
from ._core.world.ledger import Account
from ._core.world.outbox import Delivery
from ._core.world.runs import Runs
from ._core.world.script import Hold, Step
from ._core.world.settings import READINGS, Settings, read_setting, used_for
from ._core.world.settings import ROWS as SETTINGS
from ._core.world.tables import Row
from ._report.changes import Change, StateFollower
from ._report.coverage import Coverage
from ._report.state import Written, difference, kind_of, view
from ._report.timeline import timeline
from ._report.unmatched import hint_of, near_miss

if TYPE_CHECKING:
    from ._core.faults.collection import Faults
    from ._core.time.skipping import SleepSkipper

T = TypeVar("T")

_FAILED: Final = Step("failed", "provider_timeout")
"""How work ends that was made to fail."""


@dataclass(frozen=True)
class Happened:
    """What has happened in a fake; the deliveries include those that were queued, and not made yet."""

    calls: list[Call]
    notes: list[Note]
    pitfalls: list[Pitfall]
    problems: list[Problem]
    deliveries: list[Delivery]


class Course(NamedTuple):
    """The course of work on a record, of a resource such as ``characters``: the steps that its script has for it."""

    record: str
    resource: str
    steps: tuple[Step, ...]

    @property
    def succeeds(self) -> bool:
        """Whether it succeeds as its script says; if not, nothing can make it fail."""
        return any(step.status in ENDED_WELL for step in self.steps)

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


class Handle:
    """One fake, for an instrument: what it may read and do there."""

    def __init__(self, app: App) -> None:
        world = app.world
        self._app, self._world = app, world
        self.lock: RLock = world.lock
        self.clock: Clock = world.clock
        self.accounts: Mapping[str, Account] = world.accounts  # by team, to be read
        self.journal: Journal = world.journal
        self.runs: Runs = world.runs
        self.default_team: str = world.default_team
        self.default_key: str = world.default_key
        self.row: Callable[[str], Row | None] = world.row
        self.respond: Callable[[Call], Reply | Break] = app.handle
        self.led_to: Callable[[str, bytes], bytes] = world.served.led_to  # lets the URLs in a response lead to a server

    @property
    def settings(self) -> Settings:
        """The settings, which a reset may change."""
        return self._world.settings

    @property
    def keys(self) -> Keyring:
        return self._world.keys

    # Requests

    @property
    def home(self) -> tuple[str, str, str]:
        """Scheme, host and root of the base URL."""
        return self._app.addresses.home

    @property
    def gate(self) -> Gate | None:
        """What decides when each request may arrive; None: at once."""
        return self._world.gate

    @contextmanager
    def gated(self, gate: Gate) -> Generator[None, None, None]:
        self._world.gate = gate
        try:
            yield
        finally:
            self._world.gate = None

    @contextmanager
    def watched(self, watcher: Watcher, *, last: bool = False) -> Generator[None, None, None]:
        """In the block, let a watcher see each request and move of the clock: first, or *last* if it ends requests."""
        watchers = self._world.watchers
        watchers.insert(len(watchers) if last else 0, watcher)
        try:
            yield
        finally:
            watchers.remove(watcher)

    @contextmanager
    def resting(self) -> Generator[None, None, None]:
        """Let a trace and the coverage rest in the block: of an exploration, they see only the run that stays."""
        watchers = self._world.watchers
        rest = [one for one in watchers if not one.of_bad_days]
        watchers[:] = [one for one in watchers if one.of_bad_days]
        try:
            yield
        finally:
            watchers[:0] = rest

    # What has happened

    def happening(self) -> Callable[[], Happened]:
        """Return a function that returns what has happened since now."""
        journal, outbox = self.journal, self._world.outbox
        pitfalls, problems = self._app.pitfalls.seen, self._app.problems
        calls, notes, met, failed = len(journal.entries), len(journal.notes), len(pitfalls), len(problems)
        queued = frozenset(outbox.entries)
        return lambda: Happened(
            journal.entries[calls:],
            journal.notes[notes:],
            pitfalls[met:],
            problems[failed:],
            [one for number, one in outbox.entries.items() if number not in queued],
        )

    def pitfalls_of(self, call: Call) -> list[Pitfall]:
        return [one for one in self._app.pitfalls.seen if one.call is call]

    def near(self, call: Call) -> str:
        """Return what is nearest to a request that no operation matches; empty for any other."""
        return "" if call.operation else near_miss(call, self.settings.base_url)

    def hint(self, call: Call) -> str:
        """Return what helps the author of a request that was refused, or that no operation matches; else nothing."""
        return self.near(call) or hint_of(call)

    def timeline(self) -> str:
        return timeline(self._app)

    def coverage(self) -> dict[str, Any]:
        """Return how often each operation of the API had each outcome."""
        found = Coverage()
        for call in self.journal.entries[:]:  # requests go on arriving
            found.leave(call)
        return found.json()

    # The state

    @property
    def changes(self) -> int:
        """A number that grows with each change of the state."""
        return self._world.state.undo.changes

    def view(self, written: Written) -> View:
        """Return the state as JSON data; *written*, empty at first, is kept from call to call; see `difference`."""
        return view(self._app, written)

    def follow(self) -> StateFollower:
        """Return what says from now on what each step has changed."""
        return StateFollower(self._app)

    def changed_rows(self) -> Callable[[], Iterator[tuple[Row | None, Row, bool]]]:
        """Return a function that yields the rows that are new, different or deleted since now.

        Each comes as it was (None if it did not exist, or was deleted), as it is, and with whether it exists.
        """
        world = self._world

        def living(table: Any) -> set[str]:
            return {row_id for team in world.accounts for row_id in table.living(team)}

        start = {name: (dict(table.rows), living(table)) for name, table in world.tables.items()}

        def changes() -> Iterator[tuple[Row | None, Row, bool]]:
            for name, table in world.tables.items():
                rows, before = start.get(name, ({}, set[str]()))
                now = living(table)
                changed = {row_id for row_id, row in table.rows.items() if rows.get(row_id) is not row} | (before ^ now)
                for row_id in [row_id for row_id in table if row_id in changed]:
                    yield rows[row_id] if row_id in before else None, table[row_id], row_id in now

        return changes

    def delete_record(self, call: Call) -> str | None:
        """Delete the record in the path of a request, as another client would; return its id, or None."""
        endpoint, args = self._app.addresses.find(call)["DELETE"]
        row = self.row(args["id"])
        if row is None or not self._world.lives(row):
            return None
        endpoint.handler(Context(self._world, call, endpoint, args, record_id=row.id, team=row.team))
        return row.id

    def set_credits(self, team: str, amount: Decimal) -> None:
        self._world.ledger(team).set(amount)

    # Work, which goes on by itself, and deliveries

    def working(self) -> list[str]:
        return [record for record, run in list(self.runs.by_record.items()) if not run.last]

    def work_begun(self) -> Callable[[], list[Course]]:
        """Return a function that returns the courses of the work that has begun since now, and goes on."""
        runs = self.runs
        before = dict(runs.by_record)
        # Work that begins anew on a record has a new tuple of steps, even if they are the same.
        return lambda: [
            Course(record, run.resource, run.steps)
            for record, run in list(runs.by_record.items())
            if not run.last and (record not in before or before[record].steps is not run.steps)
        ]

    def begin(self, course: Course) -> None:
        self.runs.begin(course.record, course.steps, course.resource, settle=False)

    def when_done(self, read: Callable[[], T], repaired: Mapping[str, Course] | None = None) -> T:
        """Return what *read* returns when the work in progress has ended as its scripts say, and undo that.

        A record whose course is `Course.failing`, and which has not failed yet, goes on as *repaired* instead.
        """
        state, runs = self._world.state, self.runs

        def finish() -> T:
            mark = state.mark()
            runs.settle()
            in_progress = [(record, run) for record, run in runs.by_record.items() if not run.last]
            for record, run in in_progress:
                if repaired and record in repaired and run.steps[-1] == _FAILED:
                    # From the step that it has reached: those before it are the same in both courses.
                    runs.begin(record, repaired[record].steps[run.current :], run.resource, settle=False)
            for record, _ in in_progress:
                while (left := runs.by_record.get(record)) is not None and not left.last:
                    runs.advance(record)
            found = read()
            state.undo_to(mark)
            return found

        with self.lock:
            return state.whole(finish)

    def has_due_delivery(self) -> bool:
        """Whether the clock has reached the time of a webhook delivery that was not made yet."""
        with self.lock:
            self.runs.settle()
            return self._world.outbox.first_due(self.clock.time()) is not None

    # Faults and time

    @property
    def faults(self) -> Faults:
        return self._app.faults

    def add_fault(
        self, kind: str, operation: str, meet: Callable[[Fault, Call, Serve], Reply | Break], **terms: Any
    ) -> Fault:
        """Add a fault with *terms*, as the methods of `faults` have them; *meet* returns what the client gets."""
        fault = CallFault(kind, operation, lambda fault, call, _, serve: meet(fault, call, serve), **terms)
        return self._app.queue.add(fault)

    def put_first(self, fault: Fault) -> Callable[[], object]:
        """Let a fault happen before the others, and return what removes it."""
        self._app.queue.put_first(fault)
        return partial(self._app.queue.remove, fault)

    @contextmanager
    def stopped_time(self) -> Generator[SharedTime, None, None]:
        """In the block, skip sleeps, and let the clock of the fake move with them alone; then it goes on as before.

        A clock that the block has frozen itself stays so.
        """
        clock = self.clock
        before = clock.position
        with ExitStack() as undo:
            with self.lock:
                self.runs.settle()
                clock.freeze()
                _, began, *_ = clock.position

                def thaw() -> None:
                    moved, frozen, *_ = clock.position
                    if frozen == began:
                        clock.restore((before[0] + moved, *before[1:]))

                undo.callback(thaw)
                time = undo.enter_context(clock.skipping())
            yield time


# What needs no fake


def skipped_sleeps(limit: Limit | None = None) -> SleepSkipper:
    """Return what skips the sleeps of the process while it is entered; no clock of a fake moves with them."""
    from ._core.time.skipping import SleepSkipper  # loads asyncio

    return SleepSkipper(lambda _running, _frozen: None, limit=limit)


def state_machines() -> dict[str, Any]:
    """Return the statuses of each kind of record as JSON data: the first one, and which may follow each."""
    return {
        name.removesuffix("s"): {"start": one.start, "edges": {status: list(to) for status, to in one.edges.items()}}
        for name, one in LIFECYCLES.items()
    }


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
