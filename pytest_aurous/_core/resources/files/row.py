"""The file as the fake stores it and as the API shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ...base.instants import iso
from ...wire import messages as say
from ...wire.refusal import ApiProblem, not_found
from ...world.world import World
from ..base.fields import integer
from ..base.schema import Record, column, to_wire
from ..content.pictures import Measured, measure
from ..media import MOST_BYTES, MOST_PIXELS, PICTURES

PURPOSES: Final = ("reference", "first_frame", "last_frame")
_LIFE: Final = 24 * 3600.0
_URL_LIFE: Final = 3600.0
_SIDE: Final = {"anyOf": [{"type": "integer"}, {"type": "null"}]}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FileRow(Record):
    """A stored file."""

    RULE: ClassVar[str] = "file-1"

    id: str = column("``file_`` and a ULID.", holds="id")
    object: str = column("Always ``file``.", holds="word", default="file")
    purpose: str = column("Its use, as sent.", schema={"enum": list(PURPOSES)})
    mime_type: str = column("Read from its bytes.", schema={"enum": list(PICTURES)})
    size_bytes: int = column("Number of bytes.", like=integer(1, MOST_BYTES))
    width_px: int = column("Width of the picture.", schema=_SIDE, like=integer(1, MOST_PIXELS), value="or null")
    height_px: int = column("Height of the picture.", schema=_SIDE, like=integer(1, MOST_PIXELS), value="or null")
    url: str | None = column(
        "A new signed URL in each response; valid for an hour (time-3).", holds="url", default=None, rule="time-3"
    )
    expires_at: str = column("24 h after the upload; then the file is gone.", rule="time-3", fixed=True)
    created_at: str = column("ISO 8601 (time-1).", fixed=True)
    metadata: dict[str, Any] | None = column("A JSON object, as sent.", optional=True, default=None)
    data: bytes = column("Its bytes.", hidden=True, visible=True)
    expires: float = column("Its expiry, in epoch seconds.", hidden=True)
    team: str = column("Id of the owning team.", hidden=True)


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
    """Return the type and size of a picture.

    Raises:
        ApiProblem: 400 for other content, or for a picture that is too large.
    """
    found = measure(data)
    if found is None:
        raise ApiProblem(400, "invalid_format", say.NO_IMAGE, "file")
    if len(data) > MOST_BYTES:
        raise ApiProblem(400, "value_out_of_range", say.FILE_TOO_LARGE.format(got=len(data), most=MOST_BYTES), "file")
    if min(found.width, found.height) < 1 or max(found.width, found.height) > MOST_PIXELS:
        message = say.PICTURE_TOO_LARGE.format(width=found.width, height=found.height, most=MOST_PIXELS)
        raise ApiProblem(400, "value_out_of_range", message, "file")
    return found


def require_file(world: World, team: str, file_id: str, param: str | None = None) -> FileRow:
    """Return a file that can be used now.

    Raises:
        ApiProblem: 404 for an unknown, deleted or expired file, and for another team's.
    """
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
