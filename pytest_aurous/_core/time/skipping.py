"""Patch sleeps and clocks in all modules, and restore them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from math import inf
from types import ModuleType
from typing import Any, Final, cast

from ..base.chains import nothing, undone_on_error
from ..base.errors import hide_mistakes
from ..base.frames import BYSTANDERS, package_of
from .loops import AsyncioSleeps, TrioSleeps, jumps
from .turns import Jump, Limit, SharedTime, Skipping, warn_of_real_sleep

__tracebackhide__ = hide_mistakes

CLOCKS: Final = ("time", "monotonic", "perf_counter")
_OF_GREENLETS: Final = "a monkey patch has put the sleep of greenlets (gevent, eventlet) in the place of `time.sleep`."
NAMESPACE: Final[Any] = vars(ModuleType)["__dict__"]
"""Returns the names of a module; a lazy module would load itself on access to its `__dict__`."""


class SleepSkipper:
    """While entered, let sleeps of the whole process return at once and let time jump instead.

    Several can be entered and left in any order: the first one patches, the last one to leave restores. They share one
    time, and each one's clock moves while it is entered. The arguments are those of `Skipping`.
    """

    def __init__(self, jump: Jump, waiting_for: Callable[[], str] = nothing, limit: Limit | None = None) -> None:
        self._skipping = Skipping(jump, waiting_for, limit)
        self._entered: list[tuple[SharedTime, float | None]] = []

    def __enter__(self) -> SharedTime:
        """Skip sleeps; return the time that they share."""
        # The patched function leads to the shared time, so no module needs state for several fakes to find each other.
        shared = getattr(time.sleep, "shared", None)
        if not isinstance(shared, SharedTime) or not shared.active:
            shared = SharedTime(_original(time.monotonic))
            patches = _Patches(shared)
            shared.at_end, shared.asleep = patches.stop, patches.asleep
        # Where only an exploration skips sleeps, the clocks are real again after the block when its test runs
        # by itself: it may measure how long it has really taken.
        self._entered.append((shared, shared.shift if shared.limit is not None else None))
        shared.skippers.append(self._skipping)
        return shared

    def __exit__(self, *_: object) -> None:
        shared, shift = self._entered.pop()
        shared.skippers.remove(self._skipping)
        came_later = _switches_greenlets(time.sleep)
        if not shared.skippers:
            shared.at_end()
        elif shift is not None:
            shared.shift = shift
        if came_later:
            warn_of_real_sleep(_OF_GREENLETS)


@dataclass(eq=False)
class _Clock:
    """Replace `time.time` and the like. Unlike a function, and like a builtin, it does not bind in a class."""

    real: Callable[[], Any]
    shared: SharedTime
    unit: int

    def __call__(self) -> Any:
        return self.real() if package_of(sys._getframe(1)) in BYSTANDERS else self.shifted()

    def shifted(self) -> Any:
        """Return the time as the code under test sees it, whoever calls."""
        if not self.shared.active:
            return self.real()
        shift = self.shared.shift
        return self.real() + (shift if self.unit == 1 else int(shift * self.unit))


@dataclass(eq=False)
class _Sleeper:
    real: Callable[[Any], None]
    shared: SharedTime

    def __call__(self, seconds: Any, /) -> None:
        shared, frame = self.shared, sys._getframe()
        caller = frame.f_back or frame  # none, if it is all that a greenlet does
        number = isinstance(seconds, float) or hasattr(seconds, "__index__")  # what the builtin accepts
        is_bystander = caller is not frame and package_of(caller) in BYSTANDERS
        if not shared.active or not number or not 0 <= seconds < inf or is_bystander:
            self.real(seconds)
        elif not seconds:
            shared.yield_now(caller)
            self.real(0)
        elif _switches_greenlets(self.real):
            warn_of_real_sleep(_OF_GREENLETS)
            self.real(seconds)
        else:
            shared.sleep(seconds)


class _Patches:
    def __init__(self, shared: SharedTime) -> None:
        self.shared = shared
        self._replaced: list[tuple[Any, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._sizes: dict[str, int] = {}
        self._asyncio = AsyncioSleeps(shared, asyncio.sleep)
        self._trio: TrioSleeps | None = None
        with undone_on_error(self.stop):
            self._patch()

    def _patch(self) -> None:
        shared = self.shared
        patches: dict[str, Any] = {"sleep": _Sleeper(_original(time.sleep), shared)}
        for name in CLOCKS:
            patches[name] = _Clock(_original(getattr(time, name)), shared, 1)
            patches[f"{name}_ns"] = _Clock(_original(getattr(time, f"{name}_ns")), shared, 10**9)
        # Both what is in `time`, which may be an old patch restored too late, and the original of other modules.
        pairs = [(getattr(time, name), patch) for name, patch in patches.items()]
        pairs += [(patch.real, patch) for patch in patches.values()]
        pairs.append((asyncio.sleep, self._asyncio.sleep))
        anyio: Any = sys.modules.get("anyio")
        if hasattr(anyio, "sleep"):  # missing while the import runs
            pairs.append((anyio.sleep, self._anyio_sleep(anyio.sleep)))
        self._replace_everywhere(pairs + self._patch_trio())
        self._sizes = {module: len(names) for module, names in _namespaces()}

    def stop(self) -> None:
        """Restore everything, also in modules that imported a patched function meanwhile."""
        self.shared.active = False
        self._asyncio.stop()
        if self._trio is not None:
            self._trio.stop()
        originals = {id(patch): original for original, patch in self._replaced}
        grown = [names for module, names in _namespaces() if self._sizes.get(module) != len(names)]
        for names in self._changed + grown:
            _replace(originals, names)

    def _replace_everywhere(self, pairs: list[tuple[Any, Any]]) -> None:
        """Replace the first of each pair by the second, in all modules but those whose waiting is real."""
        self._replaced += pairs
        patches = {id(original): patch for original, patch in pairs}
        # The standard library keeps what it imported by name, but what it looks up in `time` jumps.
        spared = (sys.stdlib_module_names | BYSTANDERS) - {"asyncio", "time"}
        for module, names in _namespaces():
            if module.partition(".")[0] not in spared and _replace(patches, names):
                self._changed.append(names)

    def _patch_trio(self) -> list[tuple[Any, Any]]:
        """Return the pairs of trio's functions and their patches, once trio is imported."""
        trio = sys.modules.get("trio")
        if self._trio is not None or not hasattr(trio, "sleep_until"):  # likewise
            return []
        self._trio = TrioSleeps(self.shared, trio)
        return self._trio.pairs

    def _follow_trio(self) -> None:
        """Patch trio, which anyio imports when it first runs on it."""
        if pairs := self._patch_trio():
            self._replace_everywhere(pairs)

    def _anyio_sleep(self, real: Any) -> Any:
        @wraps(real)
        async def sleep(delay: float) -> None:
            if self.shared.active:
                self._follow_trio()
            await real(delay)

        return sleep

    async def asleep(self, seconds: float) -> None:
        """Skip a sleep of this task. If its loop has a clock that cannot jump, the others do."""
        loop = asyncio._get_running_loop()
        if loop is not None and jumps(loop):
            await self._asyncio.sleep(seconds)
        elif loop is not None:
            self.shared.move(seconds)
        else:
            self._follow_trio()
            await cast("TrioSleeps", self._trio).sleep(seconds)


def _original(function: Any) -> Any:
    while isinstance(function, (_Clock, _Sleeper)):
        function = function.real
    return function


def _switches_greenlets(sleep: Any) -> bool:
    """Whether a function is the sleep of gevent or eventlet: no frame shows what their other greenlets wait for."""
    return str(getattr(sleep, "__module__", "")).partition(".")[0] in {"eventlet", "gevent"}


def _namespaces() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, module in sys.modules.copy().items():
        if issubclass(type(cast("object", module)), ModuleType):  # unlike `isinstance`, no claim of cffi counts
            yield name, NAMESPACE.__get__(module)


def _replace(table: dict[int, Any], names: dict[str, Any]) -> bool:
    """Replace each value in *names* whose id is in *table*; return whether there was one."""
    if table.keys().isdisjoint(map(id, list(names.values()))):
        return False
    for name, value in list(names.items()):
        if id(value) in table:
            names[name] = table[id(value)]
    return True
