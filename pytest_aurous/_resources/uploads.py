"""Uploads: tickets for pictures, the signed PUT, and what classify finds in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from .. import _messages as say
from .._clock import iso
from .._endpoint import Context, Endpoint
from .._fields import column, one_of, read_fields, text
from .._records import Collection, Live
from .._shape import SIGNATURE, body_of, obj
from .._wire import ApiProblem
from .._world import UPLOAD_HOST, World
from ..errors import AurousError, choices, nearest

__all__ = ("ENDPOINTS", "POSES", "Upload", "Uploads", "take_tickets")

POSES: Final = ("portrait", "front", "side", "back", "other")
_URL_LIFE, _TICKET_LIFE = 15 * 60.0, 24 * 3600.0
_TYPES: Final = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_INIT: Final = {
    "filename": text(120),
    "extension": one_of(tuple(_TYPES)),
    "content_type": one_of(tuple(dict.fromkeys(_TYPES.values()))),
}
_CLASSIFY: Final = {"upload_id": text(256)}
_TEXT: Final = {"type": "string"}


@dataclass(frozen=True, kw_only=True)
class UploadRow:
    """A ticket as it is stored.

    Attributes:
        id: ``upl_`` and a ULID; the API calls it ``upload_id``.
        filename: As it was sent to init.
        extension: ``jpeg``, ``jpg``, ``png`` or ``webp``.
        content_type: That of the extension.
        size: Bytes that were PUT; 0 before.
        pose: What classify found; None before it was called.
        confidence: How sure it was, 0 to 1.
        consumed: Whether a character was made of it.
        created_at: Epoch seconds.
    """

    id: str
    filename: str
    extension: str
    content_type: str
    size: int = 0
    pose: str | None = None
    confidence: float | None = None
    consumed: bool = False
    created_at: float
    team: str = column(hidden=True)


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
        "upload_url": world.sign(UPLOAD_HOST, f"/characters/{row.id}/upload", now + _URL_LIFE, "signature"),
        "upload_headers": {"Content-Type": row.content_type},
        "expires_at": iso(now + _URL_LIFE),
    }


def put(ctx: Context) -> bytes:
    """PUT to the signed URL (up-3): the signature alone permits it."""
    ctx.world.check_signature(ctx.call.path, ctx.query.get("signature", ""))
    table = ctx.world.table(UploadRow)
    row = table[ctx.args["upload_id"]]  # it exists: nobody else could have signed its URL
    table.replace(replace(row, size=len(ctx.call.content)))
    return b""


def classify(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/uploads/classify (up-5, up-6): the same answer each time."""
    sent = read_fields(ctx.body, _CLASSIFY, required=("upload_id",))
    world = ctx.world
    row = _ticket(world, ctx.team, sent["upload_id"], "upload_id")
    if row.pose is None:
        if world.poses:
            pose, confidence = world.poses.pop(0)
        else:
            pose, confidence = world.random.choice(POSES), world.random.randint(60, 99) / 100
        row = world.table(UploadRow).replace(replace(row, pose=pose, confidence=confidence))
    return {"upload_id": row.id, "pose": row.pose, "confidence": row.confidence}


def take_tickets(world: World, team: str, upload_ids: list[str]) -> list[str]:
    """Consume tickets for a character, all or none (create-2, create-3), and return the poses of their pictures."""
    if len(set(upload_ids)) < len(upload_ids):
        twice = next(one for one in upload_ids if upload_ids.count(one) > 1)
        raise _invalid(twice, "it is listed twice", "upload_ids")
    rows = [_ticket(world, team, upload_id, "upload_ids") for upload_id in upload_ids]
    for row in rows:
        world.table(UploadRow).retire(replace(row, consumed=True))
    return [row.pose or "other" for row in rows]


def _ticket(world: World, team: str, upload_id: str, param: str) -> UploadRow:
    table = world.table(UploadRow)
    if upload_id not in table:
        raise _invalid(upload_id, "it does not exist", param)
    row = table[upload_id]
    if row.team != team:  # auth-7
        raise ApiProblem(404, "resource_not_found", say.NOT_FOUND.format(resource="upload", id=upload_id), param)
    if row.consumed:
        raise _invalid(upload_id, "it was already used", param)
    if world.clock.time() >= row.created_at + _TICKET_LIFE:
        raise _invalid(upload_id, "it has expired", param)
    if not row.size:
        raise _invalid(upload_id, "its picture was never sent", param)
    return row


