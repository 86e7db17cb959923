"""Count what a process does: instructions where valgrind is installed, else the functions that Python calls.

Neither depends on how busy the machine is. Run as a program, it counts the calls of another program.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final

from timing import Result

__all__ = ("UNIT", "counted", "each", "run", "total")

HERE: Final = Path(__file__).parent
VALGRIND: Final = shutil.which("valgrind")
UNIT: Final = "instructions" if VALGRIND else "function calls"
CALLS: Final = [sys.executable, __file__]
COUNTER: Final = (
    [VALGRIND, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", sys.executable]
    if VALGRIND
    else CALLS
)
BYTECODE: Final = TemporaryDirectory()
PRINTED: Final = re.compile(r"(?:I\s+refs|calls):\s+([\d,]+)")


def counted(what: str, value: float, bar: float | None, unit: str = "") -> Result:
    """Return the row of a count, which has a bar only in instructions, if at all."""
    return Result(what, value, bar if VALGRIND else None, unit)


def run(command: Sequence[str | Path], cwd: Path = HERE) -> str:
    """Run a program to its end, with the same hash of each text as ever, and return what it writes to stderr.

    Raises:
        RuntimeError: If it fails, with its output.
    """
    env = {
        **os.environ,
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONHASHSEED": "0",
        "PYTHONPYCACHEPREFIX": BYTECODE.name,
    }
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr


def total(script: str, *arguments: str | int, cwd: Path = HERE) -> int:
    """Return what one of the scripts beside this one takes, from the start of Python to its end, with bytecode."""
    command: list[str | Path] = [HERE / script, *map(str, arguments)]
    run([*CALLS, *command], cwd)  # which writes the bytecode
    found = PRINTED.search(run([*COUNTER, *command], cwd))
    assert found
    return int(found[1].replace(",", ""))


def each(subject: str, few: int, many: int, *more: int) -> float:
    """Return what one repetition of a subject takes: the difference between *few* and *many* of them."""
    counts = [total("subjects.py", subject, times, *more) for times in (few, many)]
    return (counts[1] - counts[0]) / (many - few)


def _count_calls(script: str) -> None:
    calls = 0

    def see(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.path[0] = str(Path(script).parent)
    sys.setprofile(see)
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        sys.setprofile(None)
        print(f"calls: {calls}", file=sys.stderr)


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    _count_calls(sys.argv[0])
