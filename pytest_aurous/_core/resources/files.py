"""Files, pictures for generations to start from: the record, four endpoints with the storage, and the live records."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, cast, get_args

from ..base.arguments import Check
from ..base.data import read_json
from ..base.errors import AurousError, hide_mistakes, see, shown
from ..base.instants import iso
from ..wire.fields import Reader, integer, read_fields
from ..wire.refusal import BODY_ERRORS, ApiProblem, not_found, not_one_of
from ..world.world import World
from .base.endpoint import Context, Result, endpoint
from .base.record import Collection, Instant, Live
from .base.schema import SIGNATURE, RecordRow, column, deleted, reference, row_class, to_wire
from .characters.row import CharacterRow
from .content.pictures import Measured, measure, picture

if TYPE_CHECKING:
    from ..wire.bodies import FormPart

__tracebackhide__ = hide_mistakes

Purpose = Literal["reference", "first_frame", "last_frame"]
PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
# The limits of file-1; its 10 MB are taken as binary megabytes, the larger reading.
_PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
_MOST_BYTES: Final = 10 * 1024 * 1024
_MOST_PIXELS: Final = 4096
# time-3: a file is gone after a day, in seconds. Its URL is dead after an hour, and each GET signs a new one.
_LIFE: Final = 24 * 3600.0
_URL_LIFE: Final = 3600.0
# Large enough for the id of a character in the picture, small enough to be drawn within each request.
_PICTURE_SIDE: Final = 192
_SIDE: Final = {"anyOf": [{"type": "integer"}, {"type": "null"}]}


@row_class
class FileRow(RecordRow):
    RULE: ClassVar[str] = "file-1"

    id: str = column("``file_`` and a ULID.", holds="id")
    object: str = column("Always ``file``.", holds="word", default="file")
    purpose: str = column("Its use, as sent.", schema={"enum": list(PURPOSES)})
    mime_type: str = column("Read from its bytes.", schema={"enum": list(_PICTURES)})
    size_bytes: int = column("Number of bytes.", like=integer(1, _MOST_BYTES))
    width_px: int = column("In pixels.", schema=_SIDE, like=integer(1, _MOST_PIXELS), value="or null")
    height_px: int = column("In pixels.", schema=_SIDE, like=integer(1, _MOST_PIXELS), value="or null")
    url: str | None = column(
        "A new signed URL in each response; valid for an hour (time-3).", holds="url", default=None, rule="time-3"
    )
    expires_at: str = column("24 h after the upload; then the file is gone.", rule="time-3")
    created_at: str = column("ISO 8601 (time-1).")
    metadata: dict[str, Any] | None = column("A JSON object, as sent.", seen="optional", default=None)
    data: bytes = column("Its bytes.", seen="by tests")
    expires: float = column("Its expiry, in epoch seconds.", seen="never")
    team: str = column("Id of the owning team.", seen="never")


def store(
    world: World,
    team: str,
    data: bytes,
    found: Measured,
    purpose: str,
    metadata: dict[str, Any] | None,
    row_id: str | None = None,
) -> FileRow:
    """Store a file for 24 h (time-3)."""
    now = world.clock.time()
    row = FileRow(
        id=row_id or world.ids.new("file"),
        purpose=purpose,
        mime_type=found.mime_type,
        size_bytes=len(data),
        width_px=found.width,
        height_px=found.height,
        expires_at=iso(now + _LIFE),
        created_at=iso(now),
        metadata=metadata,
        data=data,
        expires=now + _LIFE,
        team=team,
    )
    return world.table(FileRow).insert(row)


def measured(data: bytes) -> Measured:
    """Return the type and size of a picture; refuse other content, and one that is too large."""
    found = measure(data)
    # First what it is: of anything but a picture, neither the bytes nor the sides say what is wrong.
    if found is None:
        raise ApiProblem(400, "invalid_format", "file must be a PNG, a JPEG or a WebP.", "file")
    if len(data) > _MOST_BYTES:
        message = f"file must have at most {_MOST_BYTES} bytes, not {len(data)}."
        raise ApiProblem(400, "value_out_of_range", message, "file")
    if min(found.width, found.height) < 1 or max(found.width, found.height) > _MOST_PIXELS:
        message = f"file must have at most {_MOST_PIXELS} pixels a side, not {found.width}x{found.height}."
        raise ApiProblem(400, "value_out_of_range", message, "file")
    return found


def require_file(world: World, team: str, file_id: str, param: str | None = None) -> FileRow:
    """Return a file that can be used now, or refuse it: it may be unknown, deleted, expired, or another team's."""
    table = world.table(FileRow)
    row = table.find(file_id, team)
    if row is None or not table.lives(row) or row.expires <= world.clock.time():
        raise not_found("file", file_id, param)
    return row


