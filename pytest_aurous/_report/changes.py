"""What each step of a fake has changed, cheaply: what nobody reads is not written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._core.base.data import View
from .._core.world.state import ABSENT
from .state import GONE, Written, frozen, money, view, view_of

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
        self._known: dict[str, dict[Any, Any]] = {"deliveries": {}}
        self._written: Written = {}
        sections = app.world.state.sections
        self._log: dict[tuple[str, Any], None] = {
            (name, key): None for name, section in sections.items() for key in section
        }
        self._undo.logs.append(self._log)
        self.changes()

    def stop(self) -> None:
        self._undo.logs[:] = [log for log in self._undo.logs if log is not self._log]  # others may be equal

    @property
    def moved(self) -> bool:
        """Whether something may have changed since the last step."""
        return self._undo.changes != self._seen

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the state after the last step, whoever has changed it.

        Only what was written since then is compared: with thousands of records, a step costs what it costs with few.
        """
        world, known = self._app.world, self._known
        sections, tables = world.state.sections, world.tables
        # A delivery changes in place, until its outcome is known.
        pending = [number for number, one in known["deliveries"].items() if one["status"] == "pending"]
        found: list[Change] = []
        for name, key in self._log | dict.fromkeys(("deliveries", number) for number in pending):
            if name not in sections:  # it is of the journal, which is no state
                continue
            value = sections[name].get(key, ABSENT)
            new = [(name, frozen(value))]
            if name in tables:
                new.append((GONE, ABSENT if value is ABSENT or tables[name].lives(value) else True))
            for section, after in new:
                before = known.get(section, {}).get(key, ABSENT)
                if before is not after and before != after:
                    found.append((section, key, before, after))
        _apply(known, found)
        self._log.clear()
        self._seen = self._undo.changes
        return tuple(found)

    def money(self, changes: Iterable[Change]) -> dict[str, Any]:
        return {team: money(account) for section, team, _, account in changes if section == "accounts"}

    def present(self) -> View:
        return view(self._app, self._written)

    def views(self, steps: Sequence[tuple[float, float, Sequence[Change]]]) -> Iterator[View]:
        """Yield the state before the first of *steps*, which are the last ones, and after each of them.

        Each step has when it began and ended on the clock, in epoch seconds, and what it has changed.
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
