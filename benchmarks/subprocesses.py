"""Whole pytest runs, each in a process and with nobody's plugin but the one that is measured."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

__all__ = ("run_pytest",)


def run_pytest(folder: Path, *plugins: str) -> float:
    """Run the tests of *folder* with *plugins* and return the CPU seconds of the process.

    Raises:
        RuntimeError: If they do not pass, with what pytest wrote.
    """
    options = [part for plugin in plugins for part in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    # Bytecode has to be cached, as it is for everybody from the second run on.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = _children()
    run = subprocess.run(
        command,
        cwd=folder,
        env={**inherited, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return _children() - before


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
