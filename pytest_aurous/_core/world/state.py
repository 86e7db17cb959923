"""The data of one fake, and the one way to copy it and to undo changes to it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from ..time.clock import Clock, Position

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
ABSENT: Final[Any] = object()


class Saved(NamedTuple):
    """A copy of a `State`: plain data that can be pickled, and restored more than once."""

    sections: dict[str, dict[Any, Any]]
    lists: dict[str, list[Any]]
    chance: dict[str, tuple[Any, ...]]
    clock: Position


class Undo:
    """What undoes the operation that runs: a step for each of its changes, which `State.whole` describes.

    Sections have it instead of their state, so that a fake that is left is freed at once.
    """

    def __init__(self) -> None:
        self.active: bool = False  # whether an operation runs
        self.changes: int = 0  # grows with each change, whether an operation runs or not
        self.steps: list[tuple[Callable[..., object], tuple[Any, ...]]] = []  # to call, the last one first
        self.logs: list[dict[tuple[str, Any], None]] = []  # for each follower, the section and the key of each change

    def note(self, step: Callable[..., object], *args: Any) -> None:
        """Note that ``step(*args)`` undoes the change that follows."""
        self.changes += 1
        if self.active:
            self.steps.append((step, args))


class Section(dict[K, V]):
    """A dictionary of values that never change in place, whose changes can be undone.

    Write it with ``section[key] = value``, ``del section[key]`` and `take` only: these are noted.
    """

    __slots__ = ("_undo", "name")

    def __init__(self, undo: Undo, name: str = "") -> None:
        self._undo = undo
        self.name: str = name

    def __setitem__(self, key: K, value: V) -> None:
        if self._undo.active:
            self._undo.note(put, self, key, self.get(key, ABSENT))
        else:
            self._undo.changes += 1
        for log in self._undo.logs:
            log[self.name, key] = None
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        self._undo.note(put, self, key, self[key])
        for log in self._undo.logs:
            log[self.name, key] = None
        super().__delitem__(key)

    def take(self, key: K) -> V | None:
        """Remove a value and return it; None where there is none."""
        value = self.get(key)
        if value is not None:
            del self[key]
        return value


class State:
    """All data of one fake: sections, lists, random generators and the clock. Its callers hold the fake's lock.

    One mechanism serves snapshots (`copy` and `restore`), interrupted requests (`whole`) and rehearsals (`mark` and
    `undo_to`). The values in sections are frozen, so a copy copies dictionaries, and not what is in them. While an
    operation runs, `note` keeps a step for each change **before** it is made. An exception can come between any two
    lines, from a signal handler for example, so a step must also be right if its change was never made, and if it runs
    twice.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.undo: Undo = Undo()
        self._clock = clock or Clock()
        self.seed: int = 0  # of random generators that are used for the first time
        self.sections: dict[str, Section[Any, Any]] = {}  # all in use by name, to be read
        self._copiers: dict[str, Callable[[Any, Any], Any]] = {}
        self._lists: dict[str, list[Any]] = {}
        self._random: dict[str, Random] = {}

    def section(self, name: str, copier: Callable[[Any, Any], Any] | None = None) -> Section[Any, Any]:
        """Return the section of that name.

        If its values change, ``copier(value, present)`` returns a copy of one. A restore passes the *present* value,
        which the copier may return instead if it is equal.
        """
        if copier is not None:
            self._copiers[name] = copier
        if name not in self.sections:
            self.sections[name] = Section(self.undo, name)
        return self.sections[name]

    def sequence(self, name: str) -> list[Any]:
        """Return the list of that name. A caller that changes it notes how to undo that."""
        return self._lists.setdefault(name, [])

    def random(self, name: str) -> Random:
        """Return the random generator of that name. Draw from it at once, and do not keep it."""
        # Seeding takes longer than a request, and so does reading the state, of which a new one has nothing to keep.
        if name not in self._random:
            self.undo.note(self._random.pop, name, None)
            self._random[name] = Random(f"{self.seed}/{name}")
        elif self.undo.active:
            self.undo.note(self._random[name].setstate, self._random[name].getstate())
        return self._random[name]

    def copy(self) -> Saved:
        sections = {name: dict(section) for name, section in self.sections.items() if section}
        for name, copier in self._copiers.items():
            if name in sections:
                sections[name] = {key: copier(value, None) for key, value in sections[name].items()}
        lists = {name: items[:] for name, items in self._lists.items() if items}
        chance = {name: random.getstate() for name, random in self._random.items()}
        return Saved(sections, lists, chance, self._clock.position)

    def restore(self, saved: Saved) -> None:
        self.undo.changes += 1
        for name, section in self.sections.items():
            values = saved.sections.get(name, {})
            if copier := self._copiers.get(name):
                values = {key: copier(value, section.get(key)) for key, value in values.items()}
            for log in self.undo.logs:
                log.update(dict.fromkeys((name, key) for key in (*section, *values)))
            section.clear()
            section.update(values)
        for name, items in self._lists.items():
            items[:] = saved.lists.get(name, [])
        for name in self._random.keys() - saved.chance.keys():
            del self._random[name]
        for name, chance in saved.chance.items():
            self.random(name).setstate(chance)
        self._clock.restore(saved.clock)

    def append(self, items: list[T], item: T) -> None:
        """Append to a list that only grows."""
        self.undo.note(_cut, items, len(items))
        items.append(item)

    def take(self, items: list[T], item: T) -> T:
        self.undo.note(_refill, items, items[:])
        items.remove(item)
        return item

    def mark(self) -> int:
        """Return what `undo_to` takes."""
        return len(self.undo.steps)

    def undo_to(self, mark: int) -> None:
        steps = self.undo.steps
        while len(steps) > mark:
            step, args = steps[-1]
            step(*args)
            steps.pop()

    def whole(self, act: Callable[..., T], *args: Any) -> T:
        """Return ``act(*args)``; if it raises an exception, undo its changes first."""
        undo, outer = self.undo, self.undo.active
        if not outer:
            undo.steps.clear()  # an exception may have kept the previous operation from doing so
        mark = len(undo.steps)
        try:
            undo.active = True
            undo.note(self._clock.restore, self._clock.position)
            return act(*args)
        except BaseException:
            self.undo_to(mark)
            raise
        finally:
            undo.active = outer
            if not outer:
                undo.steps.clear()


def put(section: Section[Any, Any], key: object, value: object) -> None:
    """Undo the change of a value of a section: put the one before back."""
    if value is ABSENT:
        section.pop(key, None)
    else:
        section.update({key: value})


def _refill(items: list[Any], before: list[Any]) -> None:
    items[:] = before


def _cut(grown: list[Any], length: int) -> None:
    del grown[length:]
