"""Live records and their collections: what a test sees of the rows, without a request."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from ._check import Check
from ._columns import visible
from ._fields import Reader, read_fields
from ._secrets import redacted
from ._wire import ApiProblem
from ._world import World
from .errors import AurousError, AurousLookupError, hide_mistakes, nearest, see, shown, vanished

__all__ = ("Collection", "Live", "check_fields")

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
        return map(self._live, self._living())

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
        return redacted(f"<{type(self).__name__}: {list(self)!r}>")
