"""The rate buckets of a recording: each has as many tokens as its responses show."""

from __future__ import annotations

from collections import Counter
from email.utils import parsedate_to_datetime
from math import inf
from typing import Final

from ..._resources.base.endpoint import Endpoint
from ..._world.buckets import BUCKETS
from ..._world.world import World
from ..recording.survey import Survey
from ..recording.view import NOT_LET_IN, View
from .replayed import Replayed
from .teams import Teams

_LIMIT: Final = "x-ratelimit-limit"
_REMAINING: Final = "x-ratelimit-remaining"
_RESET: Final = "x-ratelimit-reset"
_COUNTS: Final = frozenset({f"header.{_REMAINING}", f"header.{_RESET}"})
_CREATE: Final = ("characters_post", "characters_synthesize")
"""The buckets of an operation that has two: without and with a synthesis."""
_DIGITS: Final = 12
_CLOSE: Final = 3.0
"""Seconds by which the time may differ at which a bucket is full."""
_ROUNDED: Final = 0.5
"""Tokens that rounding hides."""
_ENOUGH: Final = 6
"""So many requests have to take the same number of tokens, if it is not one; other clients take them irregularly."""


class Rates:
    """Compares the buckets of the fake with those of the recording.

    Other clients may have taken tokens, and requests that are sent at the same time take them in any order: the buckets
    follow what the responses show. They do not once all requests that follow each other soon take the same number of
    tokens, and that is not one.
    """

    def __init__(self, world: World, survey: Survey, teams: Teams) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self._known: set[tuple[str, str]] = set()
        self._left: dict[tuple[str, str], tuple[float, int]] = {}
        self._steps: dict[tuple[str, str], Counter[int]] = {}

    def fill(self, done: Replayed) -> None:
        """Compare the bucket that a response shows, and let that of the fake follow it."""
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
        bucket = self._teams.of(view), name
        free = view.exchange.status in NOT_LET_IN
        if not free:
            self._count_step(bucket, left)
        if not self._costs_otherwise(bucket):
            self._compare(done, bucket, min(float(capacity), tokens + (not free)))

    def _compare(self, done: Replayed, bucket: tuple[str, str], tokens: float) -> None:
        """Compare the tokens before a request, and go on from those that it shows."""
        off = tokens - self._world.buckets.get(*bucket, self._world.clock.time()).tokens
        if bucket in self._known and off < -1:
            done.inferred.append(f"requests that are not in the recording took tokens of {bucket[1]}")
        if bucket not in self._known or abs(off) > _ROUNDED:
            self._world.buckets.fill(*bucket, tokens, self._world.clock.time())
            done.ignored |= _COUNTS
        self._known.add(bucket)

    def _count_step(self, bucket: tuple[str, str], left: int) -> None:
        """Count how many tokens a request took, if it followed another one soon."""
        now = self._world.clock.time()
        at, before = self._left.get(bucket, (-inf, 0))
        self._left[bucket] = now, left
        if (now - at) * BUCKETS[bucket[1]][1] / 60 < _ROUNDED:  # not half a token has come back
            self._steps.setdefault(bucket, Counter())[before - left] += 1

    def _costs_otherwise(self, bucket: tuple[str, str]) -> bool:
        """Whether all requests that followed each other soon took the same number of tokens, and not one."""
        steps = self._steps.get(bucket, Counter[int]())
        return len(steps) == 1 and 1 not in steps and steps.total() >= _ENOUGH

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
