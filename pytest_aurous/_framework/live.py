"""Live records that a script moves: the same verbs for all of them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from .._check import Check
from .._redaction import redacted
from .._wire.refusal import ApiProblem
from .._world.script import Lifecycle, Plan, plan_of
from .._world.world import World
from ..errors import AurousError, AurousLookupError, AurousTransitionError, hide_mistakes, nearest, see, shown, vanished
from .fields import Reader, read_fields
from .schema import visible

__all__ = (
    "Collection",
    "Live",
    "Playable",
    "Scripted",
    "check_fields",
)

__tracebackhide__ = hide_mistakes

L = TypeVar("L", bound="Live")


class Live:
    """A handle on one row: each attribute is the state now, and reading never changes or counts anything."""

    __slots__ = ("_world", "id")

    _kind: ClassVar[type[Any]]
    """The row's class, whose fields are the attributes."""

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

    if not TYPE_CHECKING:  # pragma: no branch - a checker knows the attributes, and is to tell of others

        def __getattr__(self, name: str) -> Any:
            __tracebackhide__ = True
            if name not in visible(cast("Hashable", self._kind)):
                known = nearest(name, dir(self))
                raise AttributeError(redacted(f"{type(self).__name__} has no attribute {name!r}{known}"))
            value = getattr(self._row, name)
            if isinstance(value, dict):  # the row is not the test's to change
                return cast("dict[str, Any]", value).copy()
            return value

        def __setattr__(self, name: str, value: Any) -> None:
            __tracebackhide__ = True
            try:
                super().__setattr__(name, value)
            except AttributeError:
                raise AttributeError(
                    f"{type(self).__name__}.{name} cannot be set: a record changes as the API would change it. "
                    "Begin with `add(...)`, and move it by its methods or the clock.\n"
                    f"{see('reference/records.html')}"
                ) from None

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *visible(cast("Hashable", self._kind))})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live) and (self._world, self.id) == (other._world, other.id)

    def __hash__(self) -> int:
        return hash(self.id)


def check_fields(who: str, readers: Mapping[str, Reader], **given: Any) -> None:
    """Refuse what the API would refuse of arguments that are fields of a body.

    Raises:
        AurousError: In the words of the API.
    """
    try:
        read_fields(given, readers)
    except ApiProblem as problem:
        raise AurousError(f"{who}({problem.param}=...): {problem.message}\n{see('reference/records.html')}") from None


