"""What a test sees of images and videos: live records, and the collections that make them without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._check import Check
from ..._framework.live import Playable
from ..._redaction import redacted
from ..._world.script import Plan
from ...errors import AurousError, hide_mistakes, see
from . import machine
from .outputs import draw_film, draw_image
from .record import GenerationRow, render

__all__ = ("Generation", "Image", "Video")

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # what the row has, the handle has
    _GenerationFields = GenerationRow
else:
    _GenerationFields = object


class Generation(Playable, _GenerationFields):
    """An image or a video, live: its attributes are those of the wire, read now."""

    __slots__ = ()

    _kind = GenerationRow
    _running = machine.RUNNING

    def __repr__(self) -> str:
        row = self._row
        return redacted(f"<{type(self).__name__} {row.id} {(row.prompt or '')[:40]!r} {row.status}>")

    @property
    def output_urls(self) -> list[str]:  # type: ignore[override]  # the row makes them when they are read
        """Where the pictures are; each dies when its output does."""
        urls: list[str] = self.json()["output_urls"]
        return urls

    @property
    def output_video_url(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride] - likewise
        """Where the film is."""
        url: str | None = self.json()["output_video_url"]
        return url

    def json(self) -> dict[str, Any]:
        """Return what GET would answer, without counting as a poll."""
        return render(self._world, self._row)

    def script(self, text: str | Plan) -> None:
        """Bind a script for the runs to come. A generation has one run, so the script has no effect on it.

        To move the run under way, call `advance`, `finish`, `fail` or `cancel`; to script it, use
        `aurous.images.script(...)` or `add(script=...)`.

        Args:
            text: The steps, or a `Script`.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        super().script(text)

    def cancel(self) -> None:
        """Cancel as the API would.

        Raises:
            AurousTransitionError: If the work is over.
        """
        with self._world.lock:
            row = self._row
            if row.status not in self._running:
                raise self._illegal("cancel()", f"only {' or '.join(self._running)} can be cancelled")
            machine.cancel(self._world, row)

    def _done(self) -> GenerationRow:
        """Return the row, which must have an output."""
        row: GenerationRow = self._row
        if row.status != "succeeded":
            more = "finish() runs its script to the end." if row.status in self._running else "It is over for this one."
            raise AurousError(
                f"{self!r} has no output: only what has succeeded has one. {more}\n{see('reference/images.html')}"
            )
        return row

    def _end_badly(self, row: GenerationRow, error: str) -> None:
        machine.fail(self._world, row, error)

    def _legal(self) -> list[str]:
        return [*super()._legal(), *(["cancel()"] if self._row.status in self._running else [])]


class Image(Generation):
    """An image, live.

    Example:
        ``assert aurous.images.last.character_id == character.id``
    """

    __slots__ = ()

    _lifecycle = machine.IMAGES

    def picture(self, number: int = 0) -> bytes:
        """Return the bytes of an output, as a download would.

        Raises:
            AurousError: If there is no such output, because of the status or of the number.
        """
        row = self._done()
        Check("image.picture", "reference/images.html").instance("number", number, int, "a number, counted from 0.")
        if not 0 <= number < (row.image_count or 0):
            raise AurousError(
                f"{self!r} has {row.image_count} outputs, from 0 on; there is no picture({number}).\n"
                f"{see('reference/images.html')}"
            )
        return draw_image(row, number)


class Video(Generation):
    """A video, live."""

    __slots__ = ()

    _lifecycle = machine.VIDEOS

    def film(self) -> bytes:
        """Return the bytes of the output, as a download would.

        Raises:
            AurousError: If there is none, because of the status.
        """
        return draw_film(self._done())
