"""Responses of the server that are not of the API: JSON, refusals that say why, and the page with its files."""

from __future__ import annotations

import json
from collections.abc import Collection
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from .._core.base.data import is_array, is_object
from .._core.base.errors import see
from .._core.base.redaction import redacted, redacted_json
from .._core.wire.reply import Pairs, Reply
from .._trace.page import LIVE_SCRIPTS, LIVE_STYLES

CONTROL: Final = "/__aurous__"
JSON: Final = "application/json"
PAGE: Final = "how-to/server.html#control-requests"
ACCESS: Final = "how-to/server.html#access-from-other-machines"
"""The page on who may use a server, and how much of it."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_AT_ONCE: Final = 20
"""So many texts are searched together: of 60 kB each, other threads wait for 60 ms, and for 900 of them 3 s."""
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
SAFE: Final[Pairs] = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept"),
)
"""The headers of each response to a control request: what it shows runs no code of others, and stands in no frame.

The page and the list of these requests have one URL, so a cache has to keep them apart.
"""


def json_reply(status: int, content: Any, keep: Collection[str] = ()) -> Reply:
    """Return a response with JSON, without API keys but *keep*."""
    # Most responses have no other key. To look for one in many texts at once takes half the time that it takes in one
    # after the other, and no key goes on behind the end of a line, so none is overlooked. In all texts at once, a
    # pattern holds up all other threads for seconds.
    found = [content]
    for one in found:  # and in what is added here
        if isinstance(one, dict):
            found += [*one, *one.values()]
        elif isinstance(one, list):
            found += one
    texts = iter({one for one in found if isinstance(one, str)}.difference(keep))
    while joined := "\n".join(islice(texts, _AT_ONCE)):
        if redacted(joined) != joined:
            content = redacted_json(content, keep=keep)
            break
    return reply_of(status, _written(content).encode(errors="replace"), JSON)


def _written(content: Any, depth: int = 3) -> str:
    """Return JSON: of large responses in parts, between which other threads have their turn."""
    if depth and is_object(content):
        return f"{{{','.join([f'{_encode(str(name))}:{_written(one, depth - 1)}' for name, one in content.items()])}}}"
    if depth and is_array(content):
        return f"[{','.join([_written(one, depth - 1) for one in content])}]"
    return _encode(content)


def reply_of(status: int, body: bytes, media_type: str) -> Reply:
    return Reply(status, (("Content-Type", media_type), ("Content-Length", str(len(body)))), body)


def refused(status: int, why: str, *, page: str = PAGE, **more: Any) -> Reply:
    """Return a refusal that says why, and where to read on."""
    return json_reply(status, {"error": redacted(why), "see": see(page), **more})


def page() -> Reply:
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
    if name not in {*LIVE_SCRIPTS, *LIVE_STYLES}:
        return refused(404, f"The page has no file {name[:80]!r}.")
    content = files("pytest_aurous").joinpath(f"_trace/viewer/{name}").read_bytes()
    return reply_of(200, content, f"text/{'css' if name in LIVE_STYLES else 'javascript'}; charset=utf-8")
