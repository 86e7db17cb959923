"""Live images and videos, and the collections that tests add them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ...base.arguments import Check
from ...base.errors import AurousError, hide_mistakes, see
from ...base.redaction import redacted, shortened
from ...world.script import Plan, plan_of
from ..base.record import Instant, Live, Playable, Scripted, check_fields
from ..characters.record import Characters
from ..styles import FACTORS, RATIOS
from ..webhooks import check_url
from . import machine, orders
from .endpoints import draw_film, draw_image
from .row import IMAGES, LIFECYCLES, PREFIXES, VIDEOS, GenerationRow, render

__tracebackhide__ = hide_mistakes

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ...base.names import GenerationStatus, ImageSize, Ratio, Resolution

    _GenerationFields = GenerationRow
else:
    _GenerationFields = object


class Generation(Playable, _GenerationFields):
    """A live image or video: it has the attributes of the API, always current."""

    _kind = GenerationRow
    _stream = "generation"

    def __repr__(self) -> str:
        row = self._row
        return redacted(f"<{type(self).__name__} {row.id} {shortened(row.prompt or '', 40)!r} {row.status}>")

    @property
    def output_urls(self) -> list[str]:  # type: ignore[override]  # each read signs new URLs
        """The URLs of the pictures; they expire together with the output."""
        urls: list[str] = self.json()["output_urls"]
        return urls

    @property
    def output_video_url(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride] - likewise
        """The URL of the film."""
        url: str | None = self.json().get("output_video_url")
        return url

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response, without counting as a poll."""
        return render(self._world, self._row)

    def script(self, text: str | Plan) -> None:  # noqa: ARG002 - as of a character
        """Refuse a script for later runs: a generation has one run.

        Raises:
            AurousTransitionError: Always.
        """
        why = "a generation has one run; script it before, with aurous.images.script() or add(script=...)"
        raise self._illegal("script()", why.replace("images", self._lifecycle.resource))

    def cancel(self) -> None:
        """Cancel as the API would.

        Raises:
            AurousTransitionError: If the work is over.
        """
        with self._world.lock:
            row = self._row
            allowed = self._lifecycle.allowing("cancel")
            if row.status not in allowed:
                raise self._illegal("cancel()", f"it can be cancelled only while it is {' or '.join(allowed)}")
            machine.cancel(self._world, row)

    def _succeeded(self) -> GenerationRow:
        row: GenerationRow = self._row
        status = self._lifecycle.statuses[row.status]
        if not status.drawn:
            more = "Its work is over." if status.end else "Call finish() to run its script to the end."
            raise AurousError(
                f"{self!r} has no output: only a generation that succeeded has one. {more}\n"
                f"{see('reference/images.html')}"
            )
        return row

    def _set_failed(self, row: GenerationRow, error: str) -> None:
        machine.end(self._world, row, "failed", error)

    def _legal(self) -> list[str]:
        return [*super()._legal(), *(["cancel()"] if self._row.status in self._lifecycle.allowing("cancel") else [])]


class Image(Generation):
    """A live image.

    Example:
        ``assert aurous.images.last.character_id == character.id``
    """

    _prefix = "img"
    _lifecycle = IMAGES

    def picture(self, number: int = 0) -> bytes:
        """Return the bytes of an output, as a download would.

        Args:
            number: The output, counted from 0.

        Raises:
            AurousError: If there is no such output.
        """
        row = self._succeeded()
        Check("image.picture", "reference/images.html").instance("number", number, int, "a number, counted from 0.")
        if not 0 <= number < (row.image_count or 0):
            raise AurousError(
                f"{self!r} has {row.image_count} outputs, counted from 0; there is no picture({number}).\n"
                f"{see('reference/images.html')}"
            )
        return draw_image(row, number)


class Video(Generation):
    """A live video."""

    _prefix = "vid"
    _lifecycle = VIDEOS

    def film(self) -> bytes:
        """Return the bytes of the output, as a download would.

        Raises:
            AurousError: If there is no output, because of its status.
        """
        return draw_film(self._succeeded())


G = TypeVar("G", bound=Generation)


