"""Everything one fake knows: clock, chance, ids, rows, runs, teams. Two fakes share nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from random import Random
from threading import RLock
from typing import Any, Final, TypeVar
from zlib import crc32

from .._time.clock import Clock
from .._wire import messages as say
from .._wire.hosts import UPLOAD_HOST
from .._wire.refusal import ApiProblem
from .buckets import Buckets
from .forks import renew_after_fork
from .idempotency import IdempotencyKeys
from .ids import IdSource
from .journal import Journal
from .keys import Keyring
from .ledger import BillingMode, Ledger
from .outbox import Outbox
from .runs import Runs
from .script import Plan
from .settings import Settings
from .tables import Row, Table
from .undo import Undo

__all__ = ("World",)

_CHANCE: Final = ("_people_random", "_key_random")

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class WorldState:
    """A moment of a world, to go back to."""

    parts: tuple[Any, ...]
    tables: dict[type[Any], Any]
    ledgers: dict[str, Any]
    scripts: dict[tuple[str, str | None], Plan]
    poses: tuple[tuple[str, float], ...]
    warnings: tuple[dict[str, Decimal], dict[str, float]]
    random: dict[str, Any]


class World:
    """The state of one fake, and the lock under which it changes.

    Attributes:
        settings: How this fake was asked to behave.
        lock: Held for a whole call, so that a decision and its effects are one.
        undo: Takes back what an interrupted call has changed.
        clock: The time.
        random: Chance for people and poses.
        ids: Chance for ids.
        runs: The lifecycles under way.
        journal: Every call.
        buckets: The rate limits.
        idempotency: The answers that may be given again.
        keys: The API keys.
        ledgers: The credits of each team.
        outbox: The webhook deliveries.
        thresholds: The credits at which a team is warned, where a test has set them.
        warned: When it was last warned, in epoch seconds.
        scripts: The scripts that new records get: by resource, and by resource and name.
        poses: What classify will find in the next pictures.
        servers: The URLs of the servers that answer for this fake, in order of their start.
        default_team: Id of the team that the fake's own key belongs to.
        default_key: That key.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock: RLock = RLock()
        self.undo: Undo = Undo()
        self.clock: Clock = Clock(settings.now)
        self.ids: IdSource = IdSource(settings.seed, self.undo)
        self.runs: Runs = Runs(self.clock, self.undo)
        self.clock.waiting_for = self.runs.waiting
        self.journal: Journal = Journal(self.clock, self.undo)
        self.buckets: Buckets = Buckets(enforce=settings.rate_limits == "enforce")
        self.idempotency: IdempotencyKeys = IdempotencyKeys(self.undo)
        self.keys: Keyring = Keyring(lambda: self._key_random.getrandbits(64), settings.reading("auth-4"))
        self.scripts: dict[tuple[str, str | None], Plan] = {}
        self.poses: list[tuple[str, float]] = []
        self.ledgers: dict[str, Ledger] = {}
        self.outbox: Outbox = Outbox(self.undo)
        self.thresholds: dict[str, Decimal] = {}
        self.warned: dict[str, float] = {}
        self.servers: list[str] = []
        self.default_team = ""
        self.default_key = ""
        self._tables: dict[type[Any], Table[Any]] = {}
        # Of two fakes with one seed, each knows the URLs that it has signed.
        self._secret = crc32(f"{settings.seed}/urls/{settings.base_url}".encode())
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In the child of a fork, end the call of a thread that is not there: what it changed is taken back."""
        if self.lock.acquire(blocking=False):  # nobody held it, or this very thread
            self.lock.release()
        else:
            self.lock = RLock()
            self.undo.abandon()

    @property
    def random(self) -> Random:
        """Chance for people and poses."""
        random = self._people_random
        if self.undo.active:
            self.undo.before(random.setstate, random.getstate())
        return random

    @cached_property
    def _people_random(self) -> Random:
        return Random(f"{self.settings.seed}/people")  # seeding takes longer than a call, so only who needs it does

    @cached_property
    def _key_random(self) -> Random:
        return Random(f"{self.settings.seed}/keys")

    def table(self, kind: type[R]) -> Table[R]:
        """Return the table of one kind of row."""
        table: Table[R] | None = self._tables.get(kind)
        if table is None:
            self.undo.item(self._tables, kind)
            table = self._tables[kind] = Table[Any](self.journal.note, self.undo)
            first: Any = getattr(kind, "first", None)  # what is there before anybody has made anything
            for row in first() if first else ():
                table.insert(row)
        return table

    def ledger(self, credits: float, billing_mode: BillingMode = "metered") -> Ledger:  # noqa: A002 - the vendor's word
        """Return a new ledger."""
        return Ledger(credits, billing_mode, self.journal.note, self.undo)

    def rows(self) -> list[Row]:
        """Return every row ever made, kind by kind."""
        return [table[row_id] for table in self._tables.values() for row_id in table]

    def row(self, row_id: str) -> Row | None:
        """Return the row of any kind that has this id, or None if there never was one."""
        return next((table[row_id] for table in self._tables.values() if row_id in table), None)

    def state(self) -> WorldState:
        """Return what `restore` takes: everything but the calls."""
        return WorldState(
            parts=tuple(part.state() for part in self._parts()),
            tables={kind: table.state() for kind, table in self._tables.items()},
            ledgers={team: ledger.state() for team, ledger in self.ledgers.items()},
            scripts=dict(self.scripts),
            poses=tuple(self.poses),
            warnings=(dict(self.thresholds), dict(self.warned)),
            random={name: self.__dict__[name].getstate() for name in _CHANCE if name in self.__dict__},
        )

    def restore(self, state: WorldState) -> None:
        """Go back to a `state`, which can be restored again."""
        for part, inner in zip(self._parts(), state.parts, strict=True):
            part.restore(inner)
        self._tables = {kind: self.table(kind) for kind in state.tables}
        for kind, table in self._tables.items():
            table.restore(state.tables[kind])
        self.ledgers = {team: self.ledgers.get(team) or self.ledger(0) for team in state.ledgers}
        for team, ledger in self.ledgers.items():
            ledger.restore(state.ledgers[team])
        self.scripts = dict(state.scripts)
        self.poses = list(state.poses)
        thresholds, warned = state.warnings
        self.thresholds, self.warned = dict(thresholds), dict(warned)
        for name in _CHANCE:
            self.__dict__.pop(name, None)
            if name in state.random:
                getattr(self, name).setstate(state.random[name])

    def _parts(self) -> tuple[Any, ...]:
        return self.clock, self.ids, self.runs, self.keys, self.buckets, self.idempotency, self.outbox

    def script_for(self, resource: str, name: str | None, default: Plan) -> Plan:
        """Return the script that a new record gets: that of its name, else of its resource."""
        return self.scripts.get((resource, name)) or self.scripts.get((resource, None)) or default

    def sign(self, base: str, path: str, expires: float, param: str) -> str:
        """Return a signed URL that dies at *expires*; a check sum is signature enough for a fake."""
        stamp = f"{int(expires):x}"
        return f"{base}{path}?{param}={stamp}-{self._signature(path, stamp)}"

    def led_to(self, here: str, text: bytes) -> bytes:
        """Return *text* with each URL of the vendor's hosts leading *here*, to a server."""
        for there in (self.settings.base_url, UPLOAD_HOST):
            text = text.replace(there.encode(), here.encode())
        return text

    def check_signature(self, path: str, token: str) -> None:
        """Refuse a signed URL that is wrong or dead (err-8).

        Raises:
            ApiProblem: 403.
        """
        if self.expiry(path, token) <= self.clock.time():
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason=say.EXPIRED))

    def expiry(self, path: str, token: str) -> float:
        """Return when a signed URL dies or died.

        Raises:
            ApiProblem: 403, if it was not signed here.
        """
        stamp, _, _ = token.rpartition("-")  # before 1970 the stamp itself begins with a minus sign
        if not self.signed(path, token):
            raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason="its signature is wrong"))
        return int(stamp, 16)

    def signed(self, path: str, token: str) -> bool:
        """Return whether *token* is the signature of a URL with this path, dead or alive."""
        stamp, _, signature = token.rpartition("-")
        return signature == self._signature(path, stamp)

    def _signature(self, path: str, stamp: str) -> str:
        return f"{crc32(f'{path}{stamp}'.encode(), self._secret):08x}"
