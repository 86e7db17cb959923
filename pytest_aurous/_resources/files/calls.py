"""Files: pictures to draw from. Their type and size are read from their bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from ..._content.pictures import Measured, measure
from ..._framework.endpoint import Context, Endpoint
from ..._framework.schema import column, deleted, reference, to_wire
from ..._time.clock import iso
from ..._wire import messages as say
from ..._wire.multipart import Part, read_parts
from ..._wire.refusal import ApiProblem
from ..._world.world import World

__all__ = ("ENDPOINTS", "PURPOSES", "FileRow", "measured", "render", "require_file", "store")

PURPOSES: Final = ("reference", "first_frame", "last_frame")
_MOST_BYTES: Final = 10 * 1024 * 1024
_MOST_PIXELS: Final = 4096
_LIFE: Final = 24 * 3600.0
_URL_LIFE: Final = 3600.0


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file as it is stored.

    Attributes:
        id: ``file_`` and a ULID.
        object: Always ``file``.
        purpose: What it is for, as sent.
        mime_type: What its bytes are.
        size_bytes: How many there are.
        width_px: Of the picture.
        height_px: Likewise.
        url: Made when it is read; lives for an hour (time-3).
        expires_at: 24 h after it was sent; then it is gone.
        created_at: ISO 8601 (time-1).
        metadata: What its sender said of it.
        data: Its bytes.
        dies: When it goes, in epoch seconds.
    """

    id: str
    object: str = "file"
    purpose: str
    mime_type: str
    size_bytes: int
    width_px: int
    height_px: int
    url: str | None = None
    expires_at: str
    created_at: str
    metadata: dict[str, Any] | None = None
    data: bytes = column(hidden=True, told=True)
    dies: float = column(hidden=True)
    team: str = column(hidden=True)


def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/files."""
    parts = _parts(ctx)
    unknown = [name for name in parts if name not in _FIELDS]
    if unknown:
        message = say.UNKNOWN_FIELDS.format(names=", ".join(unknown), allowed=", ".join(_FIELDS))
        raise ApiProblem(400, "invalid_request", message, unknown[0])
    for name in ("file", "purpose"):
        if name not in parts:
            raise ApiProblem(400, "missing_field", say.MISSING_FIELD.format(param=name), name)
    purpose = parts["purpose"].data.decode(errors="replace")
    if purpose not in PURPOSES:
        message = say.NOT_ONE_OF.format(param="purpose", allowed=", ".join(PURPOSES), got=repr(purpose))
        raise ApiProblem(400, "invalid_format", message, "purpose")
    data = parts["file"].data
    row = store(ctx.world, ctx.team, data, measured(data), purpose, _metadata(parts))
    return render(ctx.world, row)


def store(
    world: World, team: str, data: bytes, found: Measured, purpose: str, metadata: dict[str, Any] | None
) -> FileRow:
    """Keep a file for 24 h (time-3)."""
    now = world.clock.time()
    row = FileRow(
        id=world.ids.new("file"),
        purpose=purpose,
        mime_type=found.mime_type,
        size_bytes=len(data),
        width_px=found.width,
        height_px=found.height,
        expires_at=iso(now + _LIFE),
        created_at=iso(now),
        metadata=metadata,
        data=data,
        dies=now + _LIFE,
        team=team,
    )
    return world.table(FileRow).insert(row)


_FIELDS: Final = ("file", "purpose", "metadata")


def _parts(ctx: Context) -> dict[str, Part]:
    parts = read_parts(ctx.call.content, ctx.call.incoming.get("content-type", ""))
    if parts is None:
        raise ApiProblem(400, "invalid_format", say.NO_FORM)
    return {part.name: part for part in parts}


def measured(data: bytes) -> Measured:
    """Return type and size of a picture, or refuse it."""
    found = measure(data)
    if found is None:
        raise ApiProblem(400, "invalid_format", say.NO_IMAGE, "file")
    if len(data) > _MOST_BYTES:
        raise ApiProblem(400, "value_out_of_range", say.FILE_TOO_LARGE.format(got=len(data), most=_MOST_BYTES), "file")
    if min(found.width, found.height) < 1 or max(found.width, found.height) > _MOST_PIXELS:
        message = say.PICTURE_TOO_LARGE.format(width=found.width, height=found.height, most=_MOST_PIXELS)
        raise ApiProblem(400, "value_out_of_range", message, "file")
    return found


def _metadata(parts: dict[str, Part]) -> dict[str, Any] | None:
    if "metadata" not in parts:
        return None
    try:
        told = json.loads(parts["metadata"].data)
        json.dumps(told, allow_nan=False, ensure_ascii=False).encode()  # neither NaN nor half a character can come back
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ApiProblem(400, "invalid_format", say.NO_METADATA, "metadata")
    return cast("dict[str, Any]", told)


def _fingerprint(ctx: Context) -> str:
    """Compare purpose and metadata, not the bytes (idem-7)."""
    parts = read_parts(ctx.call.content, ctx.call.incoming.get("content-type", "")) or []
    told = {part.name: part.data.decode("latin-1") for part in parts if part.name != "file"}
    with suppress(KeyError, ValueError, RecursionError):
        told["metadata"] = json.loads(told["metadata"])
    return json.dumps(told, sort_keys=True)


def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/files/{id}: with a fresh URL each time."""
    return render(ctx.world, require_file(ctx.world, ctx.team, ctx.args["id"], None))


def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/files/{id}: whatever the id, it is gone afterwards."""
    table = ctx.world.table(FileRow)
    row = table.find(ctx.args["id"], ctx.team)
    if row is not None and table.lives(row):
        table.retire(row)
    return {"id": ctx.args["id"], "object": "file", "deleted": True}


def require_file(world: World, team: str, file_id: str, param: str | None) -> FileRow:
    """Return a file that is there.

    Raises:
        ApiProblem: 404, where it is unknown, deleted, expired or another team's.
    """
    table = world.table(FileRow)
    row = table.find(file_id, team)
    if row is None or not table.lives(row) or row.dies <= world.clock.time():
        raise ApiProblem(404, "resource_not_found", say.NOT_FOUND.format(resource="file", id=file_id), param)
    return row


def render(world: World, row: FileRow) -> dict[str, Any]:
    """Write a file with a URL that lives for an hour."""
    path = f"/storage/files/{row.id}/{row.purpose}.{row.mime_type.partition('/')[2]}"
    return {**to_wire(row), "url": world.sign(world.settings.base_url, path, world.clock.time() + _URL_LIFE, "token")}


_FORM: Final = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "purpose": {"enum": list(PURPOSES)},
        "metadata": {"type": "string", "description": "A JSON object."},
    },
    "required": ["file", "purpose"],
    "additionalProperties": False,
}

ENDPOINTS: Final = (
    Endpoint(
        "files.create",
        "POST",
        "/v1/files",
        create,
        bucket="files_post",
        status=201,
        idempotent=True,
        free=True,
        fingerprint=_fingerprint,
        shape=reference(FileRow),
        body=_FORM,
        takes="multipart/form-data",
        errors=("400 invalid_format", "400 invalid_request", "400 missing_field", "400 value_out_of_range"),
        rules=("idem-7", "time-3"),
    ),
    Endpoint(
        "files.retrieve", "GET", "/v1/files/{id}", retrieve, bucket="reads", shape=reference(FileRow), rules=("time-3",)
    ),
    Endpoint("files.delete", "DELETE", "/v1/files/{id}", delete, bucket="files_post", shape=deleted("file")),
)
