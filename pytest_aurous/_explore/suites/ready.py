"""Ready tests: a file for each finding, whose test runs the one bad day again and fails as long as it breaks a law."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

_TEST: Final = '''"""A bad day of {test}, which broke a law. It was written by pytest-aurous, and belongs to you."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent / {root!r}
COMMAND = [sys.executable, "-m", "pytest", {test!r}, "--aurous-explore=fail"]
CASE = "--aurous-explore-only={case}"


def test_{name}() -> None:
    """{finding}"""
    variables = {{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}}
    done = subprocess.run([*COMMAND, CASE], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
'''
_LONGEST: Final = 100


def write_test(folder: Path, root: Path, test: str, case: str, finding: str) -> Path:
    """Write the test of a finding, and return its file.

    Args:
        folder: Where to write it.
        root: The folder from which pytest finds *test*.
        test: The node id of the test that was explored.
        case: The id of the case.
        finding: What happened, in a sentence.

    Raises:
        OSError: If it cannot be written.
    """
    name = re.sub(r"[\W_]+", "_", f"{test.rpartition('::')[2]}_{case}").strip("_").removeprefix("test_")[:_LONGEST]
    try:
        way = Path(os.path.relpath(root, folder)).as_posix()
    except ValueError:  # another drive of Windows
        way = root.as_posix()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"test_{name}.py"
    docstring = finding.replace("\\", "\\\\").replace('"', "'")
    file.write_text(_TEST.format(test=test, root=way, case=case, name=name, finding=docstring), encoding="utf-8")
    return file
