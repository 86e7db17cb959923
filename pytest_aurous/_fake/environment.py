"""Environment variables that are set while a fake or a server runs."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from functools import partial
from threading import RLock
from typing import Final

from .._core.base.chains import undone_on_error


class _Held:
    """A variable, the value that a fake or a server has set, and the value that it found."""

    def __init__(self, name: str, value: str, found: str | None) -> None:
        self.name = name
        self.value = value
        self.found = found


class Environment:
    """Sets variables for fakes and servers that start and end in any order.

    - While several have set a variable, it has the value of the latest holder that has not ended.
    - Each restores the value that it found, whatever other code has done to the variable meanwhile. If others that
      started later are still there, the next of them restores that value instead.
    - Other code, such as monkeypatch, may put back a value that one of them had set and that has ended since. `settle`
      replaces it; the plugin calls it at the end of each test.
    """

    def __init__(self, variables: MutableMapping[str, str]) -> None:
        self._variables = variables
        self._held: list[_Held] = []
        self._ended: dict[tuple[str, str | None], str | None] = {}  # what was found, by name and value
        self._lock = RLock()

    def hold(self, **values: str) -> Callable[[], None]:
        """Set variables, and return the function that restores them."""
        with self._lock:
            self._replace_ended()
            held = [_Held(name, value, self._variables.get(name)) for name, value in values.items()]
            self._held += held
            restore = partial(self._restore, held)
            with undone_on_error(restore):  # some texts cannot be a value
                self._variables.update(values)
        return restore

    def settle(self) -> None:
        """Replace values that have ended, and forget these."""
        if self._ended:  # else no fake has ended since
            with self._lock:
                self._replace_ended()
                self._ended.clear()

    def _restore(self, ending: list[_Held]) -> None:
        with self._lock:
            for held in ending:
                place = self._held.index(held)
                del self._held[place]
                later = [other for other in self._held[place:] if other.name == held.name]
                if later:
                    later[0].found = held.found
                else:
                    self._put(held.name, held.found)
                self._ended[held.name, held.value] = held.found

    def _replace_ended(self) -> None:
        for held in self._held:  # a value that somebody still holds has not ended
            self._ended.pop((held.name, held.value), None)
        for name in {name for name, _ in self._ended}:
            while (ended := (name, self._variables.get(name))) in self._ended:
                self._put(name, self._ended.pop(ended))

    def _put(self, name: str, value: str | None) -> None:
        if value is None:
            self._variables.pop(name, None)
        else:
            self._variables[name] = value


ENVIRONMENT: Final = Environment(os.environ)
"""The variables of this process, which all fakes share."""
