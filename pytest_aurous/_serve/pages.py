"""The page of a served fake, and its files."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from .._core.wire.reply import Reply
from .._trace.page import LIVE_SCRIPTS, LIVE_STYLES
from .replies import refused, reply_of

_FILE: Final = re.compile(r"[a-z][a-z-]*\.(js|css)")
_TYPES: Final = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


def page() -> Reply:
    """Return the page."""
    icon = '<link rel="icon" href="data:,">'  # else browsers ask the fake for one
    styles = icon + "".join(f'<link rel="stylesheet" href="viewer/{name}">' for name in LIVE_STYLES)
    scripts = "".join(f'<script src="viewer/{name}"></script>' for name in LIVE_SCRIPTS)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Aurous Labs API, served</title>{styles}</head>"
        f'<body><div id="app" data-live="1"></div>{scripts}</body></html>'
    )
    return reply_of(200, html.encode(), "text/html; charset=utf-8")


def viewer_file(name: str) -> Reply:
    """Return one of the files of the page."""
    match = _FILE.fullmatch(name)
    content = _content(name) if match is not None else None
    if match is None or content is None:
        return refused(404, f"The page has no file {name[:80]!r}.")
    return reply_of(200, content, _TYPES[match[1]])


@cache
def _content(name: str) -> bytes | None:
    file = files("pytest_aurous").joinpath(f"_trace/viewer/{name}")
    return file.read_bytes() if file.is_file() else None
