"""Live records and their collections: what all resources have in common."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from ...base.arguments import Check, Public
from ...base.data import ULID
from ...base.errors import (
    AurousError,
    AurousLookupError,
    AurousTransitionError,
    hide_mistakes,
    nearest,
    see,
    shown,
    vanished,
)
from ...base.instants import iso, past_instant
from ...base.redaction import redacted
from ...time.clock import Clock
from ...wire.fields import Reader, read_fields
from ...wire.refusal import ApiProblem
from ...world.script import Lifecycle, Plan, plan_of
from ...world.world import World
from .schema import visible

if TYPE_CHECKING:
    from ...base.names import ErrorCode

__tracebackhide__ = hide_mistakes

L = TypeVar("L", bound="Live")
Instant = datetime | str
"""An instant as a test writes it: a `datetime`, or ISO 8601 text."""


class Live(Public):
    """A record of the fake: each attribute has its current value, and reading it changes and counts nothing."""

    _page = "reference/records.html"
    _kind: ClassVar[type[Any]]
    """The class of the row, whose fields are the attributes."""
    _prefix: ClassVar[str]
    """What its id begins with."""
    _stream: ClassVar[str] = ""
    """The name of the ids that it shares with another kind of record."""
    _summary: ClassVar[str] = ""
    """What `repr` shows after the id: a format string for the record."""

    def __init__(self, world: World, record_id: str) -> None:
        if not isinstance(cast("object", world), World):
            raise AurousError(
                f"{type(self).__name__}(...): a test does not construct records. "
                f"Make one with add(...), or look one up by its id.\n{see('reference/records.html')}"
            )
        self._world = world
        self.id: str = record_id

    @property
    def _row(self) -> Any:
        with self._world.lock:
            self._world.runs.settle()
            table = self._world.table(self._kind)
            if self.id not in table:
                raise vanished(f"{type(self).__name__} {self.id}")
            return table[self.id]

    if not TYPE_CHECKING:  # type checkers find the attributes in the row

        def __getattr__(self, name: str) -> Any:
            __tracebackhide__ = True
            if name not in visible(self._kind):
                return super().__getattr__(name)
            value = getattr(self._row, name)
            if isinstance(value, dict):  # a copy: tests must not change the row
                return cast("dict[str, Any]", value).copy()
            return value

    def _instead(self, name: str, value: object) -> str:
        return (
            f"{super()._instead(name, value)} A record changes only as the API would change it: start with `add(...)`, "
            "then use its methods or the clock."
        )

    def __repr__(self) -> str:
        return redacted(f"<{type(self).__name__} {self.id} {self._summary.format(self)}>")

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *visible(self._kind)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live) and (self._world, self.id) == (other._world, other.id)

    def __hash__(self) -> int:
        return hash(self.id)


def check_fields(who: str, readers: Mapping[str, Reader], **arguments: Any) -> None:
    """Check arguments with the readers of the request body, or raise an `AurousError` with the message of the API."""
    try:
        read_fields(arguments, readers)
    except ApiProblem as problem:
        raise AurousError(f"{who}({problem.param}=...): {problem.message}\n{see('reference/records.html')}") from None


@contextmanager
def _standing(clock: Clock, at: float, row_id: str) -> Generator[str, None, None]:
    # Frozen at that instant: no time passes while the record is made.
    position = clock.position
    clock.restore((0.0, at, 1.0, 0.0))
    try:
        yield row_id
    finally:
        clock.restore(position)


class Collection(Public, Generic[L]):
    """The records of one resource and one team. Iteration, `len`, `in` and `last` leave out deleted records.

    Example:
        ``[character.name for character in aurous.characters if character.status == "ready"]``
    """

    _name: str
    _page = "reference/records.html"
    _record: type[Any]

    def __init__(self, world: World, team: str) -> None:
        self._world = world
        self._team = team

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def _besides(self) -> str:
        return f" Iterate over it for other records: list({self._name})[0] is the first."

    def _living(self) -> list[str]:
        """Return the ids of the records that are not deleted, oldest first; do not change the list."""
        with self._world.lock:
            self._world.runs.settle()
            return self._world.table(self._record._kind).living(self._team)

    def _owner_of(self, team: Live | None) -> str:
        if team is None:
            return self._team
        if not (
            isinstance(cast("object", team), Live) and team._world is self._world and team.id in self._world.accounts
        ):
            raise self._check("add").refuse("team", team, "a team of this fake, such as aurous.teams.add() returns.")
        return team.id

    def _adding(self, owner: str, chosen: str | None, created_at: Instant | None) -> AbstractContextManager[str]:
        """Return a block in which *owner* gets a record; it yields the id: the *chosen* one, or the next.

        In it the clock stands at *created_at*, so that all that follows from the age of a record is as old.
        The caller holds the fake's lock.
        """
        if created_at is None:
            return nullcontext(self._new_id(chosen))
        world, now = self._world, self._world.clock.time()
        at = past_instant(created_at, now)
        if at is None:
            expected = f"an instant with a time zone that is not after {iso(now)}, which is now, such as "
            example = "aurous.clock.now() - timedelta(days=31) or '2026-05-08T10:00:00Z'."
            raise self._check("add").refuse("created_at", created_at, expected + example)
        row_id = self._new_id(chosen)
        world.table(self._record._kind).sort_in(row_id, owner, iso(at))
        return _standing(world.clock, at, row_id)

    def _new_id(self, chosen: str | None) -> str:
        """Return the id of a new record: the *chosen* one, or the next. The caller holds the fake's lock."""
        prefix, stream = self._record._prefix, self._record._stream
        if chosen is None:
            return self._world.ids.new(prefix, stream)
        check = self._check("add")
        if not isinstance(cast("object", chosen), str) or not re.fullmatch(f"{prefix}_{ULID}", chosen):
            example = f"{prefix}_01HXMQ7Z3K8Y2NABCDEFGHJKMR"
            raise check.refuse("id", chosen, f"{prefix}_ and the 26 characters of a ULID, such as {example!r}.")
        if self._world.row(chosen) is not None:
            raise check.refuse("id", chosen, "an id that is not taken; a deleted record keeps its id.")
        return self._world.ids.choose(chosen, prefix, stream)

    def _check(self, method: str) -> Check:
        return Check(f"{self._name}.{method}", "reference/records.html")

    def _live(self, record_id: str) -> L:
        record: L = self._record(self._world, record_id)
        return record

    def __iter__(self) -> Iterator[L]:
        """Iterate over the records that are not deleted, in order of creation."""
        with self._world.lock:
            return iter([self._live(record_id) for record_id in self._living()])

    def __len__(self) -> int:
        return len(self._living())

    def __contains__(self, record: object) -> bool:
        if isinstance(record, Live):
            return record._world is self._world and record.id in self._living()
        return isinstance(record, str) and record in self._living()

    def __getitem__(self, record_id: str) -> L:
        """Return any record, also a deleted one.

        Raises:
            AurousLookupError: For an unknown id, with the nearest one.
        """
        if not isinstance(cast("object", record_id), str):
            raise AurousLookupError(
                f"{self._name}[{shown(record_id)}]: the index is an id, not a position.{self._besides} "
                f"{self._name}.last is the newest.\n{see(self._page)}"
            )
        found = self.get(record_id)
        if found is None:
            with self._world.lock:
                table = self._world.table(self._record._kind)
                known = [row_id for row_id in table if self._find(row_id) is not None]
            raise AurousLookupError(
                f"{self._name}[{shown(record_id)}]: no such id{nearest(record_id, known)} "
                f"{'There is 1 record' if len(known) == 1 else f'There are {len(known)} records'}, including deleted "
                f"ones; {self._name}.last is the newest that is not deleted.\n"
                f"{see('reference/records.html')}"
            )
        return found

    def get(self, record_id: str) -> L | None:
        """Return any record, also a deleted one, or None for an unknown id.

        Raises:
            AurousError: If *record_id* is not text.
        """
        self._check("get").instance("record_id", record_id, str, "an id as text, such as record.id.")
        with self._world.lock:
            return self._find(record_id)

    def _find(self, record_id: str) -> L | None:
        table = self._world.table(self._record._kind)
        return self._live(record_id) if table.find(record_id, self._team) else None

    @property
    def last(self) -> L:
        """The newest record that is not deleted.

        Raises:
            AurousLookupError: If there is none.
        """
        living = self._living()
        if not living:
            raise AurousLookupError(
                f"{self._name}.last: there are no {self._name} yet. Let the code under test create one, "
                f"or call {self._name}.add().\n{see('reference/records.html')}"
            )
        return self._live(living[-1])

    def __repr__(self) -> str:
        with self._world.lock:
            return redacted(f"<{type(self).__name__}: {list(self)!r}>")


