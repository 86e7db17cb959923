"""The pytest plugin: options, markers, fixtures, the network guard, and the sections of reports.

Begin with `hooks.py`, which pytest finds through this module, and `fixtures.py`; `modes` has what only some runs do.
It must not be imported by another folder, and must not know HTTP clients.
(PYTEST_DONT_REWRITE: a conftest.py that names the plugin may import a marker from the package before.)
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class OwnModules:
    """Finds the modules of this package as Python does, past the hook with which pytest rewrites assert statements.

    pytest rewrites all that comes with a plugin. This package asserts nothing, and the hook costs each of its modules
    more than importing it does: it compares the name with the names of all plugins, and compiles the module anew in
    each process where it may not write its own bytecode.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return what Python finds for a module of this package, and None for all others."""
        return PathFinder.find_spec(name, path, target) if name.startswith("pytest_aurous.") else None


# Before pytest's hook, and before the other modules are imported.
sys.meta_path.insert(0, OwnModules)

from .hooks import *  # noqa: E402, F403 - pytest takes those that begin with pytest_