class Generations(Scripted[G]):
    """The generations of one medium and one team."""

    _medium: ClassVar[str]

    def _living(self) -> list[str]:
        return [row_id for row_id in super()._living() if row_id.startswith(f"{PREFIXES[self._medium]}_")]

    def _find(self, record_id: str) -> G | None:
        return super()._find(record_id) if record_id.startswith(f"{PREFIXES[self._medium]}_") else None

    def _add(
        self,
        chosen: str | None,
        created_at: Instant | None,
        status: str,
        script: str | Plan | None,
        team: Live | None,
        cost: dict[str, Any],
        **columns: Any,
    ) -> G:
        lifecycle = LIFECYCLES[self._medium]
        check = self._check("add")
        check.choice("status", status, lifecycle.statuses)
        if columns["webhook_url"] is not None:
            check_url(check.who, columns["webhook_url"], "webhook_url")
        columns["plan"] = plan_of(script, lifecycle, self._world.lifecycles) if script is not None else None
        owner, world = self._owner_of(team), self._world
        with self._world.lock, self._adding(owner, chosen, created_at) as columns["row_id"]:
            # As `draw_seed` of a request draws it, and with what a request would have by default.
            columns["seed"] = world.random.randrange(2**31)
            columns["cfg_rescale"] = 0 if self._medium == "image" else None
            return self._live(machine.add(world, owner, self._medium, cost, status=status, **columns).id)


class Images(Generations[Image]):
    """The images of a team."""

    _record = Image
    _medium = "image"

    def add(
        self,
        prompt: str = "A portrait in soft light",
        *,
        status: GenerationStatus | str = "succeeded",
        character: Live | str | None = None,
        size: ImageSize | str = "2k_1_1",
        count: int = 1,
        script: str | Plan | None = None,
        webhook_url: str | None = None,
        team: Live | None = None,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Image:
        """Add an image, without a request and without spending credits.

        Args:
            prompt: The text to draw.
            status: Any status of a generation, such as ``processing``.
            character: The character that it shows, a record or an id; it may be deleted (img-12).
            size: Such as ``2k_16_9``.
            count: Number of pictures, 1 to 4.
            script: Its script; by default the script of images.
            webhook_url: A URL that is notified of its end, like the field of a create request.
            team: Another owner, from `Aurous.teams`.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: If the API could not have made such an image, or if the id is taken.
            AurousLookupError: If its owner never had such a character.

        Example:
            ``aurous.images.add("Aurora on a bench", character=aurous.characters.last)``
        """
        check = self._check("add")
        check.choice("size", size, orders.PRESETS)
        check_fields("images.add", orders.IMAGE, prompt=prompt, count=count)
        width, height = orders.PRESETS[size]
        if isinstance(character, Live) and character._world is not self._world:
            raise check.refuse("character", character, "a character of this fake. This one is of another fake.")
        character_id = character.id if isinstance(character, Live) else character
        if character_id is not None:
            _ = Characters(self._world, self._owner_of(team))[character_id]
        return self._add(
            id,
            created_at,
            status,
            script,
            team,
            orders.image_price(count, enhance=False),
            prompt=prompt,
            width=width,
            height=height,
            size_preset=size,
            image_count=count,
            inference_type="i2i" if character_id else "t2i",
            character_id=character_id,
            webhook_url=webhook_url,
        )


class Videos(Generations[Video]):
    """The videos of a team."""

    _record = Video
    _medium = "video"

    def add(
        self,
        prompt: str | None = "A slow turn of the head",
        *,
        status: GenerationStatus | str = "succeeded",
        resolution: Resolution | str = "1080p",
        ratio: Ratio | str = "16:9",
        duration: float = 5,
        script: str | Plan | None = None,
        webhook_url: str | None = None,
        team: Live | None = None,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> Video:
        """Add a video, without a request and without spending credits.

        Args:
            prompt: The text to film.
            status: Any status of a generation, such as ``processing``.
            resolution: ``480p``, ``720p`` or ``1080p``.
            ratio: Such as ``16:9``.
            duration: Seconds, 2 to 12.
            script: Its script; by default the script of videos.
            webhook_url: A URL that is notified of its end, like the field of a create request.
            team: Another owner, from `Aurous.teams`.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: If the API could not have made such a video, or if the id is taken.
        """
        check = self._check("add")
        check.choice("resolution", resolution, FACTORS)
        check.choice("ratio", ratio, RATIOS)
        check_fields("videos.add", orders.VIDEO, duration=duration, **({} if prompt is None else {"prompt": prompt}))
        return self._add(
            id,
            created_at,
            status,
            script,
            team,
            orders.video_price(resolution, duration),
            prompt=prompt,
            inference_type="t2v",
            video_duration=duration,
            video_resolution=resolution,
            video_ratio=ratio,
            video_camera_fixed=False,
            webhook_url=webhook_url,
        )
