"""The arguments of ``pytest-aurous check``; what they do is loaded when the command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_arguments(option: Callable[..., Any]) -> None:
    option("files", nargs="*", metavar="FILE", help="HAR files and cassettes of VCR.py; folders, and patterns with *")
    text = "check under another reading, such as create-4=ready"
    option("--readings", action="append", default=[], metavar="ID=VALUE", help=text)
    option("--shared", action="store_true", help="other clients used the team: do not judge what they may have caused")
    option("--json", type=Path, metavar="FILE", help="write the verdicts to this file, as JSON")
    option("--report", type=Path, metavar="FILE", help="write what was refuted, with an exchange each, as Markdown")
    option("--follow", type=Path, metavar="FILE", help="check under the differences that --observed has written")
    option("--observed", type=Path, metavar="FILE", help="write differences as data, for the setting observed")
    option("--sanitize", type=Path, metavar="OUT", help="write recordings without private data; a folder or .har file")
    option("--explain", action="store_true", help="list all rules, what pollers saw, what was there, and assumptions")
    option("--quiet", action="store_true", help="print one line")
    option("--live", action="store_true", help="instead of FILE: send requests that cost nothing to the real API")
    option("--dry-run", action="store_true", help="of --live: show what would be sent, and send nothing")
    option("--yes", action="store_true", help="of --live: do not ask, and go on where CI is set")
    option("--base-url", metavar="URL", help="of --live: another host; of FILE: a gateway that stands for the API")
    option("--only", metavar="RULE,...", help="of --live: only what asks about these rules, or families such as cred")
    option("--max", type=int, metavar="N", help="of --live: send at most this many requests, the one for the team, too")
    option("--record", type=Path, metavar="FILE", help="of --live: write the exchanges to this file, as HAR")
