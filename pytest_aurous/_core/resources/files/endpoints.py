"""The file endpoints: pictures for generations to start from."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final, cast

from ...base.errors import shown
from ...wire import messages as say
from ...wire.multipart import Part, read_parts
from ...wire.refusal import ApiProblem, not_one_of
from ..base.endpoint import Context, Endpoint
from ..base.fields import BODY_ERRORS, Reader, read_fields
from ..base.schema import deleted, reference
from ..content.pictures import Measured
from .row import PURPOSES, FileRow, measured, render, require_file, store


def _purpose(part: Part, param: str) -> str:
    purpose = part.data.decode(errors="replace")
    if purpose not in PURPOSES:
        raise not_one_of(param, PURPOSES, repr(purpose))
    return purpose


def _metadata(part: Part, param: str) -> dict[str, Any]:
    try:
        metadata = json.loads(part.data)
        json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode()  # no response can carry NaN or a surrogate
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict):
        got = shown(part.data.decode(errors="replace"))
        raise ApiProblem(400, "invalid_format", say.NO_METADATA.format(got=got), param)
    return cast("dict[str, Any]", metadata)


def _picture(part: Part, _: str) -> tuple[bytes, Measured]:
    return part.data, measured(part.data)


_CREATE: Final[dict[str, Reader]] = {"file": _picture, "purpose": _purpose, "metadata": _metadata}


def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/files."""
    parts = {part.name: part for part in _parts(ctx)}
    if not parts:
        raise ApiProblem(400, "invalid_format", say.NO_FORM)
    in_order = {name: parts[name] for name in ("purpose", "file", *parts) if name in parts}
    sent = read_fields(in_order, _CREATE, required=("file", "purpose"))
    data, found = sent["file"]
    return render(ctx.world, store(ctx.world, ctx.team, data, found, sent["purpose"], sent.get("metadata")))


def _fingerprint(ctx: Context) -> str:
    """Return what a retry must repeat: purpose and metadata, not the bytes (idem-7)."""
    sent = {part.name: part.data.decode("latin-1") for part in _parts(ctx) if part.name != "file"}
    with suppress(KeyError, ValueError, RecursionError):
        sent["metadata"] = json.loads(sent["metadata"])
    return json.dumps(sent, sort_keys=True)


def _parts(ctx: Context) -> list[Part]:
    return read_parts(ctx.call.content, ctx.call.incoming.get("content-type", ""))


def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/files/{id}: with a new signed URL each time."""
    return render(ctx.world, require_file(ctx.world, ctx.team, ctx.args["id"]))


def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/files/{id}: succeeds for any id, also an unknown one."""
    table = ctx.world.table(FileRow)
    row = table.find(ctx.args["id"], ctx.team)
    if row is not None and table.lives(row):
        table.retire(row)
    return {"id": ctx.args["id"], "object": "file", "deleted": True}


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
        errors=BODY_ERRORS,
        rules=("file-1", "idem-7", "time-3"),
        refuses={"400": "file-1"},
        assumed=("status", "400"),
        makes="file",
    ),
    Endpoint(
        "files.retrieve",
        "GET",
        "/v1/files/{id}",
        retrieve,
        bucket="reads",
        shape=reference(FileRow),
        rules=("time-3",),
        refuses={"404": "file-2"},
    ),
    Endpoint(
        "files.delete",
        "DELETE",
        "/v1/files/{id}",
        delete,
        bucket="files_post",
        any_id=True,
        shape=deleted("file"),
        rules=("file-2",),
        assumed=("header.x-ratelimit-*",),
    ),
)
