"""The pace of probes, as the rate headers of the responses allow: the only place that reads their clock, and waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from ..._core.wire.exchange import Exchange

_PATIENCE: Final = 60.0
"""Nobody waits longer than this for a token."""
_RESERVE: Final = 10
"""A tenth of each bucket is left to the other clients of the team."""
_EPOCH: Final = 10**9
"""A smaller number of seconds is a span, and no instant."""


class Stopped(Exception):  # noqa: N818 - it names what happened
    """No other request follows; the message says why."""


class Pace:
    """Waits before a request while its bucket is nearly empty; *notice* is told for how many seconds."""

    def __init__(self, notice: Callable[[float], object]) -> None:
        self._notice = notice
        self._next: dict[str, float] = {}

    def wait(self, bucket: str) -> float:
        """Wait until *bucket* has a token, and return the time in epoch seconds.

        Raises:
            Stopped: If that takes more than a minute.
        """
        seconds = self._next.get(bucket, 0.0) - time.time()
        if seconds > _PATIENCE:
            raise Stopped(f"the API limits this team for another {seconds:.0f} s")
        if seconds > 0:
            self._notice(seconds)
            time.sleep(seconds)
        return time.time()

    def learn(self, bucket: str, sent: Exchange) -> None:
        """Learn from a response when the next request may be sent."""
        numbers = {name: int(text) for name, text in sent.received.items() if text.isascii() and text.isdecimal()}
        left, limit, reset = (numbers.get(f"x-ratelimit-{name}") for name in ("remaining", "limit", "reset"))
        now = time.time()
        theirs = now if sent.dated is None else sent.dated  # this machine's clock may be wrong
        full = 0.0 if reset is None else reset - theirs if reset > _EPOCH else reset
        if sent.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._next[bucket] = now + (numbers.get("retry-after") or max(full, 1.0))
        elif left is not None and limit is not None and left * _RESERVE < limit:
            self._next[bucket] = now + max(full, 0.0) / (limit - left)
