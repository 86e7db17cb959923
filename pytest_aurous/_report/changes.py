"""What each step of a fake has changed, cheaply: what nobody reads is not written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._core.base.data import View
from .._core.world.state import ABSENT
from .state import GONE, Written, frozen, gone, money, view, view_of

if TYPE_CHECKING:
    from .._core.engine.pipeline import App

Change = tuple[str, Any, Any, Any]
"""A section of the state, a key in it, and the values before and after."""


class StateFollower:
    """Follows the state of one fake: says what each step has changed, and shows the state around a step.

    Its callers hold the lock of the fake.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._undo = app.world.state.undo
        self._known: dict[str, dict[Any, Any]] = {}
        self._written: Written = {}
        self._undo.kept += 1
        self.compare()

    def stop(self) -> None:
        """Follow no longer."""
        self._undo.kept -= 1

    @property
    def moved(self) -> bool:
        """Whether something may have changed since the last step."""
        return self._undo.changes != self._seen

    def of_request(self) -> tuple[Change, ...]:
        """Return what the request that ends now has changed, without a comparison: each change noted how to undo it."""
        world = self._app.world
        deleted, tables = self._known[GONE], dict(world.tables())
        changes: list[Change] = []
        for name, key, before, after in world.state.last_changes():
            changes.append((name, key, frozen(before), frozen(after)))
            if name in tables and key not in deleted and after is not ABSENT and not tables[name].lives(after):
                changes.append((GONE, key, ABSENT, True))
        _apply(self._known, changes)
        self._seen = self._undo.changes
        return tuple(changes)

    def compare(self) -> tuple[Change, ...]:
        """Return what differs from the state after the last step, whoever has changed it."""
        world = self._app.world
        found: list[Change] = []
        raw = {name: dict(section) for name, section in world.state.sections()}
        raw["deliveries"] = {number: frozen(one) for number, one in world.outbox.entries.items()}
        raw[GONE] = dict.fromkeys(gone(self._app), True)
        for name, now in raw.items():
            known = self._known.get(name, {})
            new = ((key, known.get(key, ABSENT), value) for key, value in now.items())
            found += [(name, *change) for change in new if change[1] is not change[2] and change[1] != change[2]]
            found += [(name, key, known[key], ABSENT) for key in known.keys() - now.keys()]
            self._known[name] = now
        self._seen = self._undo.changes
        return tuple(found)

    def money(self, changes: Iterable[Change]) -> dict[str, Any]:
        """Return the credits of the teams whose accounts have changed."""
        return {team: money(account) for section, team, _, account in changes if section == "accounts"}

    def present(self) -> View:
        """Return the present state, whether it is known yet or not."""
        return view(self._app, self._written)

    def views(self, steps: Sequence[tuple[float, float, Sequence[Change]]]) -> Iterator[View]:
        """Yield the state before the first of *steps*, which are the last ones, and after each of them.

        Args:
            steps: When each began and ended on the clock, in epoch seconds, and what it has changed.
        """
        raw = {name: dict(values) for name, values in self._known.items()}
        for _, _, changes in reversed(steps):
            # Backwards: if a step has changed a value twice, the first value before is the one that counts.
            _apply(raw, ((name, key, after, before) for name, key, before, after in reversed(changes)))
        yield view_of(self._app, raw, steps[0][0] if steps else self._app.world.clock.time(), self._written)
        for _, ended, changes in steps:
            _apply(raw, changes)
            yield view_of(self._app, raw, ended, self._written)


def _apply(raw: dict[str, dict[Any, Any]], changes: Iterable[Change]) -> None:
    for name, key, _, after in changes:
        if after is ABSENT:
            raw.get(name, {}).pop(key, None)
        else:
            raw.setdefault(name, {})[key] = after
