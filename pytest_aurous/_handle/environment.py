"""Environment variables for a while."""

from __future__ import annotations

import os
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

__all__ = ("ENVIRONMENT", "Environment", "environment")


@dataclass(eq=False)
class _Layer:
    """One variable as one fake or server has set it.

    Attributes:
        name: The variable.
        value: What it was set to.
        found: What it was before, and is to be afterwards; None where it was not set.
        disturbed: Whether somebody else had changed it when this one went, and may yet put it back.
    """

    name: str
    value: str
    found: str | None
    disturbed: bool = False


class Environment:
    """Sets variables for fakes and servers that come and go in any order.

    - While several have set a variable, it has the value of the one that came last and has not gone.
    - Whoever goes puts back what it found. Where that was the value of somebody who has gone since, it puts back what
      that one found.
    - A variable that somebody else has changed or deleted meanwhile stays as it is: nobody here has set that.
    - Somebody else may put back later what he found, as monkeypatch does: the value of one who has gone by then.
      Such a value is replaced whenever somebody comes or goes, and at the end of each test, where the plugin calls
      `settle`.

    Args:
        variables: The variables.
    """

    def __init__(self, variables: MutableMapping[str, str]) -> None:
        self._variables = variables
        self._layers: list[_Layer] = []
        self._gone: list[_Layer] = []
        self._lock = Lock()

    @contextmanager
    def holding(self, **values: str) -> Generator[None, None, None]:
        """Set variables until the end of the block."""
        with self._lock:
            if not self._layers:
                self._gone = [layer for layer in self._gone if layer.disturbed]
            self._settle()
            mine = [_Layer(name, value, self._variables.get(name)) for name, value in values.items()]
            self._layers += mine
            self._variables.update(values)
        try:
            yield
        finally:
            with self._lock:
                for layer in mine:
                    self._remove(layer)
                self._settle()

    def settle(self) -> None:
        """Replace what is left of those who have gone, and forget them."""
        with self._lock:
            self._settle()
            self._gone.clear()

    def _remove(self, layer: _Layer) -> None:
        place = self._layers.index(layer)
        del self._layers[place]
        self._gone.append(layer)
        later = [one for one in self._layers[place:] if one.name == layer.name]
        layer.disturbed = (later[0].found if later else self._variables.get(layer.name)) != layer.value
        if not later and not layer.disturbed:
            self._put(layer)
        for one in later:
            if one.found == layer.value:
                one.found = layer.found
            if one.value == layer.value:  # what comes after it has found its value
                return
        for one in self._gone:
            if (one.name, one.found) == (layer.name, layer.value):
                one.found = layer.found

    def _settle(self) -> None:
        held = {(layer.name, layer.value) for layer in self._layers}
        for layer in sorted(self._gone, key=lambda one: one.disturbed)[::-1]:  # who went last comes first
            if (layer.name, layer.value) not in held and self._variables.get(layer.name) == layer.value:
                self._put(layer)

    def _put(self, layer: _Layer) -> None:
        """Put back what a layer found."""
        if layer.found is None:
            self._variables.pop(layer.name, None)
        else:
            self._variables[layer.name] = layer.found


ENVIRONMENT: Final = Environment(os.environ)
"""The variables of this process, of which there is one set for all fakes."""

environment: Final = ENVIRONMENT.holding
