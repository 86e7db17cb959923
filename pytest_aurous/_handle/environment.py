"""Environment variables that are set while a fake or a server runs."""

from __future__ import annotations

import os
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from threading import Lock
from typing import Final


class _Layer:
    """One variable as one fake or server set it, and the value that it found before.

    Attributes:
        disturbed: Whether other code had changed the variable when this layer was removed, and may still restore it.
    """

    __slots__ = ("disturbed", "found", "name", "value")

    def __init__(self, name: str, value: str, found: str | None) -> None:
        self.name = name
        self.value = value
        self.found = found
        self.disturbed = False


class Environment:
    """Sets variables for fakes and servers that start and end in any order.

    - While several have set a variable, it has the value of the latest one that has not ended.
    - Each restores the value that it found. If that value was set by one that has ended since, it restores what that
      one found.
    - A variable that other code has changed or deleted meanwhile stays as it is.
    - Other code, such as monkeypatch, may later restore a value that one of them had set and that has ended since.
      Such a value is replaced whenever one of them starts or ends, and at the end of each test, when the plugin calls
      `settle`.
    """

    def __init__(self, variables: MutableMapping[str, str]) -> None:
        self._variables = variables
        self._layers: list[_Layer] = []
        self._removed: list[_Layer] = []
        self._lock = Lock()

    @contextmanager
    def holding(self, **values: str) -> Generator[None, None, None]:
        """Set variables until the end of the block."""
        with self._lock:
            if not self._layers:
                self._removed = [layer for layer in self._removed if layer.disturbed]
            self._settle()
            own = [_Layer(name, value, self._variables.get(name)) for name, value in values.items()]
            self._layers += own
            self._variables.update(values)
        try:
            yield
        finally:
            with self._lock:
                for layer in own:
                    self._remove(layer)
                self._settle()

    def settle(self) -> None:
        """Replace the values that removed layers have left behind, and forget these layers."""
        with self._lock:
            self._settle()
            self._removed.clear()

    def _remove(self, layer: _Layer) -> None:
        place = self._layers.index(layer)
        del self._layers[place]
        self._removed.append(layer)
        later = [one for one in self._layers[place:] if one.name == layer.name]
        layer.disturbed = (later[0].found if later else self._variables.get(layer.name)) != layer.value
        if not later and not layer.disturbed:
            self._put(layer)
        for other in later:
            if other.found == layer.value:
                other.found = layer.found
            if other.value == layer.value:  # the next layer has found the value of this one
                return
        for other in self._removed:
            if (other.name, other.found) == (layer.name, layer.value):
                other.found = layer.found

    def _settle(self) -> None:
        if not self._removed:
            return
        current = {(layer.name, layer.value) for layer in self._layers}
        # The layer that was removed last comes first.
        for layer in sorted(self._removed, key=lambda one: one.disturbed)[::-1]:
            if (layer.name, layer.value) not in current and self._variables.get(layer.name) == layer.value:
                self._put(layer)

    def _put(self, layer: _Layer) -> None:
        """Restore the value that a layer found."""
        if layer.found is None:
            self._variables.pop(layer.name, None)
        else:
            self._variables[layer.name] = layer.found


ENVIRONMENT: Final = Environment(os.environ)
"""The variables of this process, which all fakes share."""

environment: Final = ENVIRONMENT.holding
