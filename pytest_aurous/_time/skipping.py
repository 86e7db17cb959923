"""Skips sleeps: what is patched, in which modules, and how it all becomes what it was."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from functools import wraps
from math import inf
from types import ModuleType
from typing import Any, Final, cast

from .._frames import BYSTANDERS, package_of
from .loops import AsyncioSleeps, TrioSleeps
from .turns import Timeline

__all__ = ("SleepSkipper",)

CLOCKS: Final = ("time", "monotonic", "perf_counter")
NAMESPACE: Final[Any] = vars(ModuleType)["__dict__"]
"""How to get at a module's names: a lazy one would load itself if it were asked for its `__dict__`."""


class SleepSkipper:
    """While entered, sleeps return at once and time jumps instead, in the whole process.

    Of several, entered and left in any order, the first patches and the last one to leave puts everything back. Time
    is one for all of them, and each one's clock is moved while it is entered.

    Args:
        jump: Called with two numbers of seconds: by how much the process's clocks jump, and by how much a clock that
            stands still has to be moved. Either may be 0.
        waiting_for: Says what is being waited for, for the error that ends an endless test.
    """

    def __init__(self, jump: Callable[[float, float], None], waiting_for: Callable[[], str] = str) -> None:
        self._member = (jump, waiting_for)
        self._joined: list[Timeline] = []

    def __enter__(self) -> None:
        # What is patched knows by whom: so no module has to remember, and two fakes still find each other.
        timeline = getattr(time.sleep, "timeline", None)
        if not isinstance(timeline, Timeline) or not timeline.active:
            timeline = Timeline(_genuine(time.monotonic))
            timeline.at_end = _Patches(timeline).stop
        timeline.members.append(self._member)
        self._joined.append(timeline)

    def __exit__(self, *_: object) -> None:
        timeline = self._joined.pop()
        timeline.members.remove(self._member)
        if not timeline.members:  # whoever has come meanwhile goes on skipping
            timeline.at_end()


class _Clock:
    """`time.time` and its like. No function, for as an attribute of a class it must not bind: a builtin does not."""

    __slots__ = ("real", "timeline", "unit")

    def __init__(self, real: Callable[[], Any], timeline: Timeline, unit: int) -> None:
        self.real = real
        self.timeline = timeline
        self.unit = unit

    def __call__(self) -> Any:
        if not self.timeline.active or package_of(sys._getframe(1)) in BYSTANDERS:
            return self.real()
        shift = self.timeline.shift
        return self.real() + (shift if self.unit == 1 else int(shift * self.unit))


class _Sleeper:
    """`time.sleep`."""

    __slots__ = ("real", "timeline")

    def __init__(self, real: Callable[[Any], None], timeline: Timeline) -> None:
        self.real = real
        self.timeline = timeline

    def __call__(self, seconds: Any, /) -> None:
        timeline, frame = self.timeline, sys._getframe(1)
        number = isinstance(seconds, float) or hasattr(seconds, "__index__")  # what the builtin takes
        if not timeline.active or not number or not 0 < seconds < inf or package_of(frame) in BYSTANDERS:
            self.real(seconds)
        else:
            timeline.wait(timeline.begin(seconds, frame, timeline.now() + seconds))


class _Patches:
    """Everything that is patched for one `Timeline`."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._swapped: list[tuple[Any, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._trio: TrioSleeps | None = None
        clocks = {name: _Clock(_genuine(getattr(time, name)), timeline, 1) for name in CLOCKS}
        for name in CLOCKS:
            clocks[f"{name}_ns"] = _Clock(_genuine(getattr(time, f"{name}_ns")), timeline, 10**9)
        ours: dict[str, Any] = {**clocks, "sleep": _Sleeper(_genuine(time.sleep), timeline)}
        # Twice: what stands in `time` may be a leftover of ours that somebody put back, while others have the real one.
        pairs = [(getattr(time, name), it) for name, it in ours.items()] + [(it.real, it) for it in ours.values()]
        self._asyncio = AsyncioSleeps(timeline, asyncio.sleep)
        pairs.append((asyncio.sleep, self._asyncio.sleep))
        if (anyio := sys.modules.get("anyio")) is not None:
            pairs.append((anyio.sleep, self._anyio_sleep(anyio.sleep)))
        self._swap(pairs + self._patch_trio())
        self._sizes = {module: len(names) for module, names in _namespaces()}

    def stop(self) -> None:
        """Put everything back, also where a module took a patched function meanwhile."""
        self.timeline.active = False
        self._asyncio.stop()
        if self._trio is not None:
            self._trio.stop()
        back = {id(ours): theirs for theirs, ours in self._swapped}
        grown = [names for module, names in _namespaces() if self._sizes.get(module) != len(names)]
        for names in self._changed + grown:
            _replace(back, names)

    def _swap(self, pairs: list[tuple[Any, Any]]) -> None:
        self._swapped += pairs
        table = {id(theirs): ours for theirs, ours in pairs}
        # The standard library keeps what it took by name: its own waiting is real. What it looks up in `time` jumps.
        spared = (sys.stdlib_module_names | BYSTANDERS) - {"asyncio", "time"}
        for module, names in _namespaces():
            if module.partition(".")[0] not in spared and _replace(table, names):
                self._changed.append(names)

    def _patch_trio(self) -> list[tuple[Any, Any]]:
        trio = sys.modules.get("trio")
        if self._trio is not None or not hasattr(trio, "sleep_until"):  # while it is being imported it has not
            return []
        self._trio = TrioSleeps(self.timeline, trio)
        return self._trio.pairs

    def _anyio_sleep(self, real: Any) -> Any:
        @wraps(real)
        async def sleep(delay: float) -> None:
            # anyio imports trio when it is first asked to run on it.
            if self.timeline.active and (pairs := self._patch_trio()):
                self._swap(pairs)
            await real(delay)

        return sleep


def _genuine(function: Any) -> Any:
    while isinstance(function, (_Clock, _Sleeper)):
        function = function.real
    return function


def _namespaces() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, module in sys.modules.copy().items():
        if isinstance(cast("object", module), ModuleType):  # pragma: no branch - people put all sorts of things there
            yield name, NAMESPACE.__get__(module)


def _replace(table: dict[int, Any], names: dict[str, Any]) -> bool:
    """Put ``table[id(value)]`` in the place of each value that a module has by name; return whether it had any."""
    if table.keys().isdisjoint(map(id, list(names.values()))):
        return False
    for name, value in list(names.items()):
        if id(value) in table:
            names[name] = table[id(value)]
    return True
