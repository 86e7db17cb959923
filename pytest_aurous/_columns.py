"""The columns of a record: what of it is on the wire, what a test sees, and the writer of both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field, fields
from functools import lru_cache
from typing import Any, cast

__all__ = ("column", "to_wire", "visible")


def column(
    write: Callable[[Any], Any] | None = None,
    *,
    hidden: bool = False,
    told: bool = False,
    sparse: bool = False,
    schema: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Declare how a record's field looks on the wire.

    Args:
        write: Turns the value into JSON; None where it is JSON already.
        hidden: The field never leaves the fake.
        told: A live record shows it to the test even if it is hidden.
        sparse: The field is left out where it is None.
        schema: What it looks like, where its type does not say so.
        **options: For `dataclasses.field`.
    """
    metadata = {"write": write, "hidden": hidden, "told": told, "sparse": sparse, "schema": schema}
    return field(metadata=metadata, **options)


@lru_cache(maxsize=64)
def _columns(kind: Hashable) -> tuple[tuple[str, Callable[[Any], Any] | None, bool], ...]:
    return tuple(
        (entry.name, entry.metadata.get("write"), entry.metadata.get("sparse", False))
        for entry in fields(cast("type[Any]", kind))
        if not entry.metadata.get("hidden")
    )


@lru_cache(maxsize=64)
def visible(kind: Hashable) -> tuple[str, ...]:
    """Return the names of a record's fields that a live record shows."""
    return tuple(
        entry.name
        for entry in fields(cast("type[Any]", kind))
        if entry.metadata.get("told") or not entry.metadata.get("hidden")
    )


def to_wire(row: Any) -> dict[str, Any]:
    """Write a record as the API shows it, field by field in the order of its declaration."""
    out: dict[str, Any] = {}
    for name, write, sparse in _columns(cast("Hashable", type(row))):
        value = getattr(row, name)
        if sparse and value is None:
            continue
        out[name] = value if write is None else write(value)
    return out
