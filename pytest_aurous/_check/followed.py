"""The places of a response where the fake follows an observed difference, and no rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..faults.observed import Observation
from .replay import Replayed


def followed_places(done: Replayed, rows: Iterable[Observation]) -> set[str]:
    """Return the places of a response that *rows*, the observed differences, change."""
    return {place for row in rows if row["operation"] == done.view.operation for place in _places(done, row)}


def _places(done: Replayed, row: Observation) -> Iterator[str]:
    if row["what"] != "refusal":
        yield row["where"]
    elif done.reply is not None and done.reply.status == row["status"] and row["of"].endswith(f" {done.code}"):
        yield from ("status", "error.code")
