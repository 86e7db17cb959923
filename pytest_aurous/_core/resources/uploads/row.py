"""The upload ticket as the fake stores it, and the checks before its use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ...wire import messages as say
from ...wire.refusal import ApiProblem, not_found
from ...world.world import World
from ..base.schema import Record, column

POSES: Final = ("portrait", "front", "side", "back", "other")
_TICKET_LIFE: Final = 24 * 3600.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class UploadRow(Record):
    """A stored upload ticket."""

    id: str = column("``upl_`` and a ULID; the API calls it ``upload_id``.")
    filename: str = column("As sent to init.")
    extension: str = column("``jpeg``, ``jpg``, ``png`` or ``webp``.")
    content_type: str = column("The media type of the extension.")
    size: int = column("Number of bytes of the PUT; 0 before.", default=0)
    digest: str = column(
        "The SHA-256 of these bytes; empty before, and for a ticket that a test has added.", hidden=True, default=""
    )
    pose: str | None = column("The result of classify; None before.", default=None)
    confidence: float | None = column("The confidence of classify, 0 to 1.", default=None)
    consumed: bool = column("Whether a character was created from it.", default=False)
    created_at: float = column("Epoch seconds.")
    team: str = column("Id of the owning team.", hidden=True)


def take_tickets(world: World, team: str, upload_ids: list[str]) -> list[str]:
    """Consume all tickets or nothing (create-2, create-3), and return the poses of their pictures."""
    if len(set(upload_ids)) < len(upload_ids):
        repeated = next(upload_id for upload_id in upload_ids if upload_ids.count(upload_id) > 1)
        raise _invalid(repeated, "it is listed twice", "upload_ids")
    rows = [require_ticket(world, team, upload_id, "upload_ids") for upload_id in upload_ids]
    for row in rows:
        world.table(UploadRow).retire(replace(row, consumed=True))
    return [row.pose or "other" for row in rows]


def expired(world: World, row: UploadRow) -> bool:
    """Whether the ticket is too old to be used."""
    return world.clock.time() >= row.created_at + _TICKET_LIFE


def require_ticket(world: World, team: str, upload_id: str, param: str) -> UploadRow:
    """Return a ticket that has its picture and can still be used.

    Raises:
        ApiProblem: 400, or 404 for another team's ticket (auth-7).
    """
    table = world.table(UploadRow)
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
    return ApiProblem(400, "upload_invalid", say.UPLOAD_INVALID.format(id=upload_id, reason=reason), param)
