"""The page that shows a trace: one HTML file with its data, the viewer and a Content-Security-Policy of its own.

Small pictures of references and outputs have the colors and the pattern of those that the fake serves.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from .._facade import picture

_VIEWER: Final = tuple(
    f"{name}.js"
    for name in ("htm-preact", "model", "export", "parts", "chat", "calls", "state", "exploration", "index", "app")
)
SCRIPTS: Final = (*_VIEWER, "embedded.js")
"""The scripts of the page of a trace, in their order."""
LIVE_SCRIPTS: Final = (*_VIEWER, "controls.js", "live.js")
"""The scripts of the page of a served fake, in their order; it shows what the server sends."""
LIVE_STYLES: Final = ("style.css",)
_SIDE: Final = 76
_MOST: Final = 48 * 1024
"""The most bytes of all small pictures together."""


def page(data: Mapping[str, Any], title: str) -> str:
    viewer = files("pytest_aurous").joinpath("_trace/viewer")
    scripts = [viewer.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    style = viewer.joinpath("style.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; media-src data:; style-src {_digest(style)}; "
        f"script-src {' '.join(map(_digest, scripts))}; base-uri 'none'; form-action 'none'"
    )
    code = "".join(f"<script>{script}</script>" for script in scripts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        '<div id="app"></div>'
        f'<script type="application/json" id="data">{to_text(data)}</script>{code}</body></html>'
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def to_text(data: Mapping[str, Any]) -> str:
    """Write data as JSON that is safe inside a script element of HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def small_pictures(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the pictures of records as data URLs, by the path of their own URL."""
    found: dict[str, str] = {}
    left = _MOST
    for path, lines, seed in _described(records):
        if path not in found:
            url = f"data:image/png;base64,{b64encode(picture(lines, _SIDE, _SIDE, seed)).decode()}"
            left -= len(url)
            if left < 0:
                break
            found[path] = url
    return found


def _described(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[str], str]]:
    """Yield the path, the lines and the seed of each picture, as the endpoints that serve them choose them."""
    for record in records:
        row = record["json"]
        for ref in row.get("refs", ()):
            path = _path(ref["url"])
            yield path, [ref["pose"], row["name"]], path[path.index("/storage/") :]
        prompt, seed = row.get("prompt") or "", f"{row.get('seed')}/{row['id']}"
        outputs = row.get("output_urls") or ()
        for number, url in enumerate(outputs):
            yield _path(url), [f"{number + 1} of {len(outputs)}", prompt], f"{seed}/{number}"
        if row.get("output_video_url"):
            yield _path(row["output_video_url"]), [f"{row['video_duration']:g} s", prompt], seed


def _path(url: str) -> str:
    return urlsplit(url).path
