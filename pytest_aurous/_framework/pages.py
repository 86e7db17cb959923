"""Lists: the query of a list call, and one page of it (list-1 to list-3)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any, Final

from .._wire import messages as say
from .._wire.refusal import ApiProblem
from .._world.tables import R, Table, order
from .fields import Reader, integer

__all__ = ("PAGE", "limit_of", "page")

_LIMIT: Final = integer(1, 100)
_NUMBER: Final = re.compile(r"-?[0-9]{1,4000}")


PAGE: Final = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "starting_after": {"type": "string"},
    "ending_before": {"type": "string"},
}
"""The query of a list."""


def page(
    table: Table[R],
    team: str,
    query: Mapping[str, str],
    show: Callable[[R], R | None],
    peek: Callable[[R], bool],
    render: Callable[[R], Any],
) -> dict[str, Any]:
    """Answer a list call.

    Args:
        table: The rows.
        team: Whose.
        query: ``limit``, ``starting_after`` and ``ending_before`` as sent.
        show: Looks at a row on its way to the page; returns the row as found, or None where the page does not hold it.
        peek: Whether the page would hold a row, without looking: decides ``has_more``.
        render: Writes a row.
    """
    limit = limit_of(query.get("limit"))
    living = table.living(team)
    low, high = 0, len(living)
    if "starting_after" in query and "ending_before" in query:
        raise ApiProblem(400, "parameter_invalid_combination", say.TWO_CURSORS)
    if "starting_after" in query:  # strictly older; a cursor whose row was deleted still tells where it stood
        high = bisect_left(living, order(_cursor(table, team, query, "starting_after")), key=order)
    if "ending_before" in query:  # strictly newer, and next to it
        low = bisect_right(living, order(_cursor(table, team, query, "ending_before")), key=order)
    # From the cursor on. A look may delete its row, and move what is above it: upwards we go through a copy.
    upwards = "ending_before" in query
    ids = iter(living[low:high]) if upwards else (living[at] for at in range(high - 1, low - 1, -1))
    data: list[R] = []
    while len(data) < limit and (one := next(ids, None)) is not None:
        row = show(table[one])
        if row is not None:
            data.append(row)
    more = any(peek(table[one]) for one in ids)
    if upwards:
        data.reverse()
    return {
        "object": "list",
        "data": [render(row) for row in data],
        "has_more": more,
        "next_cursor": data[-1].id if more else None,
    }


def limit_of(sent: str | None, default: int = 20, reader: Reader = _LIMIT) -> int:
    """Return how many rows a page may hold (list-2, list-3)."""
    if sent is None:
        return default
    if not _NUMBER.fullmatch(sent):
        raise ApiProblem(400, "invalid_format", say.LIMIT_NOT_A_NUMBER.format(got=sent), "limit")
    return int(reader(int(sent), "limit"))


def _cursor(table: Table[R], team: str, query: Mapping[str, str], param: str) -> str:
    row = table.find(query[param], team)
    if row is None:
        raise ApiProblem(400, "invalid_format", say.UNKNOWN_CURSOR.format(param=param, got=query[param]), param)
    return row.id
