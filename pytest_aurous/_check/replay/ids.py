"""The ids that the fake makes, which are those of the recording."""

from __future__ import annotations

from ..._world.ids import IdSource
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import View


class RecordedIds(IdSource):
    """Makes the id that the recording has for what the next request creates, and any other as always."""

    __slots__ = ("_expected", "_world")

    def __init__(self, world: World) -> None:
        super().__init__(world.state, world.ids._seed)
        self._world = world
        self._expected: dict[str, str] = {}

    def expect(self, view: View, survey: Survey) -> None:
        """Expect the id that the recording has for what this request creates."""
        self._expected.clear()
        prefix = view.makes
        made: object = survey.lost.get(view.index, "")
        if view.succeeded and not view.lost:
            made = view.result.get("upload_id" if prefix == "upl" else "id")
        if prefix and isinstance(made, str) and made and self._world.row(made) is None:
            self._expected[prefix] = made

    def new(self, prefix: str, stream: str = "") -> str:
        expected = self._expected.pop(prefix, "")
        return self.choose(expected, prefix, stream) if expected else super().new(prefix, stream)