def render(world: World, row: FileRow) -> dict[str, Any]:
    """Write a file, with a URL that is valid for an hour."""
    path = f"/storage/files/{row.id}/{row.purpose}.{row.mime_type.partition('/')[2]}"
    expires = world.clock.time() + _URL_LIFE
    url = world.urls.sign(world.settings.base_url, path, expires, "token")
    return {**to_wire(row, world.settings.sparse), "url": url}


if TYPE_CHECKING:  # type checkers find the attributes of the row
    _FileFields = FileRow
else:
    _FileFields = object


class File(Live, _FileFields):
    """A live file, with the attributes of the API."""

    _kind = FileRow
    _prefix = "file"
    _summary = "{0.purpose} {0.width_px}x{0.height_px} {0.status}"

    @property
    def status(self) -> str:
        """``stored``, ``deleted`` or ``expired``."""
        row = self._row
        if not self._world.table(FileRow).lives(row):
            return "deleted"
        return "expired" if row.expires <= self._world.clock.time() else "stored"

    @property
    def url(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - each read signs a new URL
        """The URL of its bytes, valid for an hour."""
        url: str = self.json()["url"]
        return url

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return render(self._world, self._row)


class Files(Collection[File]):
    """The files of a team."""

    _record = File

    def add(
        self,
        data: bytes | None = None,
        *,
        purpose: Purpose | str = "reference",
        metadata: dict[str, Any] | None = None,
        team: Live | None = None,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> File:
        """Add a file, without a request.

        Args:
            data: The bytes of a PNG, JPEG or WebP; by default, the fake draws a small picture.
            purpose: ``reference``, ``first_frame`` or ``last_frame``.
            metadata: A JSON object to store with it.
            team: Another owner, from `Aurous.teams`.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: For a file that the API would refuse, or an id that is taken.
        """
        check = Check("files.add", "reference/images.html#files")
        check.choice("purpose", purpose, PURPOSES)
        if data is not None:
            check.instance("data", data, bytes, "the bytes of a PNG, JPEG or WebP, such as Path('x.png').read_bytes().")
        if metadata is not None:
            check.json("metadata", metadata)
        owner = self._owner_of(team)
        data = picture(["A file", purpose], 128, 128, owner) if data is None else data
        try:
            found = measured(data)
        except ApiProblem as problem:
            raise AurousError(f"{check.who}(data=...): {problem.message}\n{see(check.page)}") from None
        with self._world.lock, self._adding(owner, id, created_at) as row_id:
            return self._live(store(self._world, owner, data, found, purpose, metadata, row_id).id)


def _purpose(part: FormPart, param: str) -> str:
    purpose = part.data.decode(errors="replace")
    if purpose not in PURPOSES:
        raise not_one_of(param, PURPOSES, repr(purpose))
    return purpose


def _metadata(part: FormPart, param: str) -> dict[str, Any]:
    try:
        metadata = read_json(part.data)
        # Python reads lone surrogates, which no response could carry: writing it again finds them.
        json.dumps(metadata, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict):
        got = shown(part.data.decode(errors="replace"))
        raise ApiProblem(400, "invalid_format", f"metadata must be a JSON object, as text, not {got}.", param)
    return cast("dict[str, Any]", metadata)


_CREATE: Final[dict[str, Reader]] = {
    "file": lambda part, _: (part.data, measured(part.data)),
    "purpose": _purpose,
    "metadata": _metadata,
}


def _fingerprint(ctx: Context) -> str:
    """Return what a retry must repeat: purpose and metadata, not the bytes (idem-7)."""
    # Latin-1 reads any bytes: the handler refuses what is wrong, not the comparison with an earlier request.
    sent = {part.name: part.data.decode("latin-1") for part in _parts(ctx) if part.name != "file"}
    with suppress(KeyError, ValueError, RecursionError):
        sent["metadata"] = json.loads(sent["metadata"])
    return json.dumps(sent, sort_keys=True)


def _parts(ctx: Context) -> list[FormPart]:
    from ..wire.bodies import read_parts  # most tests upload nothing

    return read_parts(ctx.call.content, ctx.call.incoming.get("content-type", ""))


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


@endpoint(
    "files.create",
    "POST /v1/files",
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
    makes="file",
)
def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/files."""
    parts = {part.name: part for part in _parts(ctx)}
    if not parts:
        message = "The request body must be a complete multipart/form-data form, and no part may have parts of its own."
        raise ApiProblem(400, "invalid_format", message)
    # In one order, whatever the order of the parts: the same mistakes get the same refusal.
    in_order = {name: parts[name] for name in ("purpose", "file", *parts) if name in parts}
    sent = read_fields(in_order, _CREATE, required=("file", "purpose"))
    data, found = sent["file"]
    return render(ctx.world, store(ctx.world, ctx.team, data, found, sent["purpose"], sent.get("metadata")))


@endpoint("files.retrieve", "GET /v1/files/{id}", bucket="reads", shape=reference(FileRow), rules=("time-3",))
def retrieve(ctx: Context) -> dict[str, Any]:
    """GET /v1/files/{id}: with a new signed URL each time."""
    return render(ctx.world, require_file(ctx.world, ctx.team, ctx.args["id"]))


@endpoint(
    "files.delete",
    "DELETE /v1/files/{id}",
    bucket="files_post",
    any_id=True,
    shape=deleted("file"),
    rules=("file-2",),
)
def delete(ctx: Context) -> dict[str, Any]:
    """DELETE /v1/files/{id}: succeeds for any id, also an unknown one."""
    table = ctx.world.table(FileRow)
    row = table.find(ctx.args["id"], ctx.team)
    if row is not None and table.lives(row):
        table.retire(row)
    return {"id": ctx.args["id"], "object": "file", "deleted": True}


@endpoint(
    "storage.get",
    "GET /storage/{owner}/{ref}/{file}",
    signed=True,
    media_type="image/*",
    query={"token": SIGNATURE},
    errors=("403 missing_scope", "404 resource_not_found"),
    rules=("get-3", "time-2", "time-3"),
)
def stored(ctx: Context) -> Result:
    """GET the picture behind a signed URL."""
    owner, name, file = (ctx.args[part] for part in ("owner", "ref", "file"))
    # The signature covers the path below the base URL, whatever path that has itself.
    path = f"/storage/{owner}/{name}/{file}"
    ctx.world.urls.check(path, ctx.query.get("token", ""))
    if owner == "files":
        # A URL that was signed before a reset, or by another fake with the same seed, leads to no file.
        owned = ctx.world.row(name)
        row = require_file(ctx.world, owned.team if owned else "", name)
        return Result(row.data, media_type=row.mime_type)
    characters = ctx.world.table(CharacterRow)
    rows = (characters[row_id] for row_id in characters)
    character = next((row for row in rows if any(ref.path == path for ref in row.refs)), None)
    lines = [file.partition(".")[0], *([character.name, character.id] if character else []), name]
    return Result(picture(lines, _PICTURE_SIDE, _PICTURE_SIDE, path), media_type="image/png")


ENDPOINTS: Final = (create, retrieve, delete)

STORAGE: Final = (stored,)