class Collection(Generic[L]):
    """The rows of one resource and one team: iteration, `len`, `in` and `last` see the living ones.

    Example:
        ``[character.name for character in aurous.characters if character.status == "ready"]``
    """

    __slots__ = ("_team", "_world")

    _record: type[Any]

    def __init__(self, world: World, team: str) -> None:
        self._world = world
        self._team = team

    @property
    def _name(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def _living(self) -> list[str]:
        with self._world.lock:
            self._world.runs.settle()
            return list(self._world.table(self._record._kind).living(self._team))

    def _owner_of(self, team: Live | None) -> str:
        """Return the id of the team that a new record is to belong to: of this collection's, unless told."""
        if team is None:
            return self._team
        if not (
            isinstance(cast("object", team), Live) and team._world is self._world and team.id in self._world.ledgers
        ):
            raise self._check("add").refuse("team", team, "a team of this fake, such as aurous.teams.add() returns.")
        return team.id

    def _check(self, method: str) -> Check:
        """Return the checks of the arguments of one of the methods."""
        return Check(f"{self._name}.{method}", "reference/records.html")

    def _live(self, record_id: str) -> L:
        record: L = self._record(self._world, record_id)
        return record

    def __iter__(self) -> Iterator[L]:
        """Iterate over the living records in order of creation."""
        with self._world.lock:
            return iter([self._live(record_id) for record_id in self._living()])

    def __len__(self) -> int:
        return len(self._living())

    def __contains__(self, record: object) -> bool:
        if isinstance(record, Live):
            return record._world is self._world and record.id in self._living()
        return isinstance(record, str) and record in self._living()

    def __getitem__(self, record_id: str) -> L:
        """Return any record ever made, deleted ones too.

        Raises:
            AurousLookupError: If there never was one, with the nearest id.
        """
        found = self.get(record_id) if isinstance(cast("object", record_id), str) else None
        if found is None:
            with self._world.lock:
                table = self._world.table(self._record._kind)
                known = [one for one in table if self.get(one) is not None]
            raise AurousLookupError(
                f"{self._name}[{shown(record_id)}]: no such id{nearest(record_id, known)} There are {len(known)}; "
                f"list({self._name}) gives the living, {self._name}.last the newest.\n{see('reference/records.html')}"
            )
        return found

    def get(self, record_id: str) -> L | None:
        """Return any record ever made, deleted ones too, or None if there never was one.

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
        """The newest living record.

        Raises:
            AurousLookupError: Where there is none.
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


class Playable(Live):
    """A handle on a row that has a ``plan``, and takes a run of it each time that work begins."""

    __slots__ = ()

    _lifecycle: ClassVar[Lifecycle]
    _running: ClassVar[tuple[str, ...]]
    """The statuses in which work is under way."""

    def _end_badly(self, row: Any, error: str) -> None:
        """Let the work of a row fail."""
        raise NotImplementedError

    def script(self, text: str | Plan) -> None:
        """Rebind the script, for the runs to come; while no work is under way the next run is the script's first.

        Args:
            text: The steps, or a `Script`.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        plan = plan_of(text, self._lifecycle)
        with self._world.lock:
            row = self._row
            taken = 1 if row.status in self._running else 0
            self._world.table(self._kind).replace(replace(row, plan=plan, runs=taken))

    def advance(self) -> None:
        """End the present step of the script.

        Raises:
            AurousTransitionError: If no step follows.
        """
        with self._world.lock:
            _ = self._row  # time may have moved it
            run = self._world.runs.get(self.id)
            if run is None or run.last:
                raise self._illegal("advance()", "its script has no further step")
            self._world.runs.advance(self.id)

    def finish(self) -> None:
        """Run the present run of the script to its end; at its end already, nothing happens."""
        with self._world.lock:
            _ = self._row
            while (run := self._world.runs.get(self.id)) is not None and not run.last:
                self._world.runs.advance(self.id)

    def fail(self, error: str = "provider_timeout") -> None:
        """End the work badly: the hold is released, and `error_message` says *error*.

        Args:
            error: A word such as ``provider_timeout``.

        Raises:
            AurousTransitionError: If no work is under way.
        """
        Check("record.fail", "reference/records.html").code("error", error)
        with self._world.lock:
            row = self._row
            if row.status not in self._running:
                raise self._illegal(f"fail({error!r})", f"only {' or '.join(self._running)} can fail")
            self._end_badly(row, error)

    def _legal(self) -> list[str]:
        """Return the verbs that the record could take now."""
        run = self._world.runs.get(self.id)
        legal = ["advance()", "finish()"] if run is not None and not run.last else []
        return legal + (["fail(error)"] if self._row.status in self._running else [])

    def _illegal(self, verb: str, why: str) -> AurousTransitionError:
        legal = self._legal()
        can = f"Legal now: {', '.join(legal)}." if legal else "Nothing is legal any more."
        return AurousTransitionError(
            f"{verb} on {self!r}: {why}, and it is {self._row.status!r}.\n{can}\n{see('reference/records.html')}"
        )


P = TypeVar("P", bound=Playable)


class Scripted(Collection[P]):
    """The records of a resource that has a lifecycle."""

    __slots__ = ()

    _record: type[Any]

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Give a script to the records that will be made from now on, whatever their team.

        Args:
            text: Such as ``"synthesizing*3 -> reviewing"``.
            name: Only to those that are created with this name; for images and videos, with this prompt.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        lifecycle: Lifecycle = self._record._lifecycle
        if name is not None:
            self._check("script").text("name", name, "Aurora")
        with self._world.lock:
            self._world.scripts[lifecycle.resource, name] = plan_of(text, lifecycle)
