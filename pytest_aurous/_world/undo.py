"""Takes back what an operation has changed where it cannot end: a call takes effect wholly, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ("Undo",)

T = TypeVar("T")
_ABSENT: Final = object()


class Undo:
    """Steps that restore the state, noted **before** each change and run backwards.

    An exception can come between any two lines: from a signal handler, such as the `KeyboardInterrupt` of Ctrl-C or
    the one of a timeout. So each step must also be right if its change was never made, or if it runs twice.
    Outside `whole` nothing is noted. Its callers hold the fake's lock.
    """

    __slots__ = ("_steps", "active")

    def __init__(self) -> None:
        self.active: bool = False
        self._steps: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def before(self, restore: Callable[..., object], *args: Any) -> None:
        """Note that ``restore(*args)`` takes back the change that follows."""
        if self.active:
            self._steps.append((restore, args))

    def item(self, mapping: dict[Any, Any], key: object) -> None:
        """Note that ``mapping[key]`` is about to be set or removed."""
        if self.active:
            self._steps.append((_put, (mapping, key, mapping.get(key, _ABSENT))))

    def attributes(self, thing: object, *names: str) -> None:
        """Note that these attributes are about to change."""
        if self.active:
            self._steps += [(setattr, (thing, name, getattr(thing, name))) for name in names]

    def end_of(self, grows: list[Any]) -> None:
        """Note that a list is about to grow at its end."""
        if self.active:
            self._steps.append((_cut, (grows, len(grows))))

    def mark(self) -> int:
        """Return what `back_to` takes."""
        return len(self._steps)

    def back_to(self, mark: int) -> None:
        """Take back everything since the `mark`."""
        while len(self._steps) > mark:
            restore, args = self._steps[-1]
            restore(*args)
            self._steps.pop()

    def whole(self, act: Callable[..., T], *args: Any) -> T:
        """Return ``act(*args)``; where an exception comes out of it, take back its changes first."""
        outer = self.active
        if not outer:
            self._steps.clear()  # an exception can even have come before those of the operation before were dropped
        mark = len(self._steps)
        try:
            self.active = True
            return act(*args)
        except BaseException:
            self.back_to(mark)
            raise
        finally:
            self.active = outer
            if not outer:
                self._steps.clear()

    def abandon(self) -> None:
        """Take back an operation whose thread is not there any more."""
        self.back_to(0)
        self.active = False


def _put(mapping: dict[Any, Any], key: object, value: object) -> None:
    if value is _ABSENT:
        mapping.pop(key, None)
    else:
        mapping[key] = value


def _cut(grown: list[Any], length: int) -> None:
    del grown[length:]
