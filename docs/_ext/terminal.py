"""What commands print while the page is made: pytest, as text or in its colours, and our own of itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final

from docutils import nodes
from docutils.parsers.rst.directives import unchanged_required
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from shared import DOCS, PACKAGE
from sphinx.util.docutils import SphinxDirective

from pytest_aurous._serve.cli import main

__all__ = ("DIRECTIVES",)

_EXAMPLES: Final = DOCS / "examples"
_ANSI: Final = re.compile(r"\x1b\[[\d;]*m")
_COLOURS: Final = TerminalTheme(
    (30, 34, 42),
    (214, 219, 228),
    [
        *((84, 90, 102), (255, 123, 114), (87, 199, 133), (230, 180, 80)),
        *((121, 173, 255), (210, 168, 255), (86, 201, 214), (214, 219, 228)),
    ],
)
# That of rich, but for the font that it would fetch.
_FRAME: Final = """\
<svg class="window" viewBox="0 0 {width} {height}" role="img" aria-label="ALT" xmlns="http://www.w3.org/2000/svg">
<style>{styles}</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">{backgrounds}{matrix}</g>
</svg>"""


class PytestOutput(SphinxDirective):
    """What pytest prints, or the part of it between two lines.

    With ``:folder:`` it runs in a folder that holds these examples alone, as that of a reader does;
    ``draft.py=app.py`` is an example that lies there under another name.
    """

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(("folder", "from", "to"), unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        text = _ANSI.sub("", "\n".join(self._shown()))
        return [nodes.literal_block(text, text, language="text", classes=["report"])]

    def _shown(self) -> list[str]:
        for file in (*_EXAMPLES.glob("*.py"), *PACKAGE.rglob("*.py")):
            self.env.note_dependency(str(file))
        arguments = tuple(" ".join(self.arguments).split())
        if "folder" in self.options:
            with TemporaryDirectory() as folder:
                for file in self.options["folder"].split():
                    example, _, name = file.partition("=")
                    copyfile(_EXAMPLES / example, Path(folder, name or example))
                shown = _printed(arguments, Path(folder))
        else:
            shown = _printed(arguments, _EXAMPLES)
        shown = shown[self._line("from", shown) :]
        if "to" in self.options:
            shown = shown[: self._line("to", shown)]
        while shown and not _ANSI.sub("", shown[-1]):
            shown = shown[:-1]
        return shown

    def _line(self, option: str, lines: list[str]) -> int:
        plain = [_ANSI.sub("", line) for line in lines]
        for number, line in enumerate(plain):
            if re.match(self.options.get(option, ""), line):
                return number
        raise self.error("\n".join([f"no line begins as :{option}: says:", *plain]))


class PytestPicture(PytestOutput):
    """The same as a picture, with the colours that a terminal shows. Beside it the page needs the text."""

    option_spec: ClassVar[dict[str, Any]] = {**PytestOutput.option_spec, "alt": unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        shown = [Text.from_ansi(line) for line in self._shown()]
        console = Console(
            record=True, file=StringIO(), width=max(line.cell_len for line in shown), legacy_windows=False
        )
        for line in shown:
            console.print(line)
        name = f"terminal-{self.env.new_serialno('terminal')}"
        title = " ".join(("pytest", *self.arguments))
        picture = console.export_svg(title=title, theme=_COLOURS, code_format=_FRAME, unique_id=name)
        figure = nodes.container(classes=["screenshot"])
        figure += nodes.raw("", picture.replace("ALT", self.options["alt"]), format="html")
        return [figure]


class CommandHelp(SphinxDirective):
    """What ``pytest-aurous`` says with ``--help``, after these words."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        self.env.note_dependency(str(PACKAGE / "_cli.py"))
        with redirect_stdout(StringIO()) as told, suppress(SystemExit):
            main([*self.arguments, "--help"])
        text = told.getvalue()
        return [nodes.literal_block(text, text, language="text", classes=["report"])]


class CheckOutput(SphinxDirective):
    """What ``pytest-aurous check`` prints with these arguments, in the folder of the examples."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(("from", "to"), unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        names = [str(_EXAMPLES / word) if word.endswith(".har") else word for word in self.arguments[0].split()]
        with redirect_stdout(StringIO()) as told:
            main(["check", *names])
        lines = told.getvalue().splitlines()
        first, last = self.options.get("from"), self.options.get("to")
        start = next(number for number, line in enumerate(lines) if first is None or line.startswith(first))
        end = next((number for number, line in enumerate(lines) if last and line.startswith(last)), len(lines))
        text = "\n".join([f"$ pytest-aurous check {self.arguments[0]}", *lines[start:end]])
        return [nodes.literal_block(text, text, language="text", classes=["report"])]


@cache
def _printed(arguments: tuple[str, ...], folder: Path) -> list[str]:
    """Run pytest with nobody else's plugin, and return what it prints before its short summary."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AUROUS_", "PYTEST_"))}
    bare = ("-p", "pytest_aurous", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "--disable-warnings")
    run = subprocess.run(  # noqa: S603 - an example of ours
        [sys.executable, "-m", "pytest", *bare, "--color=yes", "--tb=short", *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "80", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = run.stdout.splitlines()
    ends = [number for number, line in enumerate(lines) if "= short test summary info =" in line]
    return [*lines[: ends[0] if ends else None], *run.stderr.splitlines()]


DIRECTIVES: Final = {
    "pytest-output": PytestOutput,
    "pytest-picture": PytestPicture,
    "command-help": CommandHelp,
    "check-output": CheckOutput,
}
