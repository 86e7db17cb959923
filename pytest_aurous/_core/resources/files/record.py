"""Live files, and the collection that tests add files to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.arguments import Check
from ...base.errors import AurousError, hide_mistakes, see
from ...wire.refusal import ApiProblem
from ..base.record import Collection, Instant, Live
from ..content.pictures import picture
from .row import PURPOSES, FileRow, measured, render, store

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ...base.names import Purpose

    _FileFields = FileRow
else:
    _FileFields = object


class File(Live, _FileFields):
    """A live file, with the attributes of the API."""

    __slots__ = ()

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
