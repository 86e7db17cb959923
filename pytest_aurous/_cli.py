"""The command ``pytest-aurous``: serve the fake, or print its OpenAPI document."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from ._control import CONTROL, control
from .errors import AurousError

__all__ = ("main",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        done: int = options.run(options)
    except AurousError as error:
        print(f"pytest-aurous: {error}", file=sys.stderr)  # noqa: T201 - a command speaks so
        return 2
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("pytest-aurous", description="The Aurous Labs API, offline.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the fake over HTTP, for any process and any language")
    serve.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    serve.add_argument("--port", type=int, default=0, help="0 takes a free one (default: %(default)s)")
    serve.add_argument("--allow-remote", action="store_true", help="let --host be another address than loopback")
    serve.add_argument("--script", help='what pollers see, such as "synthesizing*3 -> reviewing"')
    serve.add_argument("--state", type=Path, metavar="FILE", help="JSON: for each collection a list of records to add")
    for name, text in (
        ("seed", "base seed of names, ids and everything random"),
        ("credits", "balance of the default team"),
        ("now", "freeze the clock at this ISO 8601 instant"),
        ("rate-limits", "report or enforce"),
    ):
        serve.add_argument(f"--{name}", help=text)
    serve.set_defaults(run=_serve)
    openapi = commands.add_parser("openapi", help="print the OpenAPI 3.1 document of the fake")
    openapi.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
    openapi.set_defaults(run=_openapi)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from ._aurous import Aurous
    from ._server import AurousServer

    names = ("script", "seed", "credits", "now", "rate_limits")
    settings: dict[str, Any] = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    aurous = Aurous(pitfalls="off", strict="off", **settings)
    if options.state is not None:
        _load(aurous, options.state)
    server = AurousServer(aurous, host=options.host, port=options.port, allow_remote=options.allow_remote)
    with server:
        print(_welcome(server), flush=True)  # noqa: T201 - a command speaks so
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def _load(aurous: Any, file: Path) -> None:
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AurousError(f"--state {file}: {error}") from None
    shape = cast("dict[str, Any]", told)
    if not isinstance(told, dict) or not all(isinstance(records, list) for records in shape.values()):
        raise AurousError(f'--state {file}: expected {{"characters": [{{"name": "Aurora"}}]}}')
    for collection, records in shape.items():
        for record in records:
            if not isinstance(record, dict):
                raise AurousError(f"--state {file}: {record!r} is no record")
            reply = control(aurous, "POST", f"{CONTROL}/add", json.dumps({"collection": collection, **record}).encode())
            if reply.status != 200:  # noqa: PLR2004 - the good answer
                raise AurousError(f"--state {file}: {json.loads(reply.body)['error']}")


def _welcome(server: Any) -> str:
    values = "\n".join(f"  export {name}={value}" for name, value in server.env.items())
    return (
        f"The Aurous Labs API, offline, at {server.url}\n{values}\n"
        f"Control it, from any language:\n"
        f"  curl {server.url}{CONTROL}/            # what there is\n"
        f"  curl {server.url}{CONTROL}/state\n"
        f"  curl -X POST {server.url}{CONTROL}/reset\n"
        f"Ctrl-C ends it."
    )


def _openapi(options: argparse.Namespace) -> int:
    from ._openapi import document

    text = json.dumps(document(), indent=2)
    if options.output is None:
        print(text)  # noqa: T201 - a command speaks so
    else:
        try:
            options.output.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise AurousError(f"--output {options.output}: {error.strerror}") from None
    return 0
