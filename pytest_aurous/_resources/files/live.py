"""What a test sees of files: live records, and the collection that makes them without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._check import Check
from ..._content.pictures import picture
from ..._framework.live import Collection, Live
from ..._redaction import redacted
from ..._wire.refusal import ApiProblem
from ...errors import AurousError, hide_mistakes, see
from .calls import PURPOSES, FileRow, measured, render, store

__all__ = ("File", "Files")

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # what the row has, the handle has
    _FileFields = FileRow
else:
    _FileFields = object


class File(Live, _FileFields):
    """A file, live: its attributes are those of the wire."""

    __slots__ = ()

    _kind = FileRow

    def __repr__(self) -> str:
        return redacted(f"<File {self.id} {self.purpose} {self.width_px}x{self.height_px} {self.status}>")

    @property
    def status(self) -> str:
        """``stored``, ``deleted`` or ``expired``."""
        row = self._row
        if not self._world.table(FileRow).lives(row):
            return "deleted"
        return "expired" if row.dies <= self._world.clock.time() else "stored"

    @property
    def url(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - the row makes it when it is read
        """Where its bytes are, for an hour."""
        url: str = self.json()["url"]
        return url

    def json(self) -> dict[str, Any]:
        """Return what GET would answer."""
        return render(self._world, self._row)


class Files(Collection[File]):
    """The files of a team."""

    _record = File

    def add(
        self,
        data: bytes | None = None,
        *,
        purpose: str = "reference",
        metadata: dict[str, Any] | None = None,
        team: Live | None = None,
    ) -> File:
        """Store a file, without a request.

        Args:
            data: A PNG, JPEG or WebP; left out, a picture is made.
            purpose: ``reference``, ``first_frame`` or ``last_frame``.
            metadata: What to say of it.
            team: Another owner, out of `Aurous.teams`.

        Raises:
            AurousError: If the API would not take such a file.
        """
        check = Check("files.add", "reference/files.html")
        check.choice("purpose", purpose, PURPOSES)
        if data is not None:
            check.instance("data", data, bytes, "the bytes of a PNG, JPEG or WebP, such as Path('x.png').read_bytes().")
        if metadata is not None:
            check.json("metadata", metadata)
        owner = self._owner_of(team)
        with self._world.lock:
            data = picture(["A file", purpose], 128, 128, owner) if data is None else data
            try:
                found = measured(data)
            except ApiProblem as problem:
                raise AurousError(f"files.add(data=...): {problem.message}\n{see('reference/files.html')}") from None
            return self._live(store(self._world, owner, data, found, purpose, metadata).id)
