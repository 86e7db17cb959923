"""Rate limits: token buckets per team, refilled continuously on the fake's clock."""

from __future__ import annotations

from math import ceil
from typing import Final

from .._wire import messages as say
from .._wire.refusal import ApiProblem
from .._wire.reply import Pairs

__all__ = ("BUCKETS", "Bucket", "Buckets")

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
"""For each bucket its burst, which is its capacity, and its refill per minute."""

_GRAIN: Final = 1e-6


class Bucket:
    """The tokens of one team for one kind of call.

    Args:
        name: What a refusal calls it.
        capacity: How many tokens it holds, and begins with.
        per_minute: How many it gains.
        now: The instant, in epoch seconds.
        enforce: Whether it refuses when it is empty.
    """

    __slots__ = ("_enforce", "_name", "_tokens", "_touched", "capacity", "overruns", "rate")

    def __init__(self, name: str, capacity: int, per_minute: float, now: float, *, enforce: bool) -> None:
        self.capacity: int = capacity
        self.rate: float = per_minute / 60
        self.overruns: int = 0
        self._name = name
        self._enforce = enforce
        self._tokens = float(capacity)
        self._touched = now

    def tokens(self, now: float) -> float:
        """Return what is in the bucket at *now*; more than the capacity it never holds."""
        gained = max(0.0, now - self._touched) * self.rate
        return min(float(self.capacity), self._tokens + gained)

    def left(self, now: float) -> int:
        """Return how many calls it would pay for at *now*."""
        return int(self.tokens(now) + _GRAIN)

    def spend(self, now: float) -> Pairs:
        """Take one token and return the headers of the response (rate-1); where there is none, count an overrun.

        Raises:
            ApiProblem: 429 with ``Retry-After``, whole seconds until there is a token (rate-2); it costs none (rate-4).
        """
        tokens = self.tokens(now)
        if tokens > 1 - _GRAIN:  # a second of 0.1 tokens, ten times, is a token
            tokens = max(0.0, tokens - 1)
            self._tokens, self._touched = tokens, now
            return self._headers(tokens, now)
        self.overruns += 1
        if self._enforce:
            raise too_many(self._name, self.wait(now), self._headers(tokens, now))
        return self._headers(tokens, now)

    def wait(self, now: float) -> int:
        """Return the whole seconds until there is a token; 1 at least, which is what ``Retry-After`` says."""
        return max(1, ceil((1 - self.tokens(now)) / self.rate - _GRAIN))

    def resize(self, capacity: int | None, per_minute: float | None, now: float) -> None:
        """Change what is given, and fill the bucket."""
        self.capacity = capacity or self.capacity
        self.rate = per_minute / 60 if per_minute else self.rate
        self.fill(self.capacity, now)

    def fill(self, tokens: float, now: float) -> None:
        """Put exactly so many tokens into the bucket."""
        self._tokens, self._touched = tokens, now

    def headers(self, now: float) -> Pairs:
        """Return the headers of `spend`, without taking a token."""
        return self._headers(self.tokens(now), now)

    def _headers(self, tokens: float, now: float) -> Pairs:
        full = ceil(now + (self.capacity - tokens) / self.rate - _GRAIN)
        return (
            ("X-RateLimit-Limit", str(self.capacity)),
            ("X-RateLimit-Remaining", str(int(tokens + _GRAIN))),
            ("X-RateLimit-Reset", str(full)),
        )

    def state(self) -> tuple[int, float, int, float, float]:
        """Return what `restore` takes."""
        return self.capacity, self.rate, self.overruns, self._tokens, self._touched

    def restore(self, state: tuple[int, float, int, float, float]) -> None:
        """Go back to a `state`."""
        self.capacity, self.rate, self.overruns, self._tokens, self._touched = state


class Buckets:
    """The buckets of all teams. Its callers hold the fake's lock, so each count is atomic (rate-3).

    Args:
        enforce: Whether an empty bucket refuses, as in life; else it counts overruns, and the headers say so.
    """

    __slots__ = ("_buckets", "_enforce")

    def __init__(self, *, enforce: bool) -> None:
        self._enforce = enforce
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def get(self, team: str, name: str, now: float) -> Bucket:
        """Return a bucket of *team*."""
        bucket = self._buckets.get((team, name))
        if bucket is None:
            bucket = self._buckets[team, name] = Bucket(name, *BUCKETS[name], now, enforce=self._enforce)
        return bucket

    def state(self) -> dict[tuple[str, str], tuple[int, float, int, float, float]]:
        """Return what `restore` takes."""
        return {key: bucket.state() for key, bucket in self._buckets.items()}

    def restore(self, state: dict[tuple[str, str], tuple[int, float, int, float, float]]) -> None:
        """Go back to a `state`."""
        self._buckets = {key: self.get(*key, now=0) for key in state}
        for key, value in state.items():
            self._buckets[key].restore(value)


def too_many(name: str, seconds: int, headers: Pairs) -> ApiProblem:
    """Return the refusal of rate-2, which names the bucket."""
    message = say.RATE_LIMIT.format(bucket=name, seconds=seconds)
    return ApiProblem(429, "too_many_requests", message, headers=(*headers, ("Retry-After", str(seconds))))
