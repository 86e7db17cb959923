"""Uploads: the ticket of a picture, its signed PUT, classify, and the live records."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from ..base.arguments import Check
from ..base.errors import hide_mistakes
from ..base.instants import iso
from ..wire import messages as say
from ..wire.fields import body_of, one_of, read_fields, text
from ..wire.hosts import UPLOAD_HOST
from ..wire.refusal import BODY_ERRORS, ApiProblem, not_found
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.record import Collection, Instant, Live
from .base.schema import SIGNATURE, RecordRow, column, obj, row_class, text_of

__tracebackhide__ = hide_mistakes

Pose = Literal["portrait", "front", "side", "back", "other"]
POSES: Final[tuple[str, ...]] = get_args(Pose)
# time-3: a ticket can be used for a day, its URL for 15 minutes; both in seconds.
_TICKET_LIFE: Final = 24 * 3600.0
_URL_LIFE: Final = 15 * 60.0


@row_class
class UploadRow(RecordRow):
    id: str = column("``upl_`` and a ULID; the API calls it ``upload_id``.")
    filename: str = column("As sent to init.")
    extension: str = column("``jpeg``, ``jpg``, ``png`` or ``webp``.")
    content_type: str = column("The media type of the extension.")
    size: int = column("Number of bytes of the PUT; 0 before.", default=0)
    digest: str = column(
        "The SHA-256 of these bytes; empty before, and for a ticket that a test has added.", seen="never", default=""
    )
    pose: str | None = column("The result of classify; None before.", default=None)
    confidence: float | None = column("The confidence of classify, 0 to 1.", default=None)
    consumed: bool = column("Whether a character was created from it.", default=False)
    created_at: float = column("Epoch seconds.")
    team: str = column("Id of the owning team.", seen="never")


def take_tickets(world: World, team: str, upload_ids: list[str]) -> list[str]:
    """Consume all tickets or nothing (create-2, create-3), and return the poses of their pictures."""
    if len(set(upload_ids)) < len(upload_ids):
        repeated = next(upload_id for upload_id in upload_ids if upload_ids.count(upload_id) > 1)
        raise _invalid(repeated, "it is listed twice", "upload_ids")
    # First all checks, then all changes: one bad ticket must leave the others unused (create-3).
    rows = [require_ticket(world, team, upload_id, "upload_ids") for upload_id in upload_ids]
    for row in rows:
        world.table(UploadRow).retire(replace(row, consumed=True))
    # A picture that was not classified has the pose that says nothing (create-2).
    return [row.pose or "other" for row in rows]


def expired(world: World, row: UploadRow) -> bool:
    return world.clock.time() >= row.created_at + _TICKET_LIFE


def require_ticket(world: World, team: str, upload_id: str, param: str) -> UploadRow:
    """Return a ticket that has its picture and can still be used, or refuse it."""
    table = world.table(UploadRow)
    # Whose it is comes before its state: another team must not learn whether a ticket was used (auth-7).
    if upload_id not in table:
        raise _invalid(upload_id, "it does not exist", param)
    row = table[upload_id]
    if row.team != team:
        raise not_found("upload", upload_id, param)
    if row.consumed:
        raise _invalid(upload_id, "it was already used", param)
    if expired(world, row):
        raise _invalid(upload_id, "it has expired", param)
    if not row.size:
        raise _invalid(upload_id, "its picture was never sent", param)
    return row


def _invalid(upload_id: str, reason: str, param: str) -> ApiProblem:
    return ApiProblem(400, "upload_invalid", f"Upload {upload_id!r} cannot be used: {reason}.", param)


_PAGE: Final = "reference/records.html#uploads"
# More poses than any suite uploads; a mistyped number must not fill the memory.
_MAX_PICTURES: Final = 10_000

if TYPE_CHECKING:  # type checkers find the attributes of the row
    _UploadFields = UploadRow
else:
    _UploadFields = object


class Upload(Live, _UploadFields):
    """A live upload ticket."""

    _kind = UploadRow
    _prefix = "upl"
    _summary = "{0.filename!r} {0.status}"

    @property
    def status(self) -> str:
        """``waiting`` for its bytes, ``uploaded``, ``consumed`` by a character, or ``expired``."""
        row = self._row
        if row.consumed:
            return "consumed"
        if expired(self._world, row):
            return "expired"
        return "uploaded" if row.size else "waiting"


class Uploads(Collection[Upload]):
    """The upload tickets of a team, without the consumed ones."""

    _record = Upload

    def add(
        self,
        *,
        pose: Pose | str | None = None,
        confidence: float = 0.92,
        filename: str = "picture.png",
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Upload:
        """Add a ticket that has its picture, without a request.

        Args:
            pose: The result of classify; by default, classify has not been called.
            confidence: The confidence of classify, 0 to 1.
            filename: Name of the picture.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: For an invalid argument, or an id that is taken.
        """
        check = Check("uploads.add", _PAGE)
        if pose is not None:
            check.choice("pose", pose, POSES)
        check.number("confidence", confidence, 0, 1)
        check.text("filename", filename, "picture.png")
        with self._world.lock, self._adding(self._team, id, created_at) as row_id:
            row = UploadRow(
                id=row_id,
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

    def pose(self, pose: Pose | str, confidence: float = 0.92, times: int = 1) -> None:
        """Set the result of classify for the next pictures, of a team as a script; without it, results are seeded.

        Args:
            pose: ``portrait``, ``front``, ``side``, ``back`` or ``other``.
            confidence: 0 to 1.
            times: Number of pictures.

        Raises:
            AurousError: For an invalid argument.

        Example:
            ``aurous.uploads.pose("other", confidence=0.31)``
        """
        check = Check("uploads.pose", _PAGE)
        check.choice("pose", pose, POSES)
        check.number("confidence", confidence, 0, 1)
        check.whole("times", times, 1, _MAX_PICTURES)
        with self._world.lock:
            whose = self._world.concerned(self._team)
            self._world.poses.extend([(pose, confidence, whose)] * times)


_TYPES: Final = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_INIT: Final = {
    "filename": text(120),
    "extension": one_of(tuple(_TYPES)),
    "content_type": one_of(tuple(dict.fromkeys(_TYPES.values()))),
}
_CLASSIFY: Final = {"upload_id": text(256, holds="id")}


@endpoint(
    "characters.uploads.init",
    "POST /v1/characters/uploads/init",
    bucket="characters_post",
    status=201,
    errors=BODY_ERRORS,
    shape=obj(
        upload_id=text_of("id"),
        upload_url=text_of("url"),
        upload_headers=obj(**{"Content-Type": {"enum": sorted(set(_TYPES.values()))}}),
        expires_at={"type": "string"},
    ),
    body=body_of(_INIT, tuple(_INIT)),
    sample={"filename": "front.png", "extension": "png", "content_type": "image/png"},
    rules=("up-1", "up-2", "up-4"),
    makes="upl",
)
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


@endpoint(
    "characters.uploads.put",
    "PUT /characters/{upload_id}/upload",
    host="upload",
    signed=True,
    body={},
    takes="application/octet-stream",
    query={"signature": SIGNATURE},
    errors=("403 missing_scope",),
    rules=("up-3",),
)
def put(ctx: Context) -> bytes:
    """PUT to the signed URL (up-3): needs the signature, no API key."""
    ctx.world.urls.check(ctx.call.path, ctx.query.get("signature", ""))
    table = ctx.world.table(UploadRow)
    # Its URL was signed before a reset, or by a fake with the same seed.
    if ctx.args["upload_id"] not in table:
        raise ApiProblem(403, "missing_scope", say.URL_REFUSED.format(reason="what it leads to does not exist"))
    content = ctx.call.content
    table.replace(replace(table[ctx.args["upload_id"]], size=len(content), digest=sha256(content).hexdigest()))
    return b""


@endpoint(
    "characters.uploads.classify",
    "POST /v1/characters/uploads/classify",
    bucket="characters_post",
    errors=(*BODY_ERRORS, "400 upload_invalid", "404 resource_not_found"),
    shape=obj(
        upload_id=text_of("id"),
        pose={"enum": list(POSES)},
        confidence={"type": "number", "minimum": 0, "maximum": 1},
    ),
    body=body_of(_CLASSIFY, ("upload_id",)),
    sample={"upload_id": "upl_01KRMEXM017R6QKY9FRGVYXRJ9"},
    rules=("up-5", "up-6"),
)
def classify(ctx: Context) -> dict[str, Any]:
    """POST /v1/characters/uploads/classify (up-5, up-6): the same result each time."""
    sent = read_fields(ctx.body, _CLASSIFY, required=("upload_id",))
    world, table = ctx.world, ctx.world.table(UploadRow)
    row = require_ticket(world, ctx.team, sent["upload_id"], "upload_id")
    if row.pose is None:
        # A picture is classified alike in each run and by each ticket (up-5), unless the test says something else next.
        seen = (one for one in map(table.__getitem__, table) if one.pose is not None and one.digest == row.digest != "")
        pose: str | None
        confidence: float | None
        given = [one for whose in (ctx.team, None) for one in world.poses if one[2] == whose]
        if given:
            pose, confidence, _ = world.state.take(world.poses, given[0])
        elif (same := next(seen, None)) is not None:
            pose, confidence = same.pose, same.confidence
        else:
            # The fake is never unsure: a low confidence is what a test asks for, with `uploads.pose`.
            random = Random(f"{world.settings.seed}/pose {row.digest or row.id}")
            pose, confidence = random.choice(POSES), random.randint(60, 99) / 100
        row = table.replace(replace(row, pose=pose, confidence=confidence))
    return {"upload_id": row.id, "pose": row.pose, "confidence": row.confidence}


ENDPOINTS: Final = (init, classify, put)
