"""The upload endpoints: tickets for pictures, the signed PUT, and classify."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.hosts import UPLOAD_HOST
from ...wire.refusal import ApiProblem
from ..base.endpoint import Context, Endpoint
from ..base.fields import BODY_ERRORS, one_of, read_fields, text
from ..base.schema import SIGNATURE, body_of, obj, text_of
from .row import POSES, UploadRow, require_ticket

_URL_LIFE: Final = 15 * 60.0
_TYPES: Final = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_INIT: Final = {
    "filename": text(120),
    "extension": one_of(tuple(_TYPES)),
    "content_type": one_of(tuple(dict.fromkeys(_TYPES.values()))),
}
_CLASSIFY: Final = {"upload_id": text(256, holds="id")}
_TEXT: Final = {"type": "string"}


def init(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/uploads/init (up-1, up-2)."""
    sent = read_fields(ctx.body, _INIT, required=tuple(_INIT))
    if _TYPES[sent["extension"]] != sent["content_type"]:
        raise ApiProblem(400, "invalid_format", say.TYPES_DISAGREE.format(**sent), "content_type")
    world = ctx.world
    now = world.clock.time()
    row = world.table(UploadRow).insert(UploadRow(id=world.ids.new("upl"), team=ctx.team, created_at=now, **sent))
    return {
        "upload_id": row.id,
        "upload_url": world.urls.sign(UPLOAD_HOST, f"/characters/{row.id}/upload", now + _URL_LIFE, "signature"),
        "upload_headers": {"Content-Type": row.content_type},
        "expires_at": iso(now + _URL_LIFE),
    }


def put(ctx: Context) -> bytes:
    """PUT to the signed URL (up-3): needs the signature, no API key."""
    ctx.world.urls.check(ctx.call.path, ctx.query.get("signature", ""))
    table = ctx.world.table(UploadRow)
    if ctx.args["upload_id"] not in table:  # signed before a reset, or by a fake with the same seed
        raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason=say.UNKNOWN_HERE))
    content = ctx.call.content
    table.replace(replace(table[ctx.args["upload_id"]], size=len(content), digest=sha256(content).hexdigest()))
    return b""


def classify(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/uploads/classify (up-5, up-6): the same result each time."""
    sent = read_fields(ctx.body, _CLASSIFY, required=("upload_id",))
    world = ctx.world
    row = require_ticket(world, ctx.team, sent["upload_id"], "upload_id")
    if row.pose is None:
        if world.poses:
            pose, confidence = world.state.take_first(world.poses)
        else:
            random = Random(f"{world.settings.seed}/pose {row.digest or row.id}")
            pose, confidence = random.choice(POSES), random.randint(60, 99) / 100
        row = world.table(UploadRow).replace(replace(row, pose=pose, confidence=confidence))
    return {"upload_id": row.id, "pose": row.pose, "confidence": row.confidence}


ENDPOINTS: Final = (
    Endpoint(
        "characters.uploads.init",
        "POST",
        "/v1/characters/uploads/init",
        init,
        bucket="characters_post",
        status=201,
        errors=BODY_ERRORS,
        shape=obj(
            upload_id=text_of("id"),
            upload_url=text_of("url"),
            upload_headers=obj(**{"Content-Type": {"enum": sorted(set(_TYPES.values()))}}),
            expires_at=_TEXT,
        ),
        body=body_of(_INIT, tuple(_INIT)),
        rules=("up-1", "up-2", "up-4"),
        refuses={"400": "up-1"},
        places={"body.expires_at": "up-2", "body.upload_*": "up-2"},
        assumed=("status", "400"),
        makes="upl",
    ),
    Endpoint(
        "characters.uploads.classify",
        "POST",
        "/v1/characters/uploads/classify",
        classify,
        bucket="characters_post",
        errors=(*BODY_ERRORS, "400 upload_invalid", "404 resource_not_found"),
        shape=obj(
            upload_id=text_of("id"),
            pose={"enum": list(POSES)},
            confidence={"type": "number", "minimum": 0, "maximum": 1},
        ),
        body=body_of(_CLASSIFY, ("upload_id",)),
        rules=("up-5", "up-6"),
        assumed=("status",),
        refuses={"*": "up-6"},
    ),
    Endpoint(
        "characters.uploads.put",
        "PUT",
        "/characters/{upload_id}/upload",
        put,
        host="upload",
        signed=True,
        body={},
        takes="application/octet-stream",
        query={"signature": SIGNATURE},
        errors=("403 missing_scope",),
        rules=("up-3",),
        assumed=("status", "403"),
        refuses={"403": "up-3"},
    ),
)
