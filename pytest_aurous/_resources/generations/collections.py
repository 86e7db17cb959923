"""The images and videos of a team, and how a test makes them without a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from ..._framework.fields import Reader
from ..._framework.live import Live, Scripted, check_fields
from ..._world.script import Plan, plan_of
from ...errors import hide_mistakes
from ..characters import Characters
from ..webhooks.live import check_url
from . import machine, sizes
from .images import CREATE
from .live import Generation, Image, Video
from .record import prefix_of
from .videos import CREATE as CREATE_VIDEO
from .videos import FACTORS, RATIOS, price_of

__all__ = ("Images", "Videos")

__tracebackhide__ = hide_mistakes

G = TypeVar("G", bound=Generation)


class Generations(Scripted[G]):
    """The generations of one medium and one team."""

    __slots__ = ()

    _medium: ClassVar[str]
    _takes: ClassVar[Mapping[str, Reader]]

    def _living(self) -> list[str]:
        start = f"{prefix_of(self._medium)}_"
        return [one for one in super()._living() if one.startswith(start)]

    def _find(self, record_id: str) -> G | None:
        return super()._find(record_id) if record_id.startswith(f"{prefix_of(self._medium)}_") else None

    def _add(self, status: str, script: str | Plan | None, team: Live | None, price: dict[str, Any], **told: Any) -> G:
        """Make a generation that has come to *status* already."""
        lifecycle = machine.lifecycle_of(self._medium)
        check = self._check("add")
        check.choice("status", status, lifecycle.edges)
        if told["webhook_url"] is not None:
            check_url(check.who, told["webhook_url"], "webhook_url")
        plan = plan_of(script, lifecycle) if script is not None else None
        world = self._world
        with world.lock:
            row = machine.add(
                world,
                self._owner_of(team),
                self._medium,
                price,
                status=status,
                plan=plan,
                seed=world.random.randrange(2**31),
                **told,
            )
            return self._live(row.id)


class Images(Generations[Image]):
    """The images of a team."""

    _record = Image
    _medium = "image"
    _takes = CREATE

    def add(
        self,
        prompt: str = "A portrait in soft light",
        *,
        status: str = "succeeded",
        character: Live | str | None = None,
        size: str = "2k_1_1",
        count: int = 1,
        script: str | Plan | None = None,
        webhook_url: str | None = None,
        team: Live | None = None,
    ) -> Image:
        """Make an image, without a request and without touching credits.

        Args:
            prompt: What it shows.
            status: ``pending``, ``processing``, ``succeeded``, ``failed`` or ``cancelled``.
            character: Whom it shows: a record or an id; one that was deleted since is fine (img-12).
            size: Such as ``2k_16_9``.
            count: How many pictures, 1 to 4.
            script: Its own script; else that of images.
            webhook_url: The URL that is told of its end, as the field of a request is.
            team: Another owner, out of `Aurous.teams`.

        Raises:
            AurousError: If the API could not have made such an image.
            AurousLookupError: If its owner never had such a character.

        Example:
            ``aurous.images.add("Aurora on a bench", character=aurous.characters.last)``
        """
        check = self._check("add")
        check.choice("size", size, sizes.PRESETS)
        check_fields("images.add", self._takes, prompt=prompt, count=count)
        width, height = sizes.PRESETS[size]
        owner = self._owner_of(team)
        if isinstance(character, Live) and character._world is not self._world:
            raise check.refuse("character", character, "a character of this fake. This one is of another fake.")
        shown = character.id if isinstance(character, Live) else character
        if shown is not None:
            _ = Characters(self._world, owner)[shown]
        return self._add(
            status,
            script,
            team,
            sizes.price_of(count, enhance=False),
            prompt=prompt,
            width=width,
            height=height,
            size_preset=size,
            image_count=count,
            inference_type="i2i" if shown else "t2i",
            character_id=shown,
            webhook_url=webhook_url,
        )


class Videos(Generations[Video]):
    """The videos of a team."""

    _record = Video
    _medium = "video"
    _takes = CREATE_VIDEO

    def add(
        self,
        prompt: str | None = "A slow turn of the head",
        *,
        status: str = "succeeded",
        resolution: str = "1080p",
        ratio: str = "16:9",
        duration: float = 5,
        script: str | Plan | None = None,
        webhook_url: str | None = None,
        team: Live | None = None,
    ) -> Video:
        """Make a video, without a request and without touching credits.

        Args:
            prompt: What it shows.
            status: ``pending``, ``processing``, ``succeeded``, ``failed`` or ``cancelled``.
            resolution: ``480p``, ``720p`` or ``1080p``.
            ratio: Such as ``16:9``.
            duration: Seconds, 2 to 12.
            script: Its own script; else that of videos.
            webhook_url: The URL that is told of its end, as the field of a request is.
            team: Another owner, out of `Aurous.teams`.

        Raises:
            AurousError: If the API could not have made such a video.
        """
        check = self._check("add")
        check.choice("resolution", resolution, FACTORS)
        check.choice("ratio", ratio, RATIOS)
        check_fields("videos.add", self._takes, duration=duration, **({} if prompt is None else {"prompt": prompt}))
        return self._add(
            status,
            script,
            team,
            price_of(resolution, duration),
            prompt=prompt,
            inference_type="t2v",
            video_duration=duration,
            video_resolution=resolution,
            video_ratio=ratio,
            video_camera_fixed=False,
            webhook_url=webhook_url,
        )
