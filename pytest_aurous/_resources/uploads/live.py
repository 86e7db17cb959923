"""What a test sees of uploads: live tickets, and the collection that makes them without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..._check import Check
from ..._framework.live import Collection, Live
from ..._redaction import redacted
from ...errors import hide_mistakes
from .record import POSES, UploadRow, expired

__all__ = ("Upload", "Uploads")

__tracebackhide__ = hide_mistakes

_PAGE: Final = "reference/records.html#uploads"
_MOST_PICTURES: Final = 10_000

if TYPE_CHECKING:  # what the row has, the handle has
    _UploadFields = UploadRow
else:
    _UploadFields = object


class Upload(Live, _UploadFields):
    """An upload ticket, live."""

    __slots__ = ()

    _kind = UploadRow

    def __repr__(self) -> str:
        return redacted(f"<Upload {self.id} {self.filename!r} {self.status}>")

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
    """The upload tickets of a team; a consumed one is no longer among the living."""

    _record = Upload

    def add(self, *, pose: str | None = None, confidence: float = 0.92, filename: str = "picture.png") -> Upload:
        """Make a ticket whose picture has been sent.

        Args:
            pose: What classify found in it; left out, classify was not called yet.
            confidence: How sure it was, 0 to 1.
            filename: Its name.

        Raises:
            AurousError: If an argument has another type or an impossible value.
        """
        check = Check("uploads.add", _PAGE)
        if pose is not None:
            check.choice("pose", pose, POSES)
        check.number("confidence", confidence, 0, 1)
        check.text("filename", filename, "picture.png")
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
            AurousError: If an argument has another type or an impossible value.

        Example:
            ``aurous.uploads.pose("other", confidence=0.31)``
        """
        check = Check("uploads.pose", _PAGE)
        check.choice("pose", pose, POSES)
        check.number("confidence", confidence, 0, 1)
        check.whole("times", times, 1, _MOST_PICTURES)
        with self._world.lock:
            self._world.poses.extend([(pose, confidence)] * times)
