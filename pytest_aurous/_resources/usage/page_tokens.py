"""Page tokens of usage: they hold the query, so that the next page needs nothing else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final
from zlib import crc32

from ..._framework.endpoint import Context
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem

__all__ = ("page_token", "read_token")

_TOKEN_LIFE: Final = 86_400.0


def page_token(ctx: Context, query: dict[str, str], last: int, now: float) -> str:
    """Return the token that leads from the bucket *last* to those before it."""
    told = {
        "v": 1,
        "qf": crc32(json.dumps(query, sort_keys=True).encode()),
        "b": last,
        "x": now + _TOKEN_LIFE,
        "t": ctx.team,
        "q": query,
    }
    return urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode()


def read_token(ctx: Context, token: str, now: float) -> dict[str, Any]:
    """Return the query and the last bucket that a token stands for.

    Raises:
        ApiProblem: 400, if it is none, another team's, or too old.
    """
    try:
        told: dict[str, Any] = json.loads(urlsafe_b64decode(token))
        team, dies = told["t"], float(told["x"])
        told = {
            "b": int(told["b"]),
            "q": {name: value + "" for name, value in told["q"].items()},
        }  # + "": of text alone
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token") from None
    if team != ctx.team:
        raise ApiProblem(400, "invalid_page_token", say.FOREIGN_PAGE, "page_token")
    if not dies > now:
        raise ApiProblem(400, "invalid_page_token", say.EXPIRED_PAGE, "page_token")
    return told
