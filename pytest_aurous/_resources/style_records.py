"""What a test sees of styles."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from .._framework.live import Collection, Live
from .._framework.schema import to_wire
from .._redaction import redacted
from .._time.clock import iso
from ..errors import hide_mistakes
from .styles import LoraRow, VideoLoraRow, make, visible_styles

__all__ = ("Lora", "Loras", "VideoLora", "VideoLoras")

__tracebackhide__ = hide_mistakes

_FURTHER: Final = ("default_", "description", "has_")
"""The columns that `add` takes by their own names begin so."""

if TYPE_CHECKING:  # what the row has, the handle has
    _LoraFields = LoraRow
    _VideoLoraFields = VideoLoraRow
else:
    _LoraFields = _VideoLoraFields = object


class Lora(Live, _LoraFields):
    """An image style, live."""

    __slots__ = ()

    _kind = LoraRow

    def __repr__(self) -> str:
        return redacted(f"<Lora {self.id} {self.slug!r}>")

    def json(self) -> dict[str, Any]:
        """Return what GET would answer."""
        return to_wire(self._row)


class VideoLora(Live, _VideoLoraFields):
    """A video style, live."""

    __slots__ = ()

    _kind = VideoLoraRow

    def __repr__(self) -> str:
        return redacted(f"<VideoLora {self.id} {self.slug!r}>")

    def json(self) -> dict[str, Any]:
        """Return what GET would answer."""
        return to_wire(self._row)


L = TypeVar("L", Lora, VideoLora)


class Styles(Collection[L]):
    """The styles that a team can use: the public ones, then its own."""

    __slots__ = ()

    _row_kind: ClassVar[type[Any]]

    def _living(self) -> list[str]:
        with self._world.lock:
            return [row.id for row in visible_styles(self._world, self._row_kind, self._team)]

    def _find(self, record_id: str) -> L | None:
        return self._live(record_id) if record_id in self._living() else None

    def add(self, name: str = "House Style", *, slug: str | None = None, public: bool = False, **told: Any) -> L:
        """Make a style, of this team alone unless it is *public*.

        Args:
            name: Display name.
            slug: Readable id; left out, it is made of the name.
            public: Whether every team has it.
            **told: Further columns, such as ``default_steps``.

        Raises:
            TypeError: On a column that a style does not have.
            AurousError: On a value that a column cannot have.
        """
        check = self._check("add")
        check.text("name", name, "House Style")
        if slug is not None:
            check.text("slug", slug, "house-style")
        check.instance("public", public, bool, "True or False.")
        columns = {one.name: one.default for one in fields(self._row_kind) if one.name.startswith(_FURTHER)}
        check.keywords(told, columns)
        for column, value in told.items():
            if isinstance(columns[column], str):
                check.instance(column, value, str, f"text such as {columns[column]!r}.")
            elif isinstance(columns[column], bool):
                check.instance(column, value, bool, "True or False.")
            else:
                check.number(column, value, 0)
        with self._world.lock:
            row = make(
                self._row_kind,
                self._world.ids.new("lora", "style"),
                name,
                slug=slug,
                is_public=public,
                team="" if public else self._team,
                created_at=iso(self._world.clock.time()),
                **told,
            )
            return self._live(self._world.table(self._row_kind).insert(row).id)


class Loras(Styles[Lora]):
    """The image styles that a team can use."""

    _record = Lora
    _row_kind = LoraRow


class VideoLoras(Styles[VideoLora]):
    """The video styles that a team can use."""

    _record = VideoLora
    _row_kind = VideoLoraRow
