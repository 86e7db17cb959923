"""Pages of lists (list-1 to list-3)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from ...wire import messages as say
from ...wire.fields import Reader, integer
from ...wire.refusal import ApiProblem
from ...world.tables import R, Table
from .schema import text_of

_LIMIT: Final = integer(1, 100)
# Python refuses to convert more than 4,300 digits, and no limit that a client means has as many.
_NUMBER: Final = re.compile(r"-?[0-9]{1,4000}")

PAGE: Final = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "starting_after": text_of("id"),
    "ending_before": text_of("id"),
}
"""Schemas of the query parameters of a list."""
PAGE_ERRORS: Final = ("400 invalid_format", "400 parameter_invalid_combination", "400 value_out_of_range")
"""How a list can refuse its query."""


def page(
    table: Table[R],
    team: str,
    query: Mapping[str, str],
    show: Callable[[R], R | None],
    peek: Callable[[R], bool],
    render: Callable[[R], Any],
) -> dict[str, Any]:
    """Return the body of a list response, with the rows of *team* that *query* asks for.

    *show* polls a row, and returns its new state, or None if it does not match the filter of the request. *peek* says
    whether a row matches, without a poll; it decides ``has_more``. *render* writes a row as JSON.
    """
    limit = limit_of(query.get("limit"))
    living = table.living(team)
    low, high = 0, len(living)
    if "starting_after" in query and "ending_before" in query:
        raise ApiProblem(400, "parameter_invalid_combination", "Send either starting_after or ending_before, not both.")
    # Strictly older, or strictly newer and next to the cursor. Its row may be deleted: its id still has a position.
    if "starting_after" in query:
        high = bisect_left(living, table.order(_cursor(table, team, query, "starting_after")), key=table.order)
    if "ending_before" in query:
        low = bisect_right(living, table.order(_cursor(table, team, query, "ending_before")), key=table.order)
    # From the cursor on. A poll may delete its row, which shifts the newer ids: so upwards, iterate over a copy.
    upwards = "ending_before" in query
    ids = iter(living[low:high]) if upwards else map(living.__getitem__, range(high - 1, low - 1, -1))
    rows = map(table.rows.__getitem__, ids)
    data = list(islice(filter(None, map(show, rows)), limit))
    more = any(map(peek, rows))
    if upwards:
        data.reverse()
    return {
        "object": "list",
        "data": [render(row) for row in data],
        "has_more": more,
        "next_cursor": data[-1].id if more else None,
    }


def limit_of(sent: str | None, default: int = 20, reader: Reader = _LIMIT) -> int:
    """Return the maximum number of rows on a page (list-2, list-3)."""
    if sent is None:
        return default
    if not _NUMBER.fullmatch(sent):
        raise ApiProblem(400, "invalid_format", f"limit must be a whole number, not {sent!r}.", "limit")
    return int(reader(int(sent), "limit"))


def _cursor(table: Table[R], team: str, query: Mapping[str, str], param: str) -> str:
    row = table.find(query[param], team)
    if row is None:
        raise ApiProblem(400, "invalid_format", say.UNKNOWN_CURSOR.format(param=param, got=query[param]), param)
    return row.id
