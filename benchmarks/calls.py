"""Rows that are counted: one GET, the publish flow, assertions, `check`, and what grows with the records of a fake."""

from __future__ import annotations

from collections.abc import Iterator

from counting import UNIT, counted, each
from timing import Result

__all__ = ("measure",)


def measure() -> Iterator[Result]:
    """Measure in the order of the table."""
    read, read_static = each("read_aurous", 10, 60), each("read_static_route", 10, 60)
    yield counted("one GET, over a static route of respx", read / read_static, 1.01)
    yield counted("one GET, over httpx.MockTransport", read / each("read_mock_transport", 10, 60), 1.4)
    others = each("other_records", 10, 60) / read_static
    yield counted("one GET of a record not asked for before, over respx", others, 1.04)
    get = each("aurous", 10, 60)
    yield counted("one GET, over ready bytes from respx", get / each("static_route", 10, 60), 0.93)
    yield counted("one GET, over ready bytes from httpx.MockTransport", get / each("mock_transport", 10, 60), None)
    yield counted("one GET while traced, over one GET", each("traced", 10, 60) / get, 1.3)
    flow = each("publish", 10, 60) / each("static_publish", 10, 60)
    yield counted("the publish flow, over static routes of respx", flow, 1.06)
    yield counted("assert_called, of 1,000 calls", each("asserted", 2, 12) / 1e6, 12, f"M {UNIT}")
    exchange = (each("checked", 2, 12) - each("recorded", 2, 12)) / 5
    yield counted("check, one exchange of the publish flow", exchange / 1e6, 3.9, f"M {UNIT}")
    few, many = each("filtered", 2, 12, 50), each("filtered", 2, 12, 250)
    yield counted("a page filtered by a status without records, per row", (many - few) / 200_000, 2.6, f"k {UNIT}")
    yield counted("characters.last, of 10,000", each("last", 10, 110) / 1e6, 0.025, f"M {UNIT}")
