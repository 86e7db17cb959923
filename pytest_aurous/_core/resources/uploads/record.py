"""Live upload tickets, and the collection that tests add tickets to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...base.arguments import Check
from ...base.errors import hide_mistakes
from ..base.record import Collection, Instant, Live
from .row import POSES, UploadRow, expired

__tracebackhide__ = hide_mistakes

_PAGE: Final = "reference/records.html#uploads"
_MAX_PICTURES: Final = 10_000

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ...base.names import Pose

    _UploadFields = UploadRow
else:
    _UploadFields = object


class Upload(Live, _UploadFields):
    """A live upload ticket."""

    __slots__ = ()

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
        """Set the result of classify for the next pictures; without it, results are seeded.

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
            self._world.poses.extend([(pose, confidence)] * times)
