"""The rate buckets of a recording: each has as many tokens as its responses show."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

from ..._framework.endpoint import Endpoint
from ..._world.buckets import BUCKETS
from ..._world.world import World
from ..survey import Survey
from ..view import View
from .replayed import Replayed
from .teams import Teams

_LIMIT: Final = "x-ratelimit-limit"
_REMAINING: Final = "x-ratelimit-remaining"
_RESET: Final = "x-ratelimit-reset"
_COUNTS: Final = frozenset({f"header.{_REMAINING}", f"header.{_RESET}"})
_FREE: Final = (401, 403, 429)
"""The statuses of requests that cost no token."""
_CREATE: Final = ("characters_post", "characters_synthesize")
"""The buckets of an operation that has two: without and with a synthesis."""
_DIGITS: Final = 12
_CLOSE: Final = 3.0
"""Seconds by which the time may differ at which a bucket is full."""
_UNDER_WAY: Final = 1.0
"""Seconds in which a request may overtake another."""


class Rates:
    """Compares the buckets of the fake with those of the recording.

    Other clients may have taken tokens, and requests that are sent at the same time take them in any order.
    """

    def __init__(self, world: World, survey: Survey, teams: Teams) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self._known: set[tuple[str, str]] = set()
        self._fewer: dict[tuple[str, str], float] = {}
        self._sent: dict[tuple[str, str], list[float]] = {}

    def fill(self, done: Replayed) -> None:
        """Set the tokens of a bucket to those of its first response, and to those of one that still shows fewer."""
        view, received = done.view, done.view.exchange.received
        if view.row is None or view.row.signed or _REMAINING not in received:
            done.ignored |= {*_COUNTS, f"header.{_LIMIT}"}
            return
        left, limit, reset = (_number(received.get(name)) for name in (_REMAINING, _LIMIT, _RESET))
        if left is None:
            return
        if limit is None or not self._survey.timed:
            done.ignored |= _COUNTS
            return
        name = _bucket(view, view.row)
        capacity, per_minute = BUCKETS[name]
        if limit != capacity:
            done.ignored |= {*_COUNTS, f"header.{_LIMIT}"}
            done.inferred.append(f"the limit of {name} is {limit}, not {capacity}")
            return
        tokens = float(left)
        if reset is not None:
            missing = (reset - _vendors_time(view)) * per_minute / 60
            if abs(capacity - left - 0.5 - missing) <= 0.5 + _CLOSE * per_minute / 60:
                done.ignored.add(f"header.{_RESET}")  # it fits what remains
            tokens = min(max(tokens, capacity - missing), left + 0.999)  # it tells the fraction of a token
        cost = 0 if view.exchange.status in _FREE else 1
        self._compare(done, (self._teams.of(view), name), min(float(capacity), tokens + cost))

    def _compare(self, done: Replayed, bucket: tuple[str, str], tokens: float) -> None:
        """Compare the tokens before a request."""
        now = self._world.clock.time()
        expected = self._world.buckets.get(*bucket, now).tokens
        under_way = [at for at in self._sent.get(bucket, ()) if at > now - _UNDER_WAY]
        self._sent[bucket] = [*under_way, now]
        fewer = bucket in self._known and tokens < expected - 1
        since = self._fewer.setdefault(bucket, now) if fewer else self._fewer.pop(bucket, now)
        if fewer:
            done.inferred.append(f"requests that are not in the recording took tokens of {bucket[1]}")
        if bucket not in self._known or (fewer and now > since + _UNDER_WAY):
            self._world.buckets.fill(*bucket, tokens, now)
            self._fewer.pop(bucket, None)
            done.ignored |= _COUNTS
        elif fewer or 1 < tokens - expected <= 1 + len(under_way):
            done.ignored |= _COUNTS
        self._known.add(bucket)

    def forget(self, view: View) -> None:
        """Whether a request without a usable response cost a token, only the next response shows."""
        if view.row is not None:
            names = _CREATE if callable(view.row.bucket) else (view.row.bucket,)
            self._known -= {(self._teams.of(view), name) for name in names}


def _bucket(view: View, row: Endpoint) -> str:
    """Return the name of the bucket that a request takes its token from."""
    return _CREATE[view.synthesizes] if callable(row.bucket) else row.bucket


def _vendors_time(view: View) -> float:
    """Return when a response was sent, by the vendor's clock if it shows it."""
    try:
        return parsedate_to_datetime(view.exchange.received["date"]).timestamp()
    except (KeyError, ValueError):
        return view.at


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < _DIGITS else None
