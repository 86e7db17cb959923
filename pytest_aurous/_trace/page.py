"""The page that shows a trace: one HTML file with its data, the viewer and a Content-Security-Policy of its own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final

from .data import to_text

_VIEWER: Final = tuple(
    f"{name}.js" for name in ("htm-preact", "model", "export", "parts", "calls", "state", "exploration", "index", "app")
)
SCRIPTS: Final = (*_VIEWER, "embedded.js")
"""The scripts of the page of a trace, in their order."""
LIVE_SCRIPTS: Final = (*_VIEWER, "controls.js", "live.js")
"""The scripts of the page of a served fake, in their order; it shows what the server sends."""
LIVE_STYLES: Final = ("style.css",)


def page(data: Mapping[str, Any], title: str) -> str:
    """Return the HTML of one trace, or of an index of traces."""
    viewer = files("pytest_aurous").joinpath("_trace/viewer")
    scripts = [viewer.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    style = viewer.joinpath("style.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
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
