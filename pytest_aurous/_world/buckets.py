"""Rate limits: token buckets per team, refilled continuously on the fake's clock."""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from .._wire import messages as say
from .._wire.refusal import ApiProblem
from .._wire.reply import Pairs
from .state import Section, State

BUCKETS: Final = {
    "characters_get": (240, 120),
    "characters_post": (60, 30),
    "characters_synthesize": (12, 6),
    "images_post": (120, 60),
    "videos_post": (120, 60),
    "estimate_post": (240, 120),
    "files_post": (60, 30),
    "webhooks_post": (10, 10),
    "webhooks_test": (30, 30),
    "reads": (1200, 600),
}
"""The burst of each bucket, which is its capacity, and its refill per minute."""

_GRAIN: Final = 1e-6


class Bucket(NamedTuple):
    """The tokens of one team for one kind of request.

    Attributes:
        capacity: How many tokens it holds.
        rate: How many it gains per second.
        level: How many it held at the instant *since*.
        since: An instant, in epoch seconds.
        overruns: How many requests found it empty.
    """

    capacity: int
    rate: float
    level: float
    since: float
    overruns: int = 0

    def tokens(self, now: float) -> float:
        """Return the tokens at *now*."""
        return min(float(self.capacity), self.level + max(0.0, now - self.since) * self.rate)

    def left(self, now: float) -> int:
        """Return how many requests it pays for at *now*."""
        return int(self.tokens(now) + _GRAIN)

    def wait(self, now: float) -> int:
        """Return the whole seconds until there is a token, at least 1: the value of ``Retry-After``."""
        return max(1, ceil((1 - self.tokens(now)) / self.rate - _GRAIN))

    def headers(self, now: float) -> Pairs:
        """Return the headers of a response (rate-1)."""
        tokens = self.tokens(now)
        full = ceil(now + (self.capacity - tokens) / self.rate - _GRAIN)
        return (
            ("X-RateLimit-Limit", str(self.capacity)),
            ("X-RateLimit-Remaining", str(int(tokens + _GRAIN))),
            ("X-RateLimit-Reset", str(full)),
        )


class Buckets:
    """The buckets of all teams. Its callers hold the fake's lock, so each count is atomic (rate-3).

    Args:
        state: The fake's state.
        enforce: Whether an empty bucket refuses requests; otherwise it only counts overruns.
    """

    __slots__ = ("_buckets", "_enforce")

    def __init__(self, state: State, *, enforce: bool) -> None:
        self._enforce = enforce
        self._buckets: Section[tuple[str, str], Bucket] = state.section("buckets")

    def get(self, team: str, name: str, now: float) -> Bucket:
        """Return a bucket of *team*; one that was never used is full."""
        bucket = self._buckets.get((team, name))
        if bucket is None:
            capacity, per_minute = BUCKETS[name]
            bucket = Bucket(capacity, per_minute / 60, capacity, now)
        return bucket

    def spend(self, team: str, name: str, now: float) -> Pairs:
        """Take one token and return the headers of the response; if there is none, count an overrun.

        Raises:
            ApiProblem: 429 with ``Retry-After``, whole seconds until there is a token (rate-2); it costs none (rate-4).
        """
        bucket = self.get(team, name, now)
        tokens = bucket.tokens(now)
        if tokens > 1 - _GRAIN:  # a second of 0.1 tokens, ten times, is a token
            bucket = self._buckets[team, name] = bucket._replace(level=max(0.0, tokens - 1), since=now)
            return bucket.headers(now)
        self._buckets[team, name] = bucket._replace(overruns=bucket.overruns + 1)
        if self._enforce:
            raise too_many(name, bucket.wait(now), bucket.headers(now))
        return bucket.headers(now)

    def resize(self, team: str, name: str, capacity: int | None, per_minute: float | None, now: float) -> None:
        """Change the capacity or the refill, and fill the bucket."""
        bucket = self.get(team, name, now)
        capacity = capacity or bucket.capacity
        rate = per_minute / 60 if per_minute else bucket.rate
        self._buckets[team, name] = Bucket(capacity, rate, capacity, now, bucket.overruns)

    def exhaust(self, team: str, name: str, now: float) -> None:
        """Empty a bucket."""
        self._buckets[team, name] = self.get(team, name, now)._replace(level=0, since=now)


def too_many(name: str, seconds: int, headers: Pairs) -> ApiProblem:
    """Return the refusal of rate-2, which names the bucket."""
    message = say.RATE_LIMIT.format(bucket=name, seconds=seconds)
    return ApiProblem(429, "too_many_requests", message, headers=(*headers, ("Retry-After", str(seconds))))
