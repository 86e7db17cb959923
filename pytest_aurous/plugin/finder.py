"""Import this package as Python does, past the hook with which pytest rewrites assert statements.

pytest rewrites all that comes with a plugin. This package asserts nothing, and the hook costs each of its modules more
than importing it does: it compares the name with the names of all plugins, and compiles the module anew in each process
where it may not write its own bytecode.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class OwnModules:
    """Finds the modules of this package, on the path where they are."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return what Python finds for a module of this package, and None for all others."""
        return PathFinder.find_spec(name, path, target) if name.startswith("pytest_aurous.") else None


def skip_rewriting() -> None:
    """Let `OwnModules` find modules before pytest's hook does."""
    sys.meta_path.insert(0, OwnModules)
