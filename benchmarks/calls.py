"""Rows that are counted: one GET, the publish flow, and what grows with the records of a fake."""

from __future__ import annotations

from collections.abc import Iterator

from counting import UNIT, counted, each
from timing import Result

__all__ = ("measure",)


def measure() -> Iterator[Result]:
    """Measure in the order of the table."""
    get, static_route = each("aurous", 10, 60), each("static_route", 10, 60)
    yield counted("one GET, over a static route of respx", get / static_route, 1.0)
    yield counted("one GET, over httpx.MockTransport", get / each("mock_transport", 10, 60), 1.4)
    yield counted(
        "one GET of a record not asked for before, over respx", each("other_records", 10, 60) / static_route, 1.03
    )
    yield counted("one GET while traced, over one GET", each("traced", 10, 60) / get, 1.3)
    flow = each("publish", 10, 60) / each("static_publish", 10, 60)
    yield counted("the publish flow, over static routes of respx", flow, 1.1)
    few, many = each("filtered", 2, 12, 50), each("filtered", 2, 12, 250)
    yield counted("a page filtered by a status without records, per row", (many - few) / 200_000, 2.6, f"k {UNIT}")
    yield counted("characters.last, of 10,000", each("last", 10, 110) / 1e6, 0.025, f"M {UNIT}")
