"""The storage: pictures behind signed URLs (get-3, time-2, time-3)."""

from __future__ import annotations

from typing import Final

from .base.endpoint import Context, Endpoint, Result
from .base.schema import SIGNATURE
from .characters import CharacterRow
from .content.pictures import picture
from .files import require_file

_SIDE: Final = 192


def get(ctx: Context) -> Result:
    """GET the picture behind a signed URL."""
    owner, name, file = (ctx.args[part] for part in ("owner", "ref", "file"))
    path = f"/storage/{owner}/{name}/{file}"  # without the path of the base URL
    ctx.world.urls.check(path, ctx.query.get("token", ""))
    if owner == "files":
        owned = ctx.world.row(name)  # None if the URL was signed before a reset, or by another fake with the same seed
        row = require_file(ctx.world, owned.team if owned else "", name)
        return Result(row.data, media_type=row.mime_type)
    characters = ctx.world.table(CharacterRow)
    rows = (characters[row_id] for row_id in characters)
    character = next((row for row in rows if any(ref.path == path for ref in row.refs)), None)
    lines = [file.partition(".")[0], *([character.name, character.id] if character else []), name]
    return Result(picture(lines, _SIDE, _SIDE, path), media_type="image/png")


ENDPOINTS: Final = (
    Endpoint(
        "storage.get",
        "GET",
        "/storage/{owner}/{ref}/{file}",
        get,
        signed=True,
        media_type="image/*",
        query={"token": SIGNATURE},
        errors=("403 missing_scope", "404 resource_not_found"),
        rules=("get-3", "time-2", "time-3"),
        refuses={"403": "time-2"},
        succeeds={"": "time-2", "characters": "time-2", "files": "time-3"},
    ),
)
