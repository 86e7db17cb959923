"""The arguments of ``pytest-aurous check``; what they do is loaded when the command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_arguments(option: Callable[..., Any]) -> None:
    """Declare the arguments."""
    option("files", nargs="*", metavar="FILE", help="HAR files and cassettes of VCR.py; folders, and patterns with *")
    text = "instead of FILE: compare an OpenAPI document, 3.0 or 3.1, in JSON or YAML, with the fake's"
    option("--spec", type=Path, metavar="FILE", help=text)
    text = "check under another reading of a rule, such as create-4=ready; may be repeated"
    option("--readings", action="append", default=[], metavar="ID=VALUE", help=text)
    text = "other clients used the same team meanwhile: do not judge what they may have caused"
    option("--shared", action="store_true", help=text)
    option("--json", type=Path, metavar="FILE", help="write the verdicts to this file, as JSON")
    option("--report", type=Path, metavar="FILE", help="write what was refuted, with an exchange each, as Markdown")
    text = "check under the observed differences in this file, which --observed has written"
    option("--follow", type=Path, metavar="FILE", help=text)
    text = "write the differences as data, which the setting observed makes the fake follow"
    option("--observed", type=Path, metavar="FILE", help=text)
    text = "write the recordings to this folder, or one to this .har file, without keys, secrets, names and texts"
    option("--sanitize", type=Path, metavar="OUT", help=text)
    text = "list all rules by verdict, what pollers saw as scripts, what was there before, and what was assumed"
    option("--explain", action="store_true", help=text)
    option("--quiet", action="store_true", help="print one line")
    text = "instead of FILE: send requests to the real API that create nothing and cost nothing, with AUROUS_CHECK_KEY"
    option("--live", action="store_true", help=text)
    option("--dry-run", action="store_true", help="of --live: show what would be sent, and send nothing")
    option("--yes", action="store_true", help="of --live: do not ask, and go on where CI is set")
    text = "of --live: another host, such as staging; of FILE: a gateway in the recordings, which stands for the API"
    option("--base-url", metavar="URL", help=text)
    text = "of --live: only requests that ask about these rules, or families such as cred; separated by commas"
    option("--only", metavar="RULE,...", help=text)
    option("--max", type=int, metavar="N", help="of --live: send at most this many requests, the one for the team, too")
    option("--record", type=Path, metavar="FILE", help="of --live: write the exchanges to this file, as HAR")
