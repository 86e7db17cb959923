"""`aurous.embeddings`: the vectors that the fake returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final, cast

from ...base.arguments import Check, Public
from ...base.errors import hide_mistakes
from ...world.world import World
from .row import vectors

__tracebackhide__ = hide_mistakes

PAGE: Final = "reference/chat.html"


class Embeddings(Public):
    """`aurous.embeddings`: the vectors of texts."""

    __slots__ = ("_world",)

    _page = PAGE

    def __init__(self, world: World) -> None:
        self._world = world

    def __repr__(self) -> str:
        return f"<Embeddings: {len(vectors(self._world))} vectors set>"

    def vectors(self, vectors_by_text: Mapping[str, Sequence[float]]) -> None:
        """Set the vectors of some texts; other texts have seeded unit vectors of the same length.

        Args:
            vectors_by_text: A vector for each text.

        Raises:
            AurousError: If it is not a mapping from texts to numbers, or if the vectors differ in length.

        Example:
            ``aurous.embeddings.vectors({"black hair": [0.6, 0.8]})``
        """
        check = Check("embeddings.vectors", PAGE)
        expected = "a mapping from texts to vectors, such as {'black hair': [0.6, 0.8]}."
        check.instance("vectors_by_text", vectors_by_text, Mapping, expected)
        read: dict[str, tuple[float, ...]] = {}
        for text, vector in vectors_by_text.items():
            values: list[Any] = list(cast("Any", vector)) if hasattr(vector, "__iter__") else []
            good = all(isinstance(value, int | float) or hasattr(value, "__float__") for value in values)
            if not isinstance(cast("object", text), str) or not values or not good:
                raise check.refuse("vectors_by_text", vectors_by_text, expected)
            read[text] = tuple(map(float, values))
            if not all(map(isfinite, read[text])):
                raise check.refuse("vectors_by_text", vectors_by_text, expected)
        with self._world.lock:
            found = vectors(self._world)
            lengths = {len(vector) for vector in (*found.values(), *read.values())}
            if len(lengths) > 1:
                raise check.refuse("vectors_by_text", vectors_by_text, f"vectors of one length, not {sorted(lengths)}.")
            for text, numbers in read.items():
                found[text] = numbers
