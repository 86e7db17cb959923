"""Live styles, and the collections that tests add styles to."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..._framework.live import Collection, Live
from ..._framework.schema import to_wire
from ..._time.clock import iso
from ...errors import hide_mistakes
from .record import LoraRow, VideoLoraRow, make, visible_styles

__tracebackhide__ = hide_mistakes

_OPTIONAL: Final = ("default_", "description", "has_")
"""Prefixes of the columns that `add` accepts as keyword arguments."""

if TYPE_CHECKING:  # type checkers find the attributes of the row
    _LoraFields = LoraRow
    _VideoLoraFields = VideoLoraRow
else:
    _LoraFields = _VideoLoraFields = object


class _Style(Live):
    __slots__ = ()

    _prefix = "lora"
    _stream = "style"
    _summary = "{0.slug!r}"

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return to_wire(self._row)


class Lora(_Style, _LoraFields):
    """A live image style."""

    __slots__ = ()

    _kind = LoraRow


class VideoLora(_Style, _VideoLoraFields):
    """A live video style."""

    __slots__ = ()

    _kind = VideoLoraRow


L = TypeVar("L", Lora, VideoLora)


class Styles(Collection[L]):
    """The styles that a team can use: the public ones, then its own."""

    __slots__ = ()

    def _living(self) -> list[str]:
        with self._world.lock:
            return [row.id for row in visible_styles(self._world, self._record._kind, self._team)]

    def _find(self, record_id: str) -> L | None:
        return self._live(record_id) if record_id in self._living() else None

    def add(
        self,
        name: str = "House Style",
        *,
        slug: str | None = None,
        public: bool = False,
        id: str | None = None,  # noqa: A002 - the vendor's word
        **columns: Any,
    ) -> L:
        """Add a style, for this team alone unless it is *public*.

        Args:
            name: Display name.
            slug: Readable id; by default it is made from the name.
            public: Whether every team can use it.
            id: Its id, such as one of the vendor's pages; drawn by default.
            **columns: More columns, such as ``default_steps``.

        Raises:
            TypeError: For a column that a style does not have.
            AurousError: For an invalid value, or an id that is taken.
        """
        check = self._check("add")
        check.text("name", name, "House Style")
        if slug is not None:
            check.text("slug", slug, "house-style")
        check.instance("public", public, bool, "True or False.")
        kind = self._record._kind
        defaults = {field.name: field.default for field in fields(kind) if field.name.startswith(_OPTIONAL)}
        check.keywords(columns, defaults)
        for column, value in columns.items():
            if isinstance(defaults[column], str):
                check.instance(column, value, str, f"text such as {defaults[column]!r}.")
            elif isinstance(defaults[column], bool):
                check.instance(column, value, bool, "True or False.")
            else:
                check.number(column, value, 0)
        with self._world.lock:
            row = make(
                kind,
                self._new_id(id),
                name,
                slug,
                is_public=public,
                team="" if public else self._team,
                created_at=iso(self._world.clock.time()),
                **columns,
            )
            return self._live(self._world.table(kind).insert(row).id)


class Loras(Styles[Lora]):
    """The image styles that a team can use."""

    _record = Lora


class VideoLoras(Styles[VideoLora]):
    """The video styles that a team can use."""

    _record = VideoLora
