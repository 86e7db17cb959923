"""The query of the usage calls: filters, and a range of time."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from ..._framework.endpoint import Context
from ..._time.clock import parse_instant
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, missing_field
from ...errors import AurousError
from .shapes import FILTERS

__all__ = ("query_of", "range_of")

_LOOKBACK: Final = 730 * 86_400


def query_of(ctx: Context) -> dict[str, str]:
    """Return the query; a filter that was sent twice is a list."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(ctx.call.query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) if name in FILTERS else values[-1] for name, values in found.items()}


def range_of(query: dict[str, str], now: float) -> tuple[float, float]:
    """Return where the range begins and ends, in epoch seconds.

    Raises:
        ApiProblem: 400, if it is not said, is none, or goes too far back.
    """
    if "start_time" not in query:
        raise missing_field("start_time")
    start, end = _instant(query, "start_time", now), _instant(query, "end_time", now + 1)
    if end <= start or now - start > _LOOKBACK:
        raise ApiProblem(400, "value_out_of_range", say.BAD_RANGE, "start_time")
    return start, end


def _instant(query: dict[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        return parse_instant(query[name].replace(" ", "+")).timestamp()  # a plus that nobody has quoted
    except AurousError:
        message = say.WRONG_TYPE.format(param=name, expected="an RFC 3339 instant", got=repr(query[name]))
        raise ApiProblem(400, "invalid_format", message, name) from None
