"""Storage: what signed URLs of pictures lead to (get-3, time-2)."""

from __future__ import annotations

from typing import Final

from .._endpoint import Context, Endpoint
from .._png import png

__all__ = ("ENDPOINTS",)


def get(ctx: Context) -> bytes:
    """GET the picture behind a signed URL."""
    ctx.world.check_signature(ctx.call.path, ctx.query.get("token", ""))
    return png(ctx.call.path)


ENDPOINTS: Final = (
    Endpoint(
        "storage.get",
        "GET",
        "/storage/{owner}/{ref}/{file}",
        get,
        signed=True,
        media_type="image/png",
        rules=("get-3", "time-2"),
    ),
)
