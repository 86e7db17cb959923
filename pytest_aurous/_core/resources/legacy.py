"""Deprecated paths: a redirect to the new path, with a sunset date that the fake ignores (legacy-1)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from . import generations
from .base.endpoint import Context, Endpoint, Result

_HEADERS: Final = (("Aurous-Deprecated", "route"), ("Sunset", "Tue, 04 Aug 2026 00:00:00 GMT"))
_HEADER_TEXTS: Final = {
    "Location": "The new URL of the request, including its query.",
    "Aurous-Deprecated": "The part that is deprecated: `route`.",
    "Sunset": "The date on which the vendor removes this path.",
}
_MOVED: Final = {"generations": "images", "video-generations": "videos"}


def moved(ctx: Context) -> Result:
    """Redirect to the new path."""
    call = ctx.call
    prefix = urlsplit(ctx.world.settings.base_url).path
    old = call.path[len(prefix) :].split("/")[2]
    path = call.path.replace(f"{prefix}/v1/{old}", f"{prefix}/v1/{_MOVED[old]}", 1)
    where = f"{call.scheme}://{call.host}{path}{'?' + call.query if call.query else ''}"
    return Result(b"", 308, headers=(("Location", where), *_HEADERS))


ENDPOINTS: Final = tuple(
    Endpoint(
        f"legacy.{row.operation}",
        row.method,
        row.template.replace(new, old, 1),
        moved,
        status=308,
        signed=True,
        headers=_HEADER_TEXTS,
        rules=("legacy-1",),
        places={"header.*": "legacy-1"},
    )
    for old, new in _MOVED.items()
    for row in generations.ENDPOINTS
    if row.operation.startswith(f"{new}.")
)
