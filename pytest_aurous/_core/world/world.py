"""The state of one fake: clock, random data, ids, rows, runs, teams. Two fakes share nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from random import Random
from threading import RLock
from typing import Any, TypeVar

from ..time.clock import Clock
from ..wire.call import Gate, Watcher
from .buckets import Buckets
from .idempotency import IdempotencyKeys
from .ids import IdSource, Served, SignedUrls
from .journal import Journal
from .keys import Keyring
from .ledger import Account, Balances, Ledger
from .outbox import Outbox
from .runs import Runs, waiting
from .script import Lifecycle, Plan
from .settings import Settings
from .state import Section, State
from .tables import Row, Table

R = TypeVar("R", bound=Row)


class World:
    """The state of one fake, and the lock under which it changes."""

    def __init__(self, settings: Settings) -> None:
        self.lock: RLock = RLock()  # held for a whole request, so that a decision and its effects are one
        self.watchers: list[Watcher] = []  # of each request, and each move of the clock, in this order
        self.gate: Gate | None = None  # decides when each request may arrive; None: at once
        self.clock: Clock = Clock(settings.now, self.watchers)
        self.state: State = State(self.clock)  # all data: a snapshot copies it, an interrupted request changes nothing
        self.journal: Journal = Journal(self.state, self.clock)
        self.runs: Runs = Runs(self.state, self.clock)
        self.clock.waiting_for = partial(waiting, self.state.section("runs"))
        self.idempotency: IdempotencyKeys = IdempotencyKeys(self.state)
        self.accounts: Section[str, Account] = self.state.section("accounts")  # to be read; `ledger` changes them
        self.balances: Balances = Balances(self.state)
        self.outbox: Outbox = Outbox(self.state)
        self.served: Served = Served()
        self.scripts: Section[tuple[str, str | None, str | None], Plan] = self.state.section("scripts")
        self.poses: list[tuple[str, float, str | None]] = self.state.sequence("poses")  # that classify will find
        self.lifecycles: Collection[Lifecycle] = ()  # of all resources, for the errors of scripts
        self.default_team = ""
        self.default_key = ""  # of that team; clients of this fake send it
        self.tables: dict[str, Table[Any]] = {}  # all in use by name, to be read
        self._note: Callable[[str], None] = partial(_note, self.journal, self.runs)
        self.follow(settings)

    def follow(self, settings: Settings) -> None:
        """Follow these settings from now on. What is there stays as it is."""
        self.settings = settings
        self.state.seed = settings.seed
        self.ids: IdSource = IdSource(self.state, settings.seed)
        self.buckets: Buckets = Buckets(self.state, enforce=settings.rate_limits == "enforce")
        self.keys: Keyring = Keyring(self.state, settings.reading("auth-4"))
        self.urls: SignedUrls = SignedUrls(self.clock, settings.seed, settings.base_url)
        self.served.base_url = settings.base_url

    @property
    def random(self) -> Random:
        return self.state.random("people")

    def table(self, kind: type[R]) -> Table[R]:
        name = kind.__name__
        if name not in self.tables:
            self.tables[name] = Table(self.state, name, self._note)
        return self.tables[name]

    def ledger(self, team: str) -> Ledger:
        at_create = self.settings.reading("cred-2") == "at_create"
        return Ledger(self.state, team, self._note, at_create=at_create)

    def rows(self) -> list[Row]:
        """Return every row ever made, kind by kind."""
        return [table[row_id] for table in self.tables.values() for row_id in table]

    def row(self, row_id: str) -> Row | None:
        """Return the row of any kind that has this id, or None if there never was one."""
        # Not by the prefix of the id: models have none, and two kinds of styles share one. Ten bare dictionaries are
        # no slower, and a check of a recording asks ten times for each request.
        for table in self.tables.values():
            if row_id in table.rows:
                found: Row = table.rows[row_id]
                return found
        return None

    def lives(self, row: Row) -> bool:
        return self.table(type(row)).lives(row)

    def concerned(self, team: str) -> str | None:
        """Return whom concerns what a test says of a team: this team, or, of the default team, every team (None)."""
        return None if team == self.default_team else team

    def script_for(self, resource: str, name: str | None, default: Plan, team: str) -> Plan:
        """Return the script that a new record gets: its team comes before all teams, and its name before all names."""
        keys = [(resource, one, whose) for whose in (team, None) for one in (name, None)]
        return next((self.scripts[key] for key in keys if key in self.scripts), default)


def _note(journal: Journal, runs: Runs, change: str) -> None:
    journal.note(change, "clock" if runs.settling else None)
