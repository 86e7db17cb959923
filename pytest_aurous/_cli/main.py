"""The command ``pytest-aurous``: examine a folder, serve or check the fake, print its documentation."""

from __future__ import annotations

import sys

_INTERRUPTED = 130
"""The exit code of a command that SIGINT ends."""
try:
    import argparse
    import json
    import traceback
    from collections.abc import Callable, Sequence
    from functools import partial
    from importlib import import_module
    from pathlib import Path
    from typing import Any, Final

    from .._check.arguments import add_arguments
    from .._core.base.errors import AurousError, see, version_of_package
    from .._core.base.redaction import redacted
    from .._serve.command import add_options, print_nowhere, run
except KeyboardInterrupt:  # Ctrl-C ends the command without a traceback at any time, and this takes the longest
    sys.exit(_INTERRUPTED)

_HELP: Final = partial(argparse.RawDescriptionHelpFormatter, max_help_position=24, width=80)

_ABOUT: Final = """\
The Aurous Labs API, offline: for another process, another language, or curl.
Tests in Python need no command: they ask for the fixture `aurous`. If they do
not work as you expect, run pytest-aurous doctor in the folder of the suite."""
_EXAMPLES: Final = f"""\
examples:
  pytest-aurous doctor
  pytest-aurous serve --port 8787
  pytest-aurous check staging.har
  pytest-aurous openapi --output aurous.json
  pytest-aurous docs reference/faults

Each command has a help of its own, such as: pytest-aurous serve --help
{see("how-to/server.html")}"""

_ABOUT_DOCTOR: Final = """\
Say what is installed, which settings apply in this folder and where they come
from, what a request of a test meets, and what to do about each problem. It
starts pytest up to where it would collect: no test runs, nothing is sent.
Exit status: 0, nothing needs attention; 1, something does."""
_EXAMPLES_DOCTOR: Final = f"""\
examples:
  pytest-aurous doctor
  pytest-aurous doctor --json

{see("reference/settings.html#pytest-aurous-doctor")}"""

_ABOUT_SERVE: Final = """\
Respond as the Aurous Labs API does, on a port of this machine, until Ctrl-C.
The first lines of output are the two variables that a client needs. The page
/__aurous__/ shows each request live, and calls below it prepare state, move the
clock, and break responses. With --allow-remote they need a token: that of the
variable AUROUS_CONTROL_TOKEN, or one that is printed."""
_EXAMPLES_SERVE: Final = f"""\
examples:
  pytest-aurous serve --port 8787 --credits 10
  pytest-aurous serve --script "synthesizing*3 -> reviewing"
  pytest-aurous serve --open --webhooks auto --speed 60
  pytest-aurous serve --state state.json --save
  pytest-aurous serve --port 0 --port-file port.txt --quiet --log requests.har

state.json, for example:
  {{"characters": [{{"name": "Aurora", "status": "ready"}}]}}

{see("how-to/server.html")}"""

_ABOUT_CHECK: Final = """\
Replay recorded exchanges with the real API against the fake, compare, and say
of each rule whether the recordings agree with it. Only --live sends anything.
Exit status: 0, nothing is refuted; 1, a rule is; 2, a file cannot be read."""
_EXAMPLES_CHECK: Final = f"""\
examples:
  pytest-aurous check staging.har
  pytest-aurous check cassettes/ --explain
  pytest-aurous check staging.har --readings create-4=ready --report found.md
  pytest-aurous check staging.har --follow observed.json
  pytest-aurous check staging.har --sanitize observations
  pytest-aurous check --live --dry-run

{see("reference/check.html")}"""

_ABOUT_OPENAPI: Final = """\
Print the OpenAPI 3.1 document of all operations of the fake: their bodies,
responses and refusals, for generators of clients and for validators."""
_EXAMPLES_OPENAPI: Final = f"""\
examples:
  pytest-aurous openapi
  pytest-aurous openapi --output aurous.json

{see("reference/requests.html#the-openapi-document")}"""

_ABOUT_DOCS: Final = """\
Print a page of the documentation, which is in the package, or one section of
it. Without a topic, list the pages; for any other words, list the sections that
have them."""
_EXAMPLES_DOCS: Final = """\
examples:
  pytest-aurous docs
  pytest-aurous docs idempotency
  pytest-aurous docs reference/requests
  pytest-aurous docs reference/requests#characters.create"""
