"""The places of a response where the fake follows an observed difference, and no rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .._wire.data import as_list, as_object
from ..faults.observed import Observation
from .replay import Replayed


def followed_places(done: Replayed, rows: Iterable[Observation]) -> set[str]:
    """Return the places of a response that *rows*, the observed differences, change."""
    return {place for row in rows if row["operation"] == done.view.operation for place in _places(done, row)}


def _places(done: Replayed, row: Observation) -> Iterator[str]:
    if row["what"] != "refusal":
        yield from _inside(row["where"], row.get("value"))
    elif done.reply is not None and done.reply.status == row["status"] and row["of"].endswith(f" {done.code}"):
        yield from ("status", "error.code")


def _inside(where: str, value: Any) -> Iterator[str]:
    """Yield a place, and those inside of its value."""
    yield where
    for name, item in as_object(value).items():
        yield from _inside(f"{where}.{name}", item)
    for item in as_list(value):
        yield from _inside(f"{where}[]", item)