class Usable(Collection[L]):
    """The records that a team can use: first the public ones, then its own."""

    def _living(self) -> list[str]:
        with self._world.lock:
            return [row.id for row in self._world.table(self._record._kind).usable(self._team)]

    def _find(self, record_id: str) -> L | None:
        return self._live(record_id) if record_id in self._living() else None


class Playable(Live):
    """A record with a script: each time its work starts, the next run of the script starts."""

    _lifecycle: ClassVar[Lifecycle]

    def _set_failed(self, row: Any, error: str) -> None:
        raise NotImplementedError

    def script(self, text: str | Plan) -> None:
        """Bind a script to later runs: the next run is its first. A run in progress ends as it was scripted.

        Args:
            text: The steps, or a `Script`.

        Raises:
            AurousScriptError: For an invalid script.
        """
        plan = plan_of(text, self._lifecycle, self._world.lifecycles)
        with self._world.lock:
            self._world.table(self._kind).replace(replace(self._row, plan=plan, runs=0))

    def advance(self) -> None:
        """End the current step of the script.

        Raises:
            AurousTransitionError: If no step follows.
        """
        with self._world.lock:
            _ = self._row  # applies the steps that ended by time
            run = self._world.runs.by_record.get(self.id)
            if run is None or run.last:
                raise self._illegal("advance()", "its script has no next step")
            self._world.runs.advance(self.id)

    def finish(self) -> None:
        """Play the current run of the script to its end; has no effect after its end."""
        with self._world.lock:
            _ = self._row
            while (run := self._world.runs.by_record.get(self.id)) is not None and not run.last:
                self._world.runs.advance(self.id)

    def fail(self, error: ErrorCode | str = "provider_timeout") -> None:
        """Let the work fail, release its hold, and set `error_message`.

        Args:
            error: An error code, such as ``provider_timeout``.

        Raises:
            AurousTransitionError: If no work is in progress.
        """
        Check("record.fail", "reference/records.html").code("error", error)
        with self._world.lock:
            row = self._row
            running = self._lifecycle.under_way
            if row.status not in running:
                raise self._illegal(f"fail({error!r})", f"it can fail only while it is {' or '.join(running)}")
            self._set_failed(row, error)

    def _legal(self) -> list[str]:
        run = self._world.runs.by_record.get(self.id)
        legal = ["advance()", "finish()"] if run is not None and not run.last else []
        return legal + (["fail(error)"] if self._row.status in self._lifecycle.under_way else [])

    def _illegal(self, verb: str, why: str) -> AurousTransitionError:
        legal = self._legal()
        can = f"Possible now: {', '.join(legal)}." if legal else "Nothing can change it anymore."
        return AurousTransitionError(f"{verb} on {self!r}: {why}.\n{can}\n{see('reference/records.html')}")


P = TypeVar("P", bound=Playable)


class Scripted(Collection[P]):
    """The records of a resource with a lifecycle."""

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Set the script of records that are created from now on: of a team of its own, or else in every team.

        Args:
            text: Such as ``"synthesizing*3 -> reviewing"``.
            name: Set it only for records with this name; for images and videos, with this prompt.

        Raises:
            AurousScriptError: For an invalid script.
        """
        lifecycle: Lifecycle = self._record._lifecycle
        if name is not None:
            self._check("script").text("name", name, "Aurora")
        with self._world.lock:
            key = lifecycle.resource, name, self._world.concerned(self._team)
            self._world.scripts[key] = plan_of(text, lifecycle, self._world.lifecycles)