def _invalid(upload_id: str, reason: str, param: str) -> ApiProblem:
    return ApiProblem(400, "upload_invalid", say.UPLOAD_INVALID.format(id=upload_id, reason=reason), param)


if TYPE_CHECKING:  # what the row has, the handle has
    _UploadFields = UploadRow
else:
    _UploadFields = object


class Upload(Live, _UploadFields):
    """An upload ticket, live: see `UploadRow` for its attributes."""

    __slots__ = ()

    _kind = UploadRow

    def __repr__(self) -> str:
        return f"<Upload {self.id} {self.filename!r} {self.status}>"

    @property
    def status(self) -> str:
        """``waiting`` for its bytes, ``uploaded``, ``consumed`` by a character, or ``expired``."""
        row = self._row
        if row.consumed:
            return "consumed"
        if self._world.clock.time() >= row.created_at + _TICKET_LIFE:
            return "expired"
        return "uploaded" if row.size else "waiting"


class Uploads(Collection[Upload]):
    """The upload tickets of a team; a consumed one is no longer among the living."""

    _record = Upload

    def add(self, *, pose: str | None = None, confidence: float = 0.92, filename: str = "picture.png") -> Upload:
        """Make a ticket whose picture has been sent.

        Args:
            pose: What classify found in it; left out, classify was not called yet.
            confidence: How sure it was, 0 to 1.
            filename: Its name.

        Raises:
            AurousError: If *pose* or *confidence* is impossible.
        """
        _check_pose(POSES[0] if pose is None else pose, confidence)
        with self._world.lock:
            row = UploadRow(
                id=self._world.ids.new("upl"),
                filename=filename,
                extension="png",
                content_type="image/png",
                size=1024,
                pose=pose,
                confidence=None if pose is None else confidence,
                created_at=self._world.clock.time(),
                team=self._team,
            )
            return self._live(self._world.table(UploadRow).insert(row).id)

    def pose(self, pose: str, confidence: float = 0.92, times: int = 1) -> None:
        """Say what classify will find in the next pictures; else it is seeded.

        Args:
            pose: ``portrait``, ``front``, ``side``, ``back`` or ``other``.
            confidence: 0 to 1.
            times: In how many pictures.

        Raises:
            AurousError: If *pose* or *confidence* is impossible.
        """
        _check_pose(pose, confidence)
        with self._world.lock:
            self._world.poses.extend([(pose, confidence)] * times)


def _check_pose(pose: str, confidence: float) -> None:
    if pose not in POSES:
        raise AurousError(f"{pose!r} is no pose{nearest(pose, POSES)} Poses: {choices(POSES)}.")
    if isinstance(confidence, bool) or not 0 <= confidence <= 1:
        raise AurousError(f"confidence={confidence!r}: expected a number from 0 to 1.")


_OF_BODY: Final = ("400 invalid_format", "400 invalid_request", "400 missing_field", "400 value_out_of_range")

ENDPOINTS: Final = (
    Endpoint(
        "characters.uploads.init",
        "POST",
        "/v1/characters/uploads/init",
        init,
        bucket="characters_post",
        status=201,
        errors=_OF_BODY,
        shape=obj(upload_id=_TEXT, upload_url=_TEXT, upload_headers=obj(**{"Content-Type": _TEXT}), expires_at=_TEXT),
        body=body_of(_INIT, tuple(_INIT)),
        rules=("up-1", "up-2", "up-4"),
    ),
    Endpoint(
        "characters.uploads.classify",
        "POST",
        "/v1/characters/uploads/classify",
        classify,
        bucket="characters_post",
        errors=(*_OF_BODY, "400 upload_invalid", "404 resource_not_found"),
        shape=obj(upload_id=_TEXT, pose={"enum": list(POSES)}, confidence={"type": "number"}),
        body=body_of(_CLASSIFY, ("upload_id",)),
        rules=("up-5", "up-6"),
    ),
    Endpoint(
        "characters.uploads.put",
        "PUT",
        "/characters/{upload_id}/upload",
        put,
        host="upload",
        signed=True,
        media_type="application/octet-stream",
        body={},
        takes="application/octet-stream",
        query={"signature": SIGNATURE},
        errors=("403 missing_scope",),
        rules=("up-3",),
    ),
)
