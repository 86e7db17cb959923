"""Notice when a library is imported, so that code that does not use it need not load it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Arrival:
    """A finder of modules that calls *then* as soon as one of these modules has been imported, or loaded again."""

    def __init__(self, names: Container[str], then: Callable[[], object]) -> None:
        self._names = names
        self._then = then

    def begin(self) -> None:
        """Start to watch imports."""
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Stop watching imports."""
        with suppress(ValueError):  # other code may have restored an earlier `sys.meta_path`
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders return for the module, with a loader that calls *then*; else None."""
        if name not in self._names:
            return None
        found = (other.find_spec(name, path, target) for other in sys.meta_path if other is not self)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Noticed(spec.loader, self._then)
        return spec


class _Noticed(Loader):
    """Loads a module with its original loader, and calls *then* afterwards."""

    def __init__(self, loader: Any, then: Callable[[], object]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then()
