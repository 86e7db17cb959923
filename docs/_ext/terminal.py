"""What commands print: pytest, and our own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Final

from examples import code
from shared import DOCS

from pytest_aurous._cli.main import main

__all__ = ("check_output", "pytest_output")

_EXAMPLES: Final = DOCS / "examples"
_TIME: Final = re.compile(r"\bin \d+\.\d\ds\b( \([\d:]+\))?")
_SHORT: Final = "in 0.12s"
_MARKED: Final = re.compile(r" *\^+")  # under an expression; each version of Python marks others
_SKIPPED: Final = ("-o", "aurous_sleep=skip")  # what the ini file of our reader says


def pytest_output(arguments: str = "", folder: str = "", start: str = "", end: str = "") -> None:
    """Print what pytest prints, or the part of it from a line that begins with one pattern to one with another.

    With `folder` it runs in a folder that holds these examples alone, as a reader's folder does;
    `draft.py=app.py` is an example that lies there under another name.
    """
    code("text", "\n".join(_shown(arguments, folder, start, end)))


def check_output(arguments: str, start: str = "", end: str = "") -> None:
    """Print what `pytest-aurous check` prints with these arguments, in the folder of the examples."""
    names = [str(_EXAMPLES / word) if word.endswith((".har", ".yaml", ".json")) else word for word in arguments.split()]
    with redirect_stdout(StringIO()) as printed:
        main(["check", *names])
    lines = _part(printed.getvalue().splitlines(), re.escape(start), re.escape(end))
    code("text", "\n".join([f"$ pytest-aurous check {arguments}", *lines]))


def _shown(arguments: str, folder: str, start: str, end: str) -> list[str]:
    words = tuple(arguments.split())
    if folder:
        with TemporaryDirectory() as place:
            for file in folder.split():
                example, _, name = file.partition("=")
                copyfile(_EXAMPLES / example, Path(place, name or example))
            shown = _printed(words, Path(place))
    else:
        shown = _printed(words, _EXAMPLES)
    return [_at_one_time(line) for line in _part(shown, start, end)]


def _at_one_time(line: str) -> str:
    """Return a line with the same time, whatever it was, and as long as if the run had taken that."""
    found = _TIME.search(line)
    if found is None or len(found[0]) == len(_SHORT):
        return _TIME.sub(_SHORT, line)
    title = _TIME.sub(_SHORT, line).strip("= ")
    fill = "=" * ((len(line) - len(title) - 2) // 2)
    return f"{fill} {title} {fill}".ljust(len(line), "=")


def _part(lines: list[str], start: str, end: str) -> list[str]:
    """Return the lines from one that begins with a pattern to one that begins with another.

    Raises:
        LookupError: If there is no such line.
    """
    first = _line(lines, start)
    last = _line(lines, end, first) if end else len(lines)
    while last > first and not lines[last - 1]:
        last -= 1
    return lines[first:last]


def _line(lines: list[str], pattern: str, first: int = 0) -> int:
    for number, line in enumerate(lines[first:], first):
        if re.match(pattern, line):
            return number
    raise LookupError("\n".join([f"no line begins with {pattern}:", *lines]))


@cache
def _printed(arguments: tuple[str, ...], folder: Path) -> list[str]:
    """Run pytest with nobody else's plugin, and return what it prints before its short summary."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AUROUS_", "PYTEST_"))}
    columns = "80" if "--help" in arguments else "100"  # in which requests stay in one line
    bare = ("-p", "pytest_aurous", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "--disable-warnings")
    run = subprocess.run(  # noqa: S603 - an example of ours
        [sys.executable, "-m", "pytest", *bare, *_SKIPPED, "--color=no", "--tb=short", *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": columns, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    lines = [line for line in run.stdout.splitlines() if not _MARKED.fullmatch(line)]
    ends = [number for number, line in enumerate(lines) if "= short test summary info =" in line]
    return [*lines[: ends[0] if ends else None], *run.stderr.splitlines()]