_OURS: Final = (
    "pytest-aurous: an error of pytest-aurous itself, which says nothing about your code or the API. "
    "Please report it with the lines above."
)
_PIPE_CLOSED: Final = 141
"""The exit code of a command that SIGPIPE ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    stdout: Any = sys.stdout
    if hasattr(stdout, "reconfigure"):  # consoles of Windows lack characters that names may have
        stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # while BrokenPipeError can still be caught
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader has closed the pipe, as `| head` does
        print_nowhere()
        return _PIPE_CLOSED


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
        if options.run is None:
            parser.print_help()
            return 0
        done: int = options.run(options)
    except AurousError as error:
        print(f"pytest-aurous: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - Python would exit with 1, which means that check has refuted a rule
        print(redacted(traceback.format_exc()) + _OURS, file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    return done


class _Parser(argparse.ArgumentParser):
    """A parser, also of each command, to which an empty value is an error.

    A shell passes one for a variable that is not set, and it is never meant: an empty URL would be the real API's, and
    an empty file the current folder.
    """

    def add_argument(self, *names: str, **how: Any) -> argparse.Action:
        added = super().add_argument(*names, **how)
        if added.nargs != 0:
            name = added.option_strings[0] if added.option_strings else str(added.metavar)
            added.type = _filled(name, how.get("type", str))
        return added


def _filled(name: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return *read* for the values of an argument, which refuses an empty one."""

    def filled(value: str) -> Any:
        if value.strip():
            return read(value)
        raise AurousError(
            f"{name} is empty, perhaps because the variable that you pass for it is not set. "
            f"Set the variable, or omit {name}.\n{see('reference/settings.html#pytest-aurous')}"
        )

    filled.__name__ = read.__name__  # argparse says it of a value that cannot be read
    return filled


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("pytest-aurous", description=_ABOUT, epilog=_EXAMPLES, formatter_class=_HELP)
    version = f"pytest-aurous {version_of_package()}"
    parser.add_argument("--version", action="version", version=version, help="show the version and exit")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str, about: str, examples: str) -> Any:
        added = commands.add_parser(name, help=text, description=about, epilog=examples, formatter_class=_HELP)
        added.set_defaults(run=run)
        return added.add_argument

    text = "say what is installed and set in this folder, and what to do"
    option = command("doctor", _from(".doctor"), text, _ABOUT_DOCTOR, _EXAMPLES_DOCTOR)
    option("--json", action="store_true", help="print the same as JSON")
    option = command("serve", run, "serve the fake on a port of this machine", _ABOUT_SERVE, _EXAMPLES_SERVE)
    add_options(option)
    text = "check the fake against recordings of the real API"
    add_arguments(command("check", _from(".._check.command"), text, _ABOUT_CHECK, _EXAMPLES_CHECK))
    option = command(
        "openapi", _openapi, "print the OpenAPI 3.1 document of the API", _ABOUT_OPENAPI, _EXAMPLES_OPENAPI
    )
    option("--output", type=Path, metavar="FILE", help="write it there instead of printing it")
    option = command("docs", _from(".docs"), "print the documentation", _ABOUT_DOCS, _EXAMPLES_DOCS)
    option("topic", nargs="?", metavar="TOPIC", help="such as reference/faults, or words; #SECTION prints one section")
    return parser


def _from(module: str) -> Callable[[argparse.Namespace], int]:
    """Return the function ``run`` of a module, which is imported when the command is run."""
    return lambda options: int(import_module(module, __package__).run(options))


def _openapi(options: argparse.Namespace) -> int:
    from .._core.base.files import write_whole
    from .._core.resources.openapi import document

    text = json.dumps(document(), indent=2)
    if options.output is None:
        print(text, flush=True)  # noqa: T201 - a command prints
    else:
        try:
            write_whole(options.output, f"{text}\n")
        except OSError as error:
            raise AurousError(
                f"--output {options.output}: {error.strerror}. Choose another file.\n"
                f"{see('reference/requests.html#the-openapi-document')}"
            ) from None
    return 0
