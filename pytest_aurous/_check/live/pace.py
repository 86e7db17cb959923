"""The pace of probes, as the rate headers of the responses allow: the only place that reads their clock, and waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

_PATIENCE: Final = 60.0
"""Nobody waits longer than this for a token."""
_RESERVE: Final = 10
"""A tenth of each bucket is left to the other clients of the team."""
_EPOCH: Final = 10**9
"""A smaller number of seconds is a span, and no instant."""
_OFF: Final = 1.0
"""A clock of this machine that is wrong by more than this is corrected."""


class Limited(Exception):  # noqa: N818 - it names what happened
    """The next token comes too late: after *seconds*."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pace:
    """Waits before a request while its bucket is nearly empty.

    Attributes:
        skew: How many seconds the clock of the API is ahead of the clock of this machine.
    """

    def __init__(self, notice: Callable[[float], object]) -> None:
        self.skew: float = 0.0
        self._notice = notice
        self._next: dict[str, float] = {}

    def now(self) -> float:
        """Return the instant on the clock of the API, in epoch seconds."""
        return time.time() + self.skew

    def wait(self, bucket: str) -> None:
        """Wait until *bucket* has a token.

        Raises:
            Limited: If that takes more than a minute.
        """
        seconds = self._next.get(bucket, 0.0) - self.now()
        if seconds > _PATIENCE:
            raise Limited(seconds)
        if seconds > 0:
            self._notice(seconds)
            time.sleep(seconds)

    def learn(self, bucket: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Learn from a response when the next request may be sent."""
        left, limit, reset, after = (
            _number(headers.get(name))
            for name in ("x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset", "retry-after")
        )
        now = self.now()
        full = 0.0 if reset is None else reset - now if reset > _EPOCH else reset
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._next[bucket] = now + (after or max(full, 1.0))
        elif left is not None and limit is not None and left * _RESERVE < limit:
            self._next[bucket] = now + max(full, 0.0) / (limit - left)

    def set_clock(self, before: float, headers: Mapping[str, str]) -> None:
        """Go by the clock of the API, which *headers* show; the request was sent at *before*."""
        try:
            instant = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError):
            return
        ahead = instant + 0.5 - (before + time.time()) / 2
        self.skew = ahead if abs(ahead) > _OFF else 0.0


def _number(text: str | None) -> float | None:
    """Return the value of a header as a number; None for anything else."""
    return float(text) if text is not None and text.isascii() and text.isdecimal() else None
