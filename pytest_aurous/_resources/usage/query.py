"""The query of the usage endpoints: filters, a range of time, and page tokens."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final
from urllib.parse import parse_qsl
from zlib import crc32

from ..._framework.endpoint import Context
from ..._time.clock import parse_instant
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, missing_field
from ...errors import AurousError
from .shapes import LISTS

_LOOKBACK: Final = 730 * 86_400
_TOKEN_LIFE: Final = 86_400.0


def query_of(ctx: Context) -> dict[str, str]:
    """Return the query parameters; the values of a list are joined by commas, under its name or with ``[]`` behind."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(ctx.call.query, keep_blank_values=True):
        plain = name.removesuffix("[]")
        found.setdefault(plain if plain in LISTS else name, []).append(value)
    return {name: ",".join(values) if name in LISTS else values[-1] for name, values in found.items()}


def range_of(query: dict[str, str], now: float) -> tuple[float, float]:
    """Return the start and the end of the range, in epoch seconds.

    Raises:
        ApiProblem: 400 for a range that is missing, invalid or too long ago.
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
        return parse_instant(query[name].replace(" ", "+")).timestamp()  # an unquoted plus decodes as a space
    except AurousError:
        message = say.WRONG_TYPE.format(param=name, expected="an RFC 3339 instant", got=repr(query[name]))
        raise ApiProblem(400, "invalid_format", message, name) from None


def page_token(ctx: Context, query: dict[str, str], last: int, now: float) -> str:
    """Return the token of the page after the bucket that starts at *last*; it contains the whole query."""
    token = {
        "v": 1,
        "qf": crc32(json.dumps(query, sort_keys=True).encode()),
        "b": last,
        "x": now + _TOKEN_LIFE,
        "t": ctx.team,
        "q": query,
    }
    return urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode()


def read_token(ctx: Context, token: str, now: float) -> tuple[dict[str, str], int]:
    """Return the query and the last bucket of a page token.

    Raises:
        ApiProblem: 400 for an invalid token, another team's, or an expired one.
    """
    try:
        fields: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        team, expiry, last = fields["t"], float(fields["x"]), int(fields["b"])
        query = {name: value + "" for name, value in fields["q"].items()}  # + "" raises unless it is text
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token") from None
    if team != ctx.team:
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token")
    if not expiry > now:
        raise ApiProblem(400, "invalid_page_token", say.EXPIRED_PAGE, "page_token")
    return query, last
