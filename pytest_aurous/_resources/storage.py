"""Storage: what signed URLs of pictures lead to (get-3, time-2)."""

from __future__ import annotations

from typing import Final

from .._endpoint import Context, Endpoint
from .._png import png

__all__ = ("ENDPOINTS",)


def get(ctx: Context) -> bytes:
    """GET the picture behind a signed URL."""
    path = "/storage/{owner}/{ref}/{file}".format_map(ctx.args)  # without the prefix of another base URL
    ctx.world.check_signature(path, ctx.query.get("token", ""))
    return png(path)


ENDPOINTS: Final = (
    Endpoint(
        "storage.get",
        "GET",
        "/storage/{owner}/{ref}/{file}",
        get,
        signed=True,
        media_type="image/png",
        errors=("403 missing_scope",),
        rules=("get-3", "time-2"),
    ),
)
