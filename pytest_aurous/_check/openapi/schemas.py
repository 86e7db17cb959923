"""What a schema of an OpenAPI document is made of, with its references and compositions resolved."""

from __future__ import annotations

import json
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Any, Final

from ..._base.errors import AurousError, see, shown
from ..._wire.data import as_list, as_object
from .document import Document

_MOST_STEPS: Final = 50_000
"""Refuse a document whose schemas contain each other in more ways than this; the fake's document has 4,000."""
_VALUES: Final = 10
"""This many values of an enum take as long as a schema."""


class Schemas:
    """The schemas of one document.

    Attributes:
        document: The document.
        unread: References that lead out of it, or nowhere.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.unread: list[str] = []
        self._steps = 0

    def follow(self, part: Any) -> dict[str, Any]:
        """Return a part that is no schema, or what it refers to; empty where that cannot be read."""
        seen: dict[str, None] = {}
        found = as_object(part)
        while isinstance(found.get("$ref"), str):
            found = self._target(found["$ref"], seen)
        return found

    def parts(self, schema: Any, seen: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return a schema and all that it refers to and is composed of, each without what it is composed of."""
        here, path = as_object(schema), dict.fromkeys(seen)
        self._step(1 + len(as_list(here.get("enum"))) // _VALUES)
        found: list[dict[str, Any]] = []
        if isinstance(here.get("$ref"), str):
            found += self.parts(self._target(here["$ref"], path), path)
            if self.document.old:  # there, what is beside a reference does not count
                return found
        found.insert(0, here)
        for name in ("allOf", "oneOf", "anyOf"):
            for one in as_list(here.get(name)):
                found += self.parts(one, path)
        return found

    def _step(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise too_many(self.document.name)

    def _target(self, reference: str, seen: dict[str, None]) -> dict[str, Any]:
        """Return what a reference leads to, and add it to those *seen* on the way."""
        self._step(1)
        if reference in seen:
            return self._leave(f"{shown(reference)} leads back to itself")
        seen[reference] = None
        if not reference.startswith("#"):
            return self._leave(f"{shown(reference)} is in another file, which is not read")
        found = self.document.at(reference)
        if not isinstance(found, dict):
            return {} if isinstance(found, bool) else self._leave(f"{shown(reference)} leads nowhere")
        return as_object(found)

    def _leave(self, note: str) -> dict[str, Any]:
        if note not in self.unread:
            self.unread.append(note)
        return {}


def values_of(parts: list[dict[str, Any]]) -> AbstractSet[str] | None:
    """Return the values that schemas allow, as JSON; None if a schema lists none."""
    listed = [as_list(part.get("enum")) if "const" not in part else [part["const"]] for part in parts]
    found = frozenset(json.dumps(one) for values in listed for one in values if one is not None)
    return found or None


def too_many(name: str) -> AurousError:
    """Return the error for a document whose schemas cannot be resolved in reasonable time."""
    text = f"check --spec {name}: its schemas contain each other too often, or too deeply, or have too many values."
    return AurousError(f"{text}\n{see('reference/check.html#documents')}")
