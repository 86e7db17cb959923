"""Rate limits: token buckets per team, refilled continuously on the fake's clock."""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from ..wire import messages as say
from ..wire.refusal import ApiProblem
from ..wire.reply import Pairs
from .state import Section, State

BUCKETS: Final = {
    "characters_get": (240, 120),
    "characters_post": (60, 30),
    "characters_synthesize": (12, 6),
    "chat_post": (120, 60),
    "chat_tpm": (200_000, 200_000),
    "embeddings_post": (240, 120),
    "embeddings_tpm": (500_000, 500_000),
    "images_post": (120, 60),
    "videos_post": (120, 60),
    "estimate_post": (240, 120),
    "files_post": (60, 30),
    "webhooks_post": (10, 10),
    "webhooks_test": (30, 30),
    "reads": (1200, 600),
}
"""The burst of each bucket, which is its capacity, and its refill per minute."""
ASSUMED_SIZES: Final = {"chat_post": "tpm-1", "embeddings_post": "tpm-1", "webhooks_test": "rate-1"}
"""The buckets whose size no page states, each with the rule that assumes it."""

_GRAIN: Final = 1e-6


class Bucket(NamedTuple):
    """The tokens of one team for one kind of request, at one instant."""

    capacity: int
    rate: float  # how many it gains per second
    tokens: float
    at: float
    overruns: int = 0  # how many requests found it empty

    @property
    def left(self) -> int:
        return int(self.tokens + _GRAIN)

    def wait_for(self, tokens: int = 1) -> int:
        """Return the whole seconds until there are that many tokens, or until it is full; at least 1."""
        return max(1, ceil((min(tokens, self.capacity) - self.tokens) / self.rate - _GRAIN))

    def refilled(self, now: float) -> Bucket:
        capacity, rate, tokens, at, overruns = self
        return Bucket(capacity, rate, min(capacity, tokens + max(0.0, now - at) * rate), now, overruns)

    def headers(self, prefix: str = "X-RateLimit") -> Pairs:
        """Return the headers of a response (rate-1), whose names begin with *prefix*."""
        full = ceil(self.at + (self.capacity - self.tokens) / self.rate - _GRAIN)
        return (
            (f"{prefix}-Limit", str(self.capacity)),
            (f"{prefix}-Remaining", str(self.left)),
            (f"{prefix}-Reset", str(full)),
        )


class Buckets:
    """The buckets of all teams. Its callers hold the fake's lock, so each count is atomic (rate-3).

    Unless it is to *enforce* the limits, an empty bucket only counts overruns.
    """

    def __init__(self, state: State, *, enforce: bool) -> None:
        self._enforce = enforce
        self._buckets: Section[tuple[str, str], Bucket] = state.section("buckets")

    def get(self, team: str, name: str, now: float) -> Bucket:
        """Return a bucket of *team* as it is at *now*; an unused bucket is full."""
        bucket = self._buckets.get((team, name))
        if bucket is None:
            capacity, per_minute = BUCKETS[name]
            return Bucket(capacity, per_minute / 60, capacity, now)
        return bucket.refilled(now)

    def spend(self, team: str, name: str, bucket: Bucket) -> Pairs:
        """Take one token from a bucket that `get` returned, and return the headers (rate-2).

        If it is empty, count an overrun, and refuse the request if the limits are enforced, which costs none (rate-4).
        """
        capacity, rate, tokens, now, overruns = bucket
        empty = tokens <= 1 - _GRAIN  # a second of 0.1 tokens, ten times, is a token
        # Not `_replace`, which makes two dicts first: each request spends.
        bucket = Bucket(capacity, rate, tokens if empty else max(0.0, tokens - 1), now, overruns + empty)
        self._buckets[team, name] = bucket
        if empty and self._enforce:
            message = say.RATE_LIMIT.format(bucket=name, seconds=bucket.wait_for())
            headers = (*bucket.headers(), ("Retry-After", str(bucket.wait_for())))
            raise ApiProblem(429, "too_many_requests", message, headers=headers)
        return bucket.headers()

    def spend_tokens(self, team: str, name: str, count: int, now: float, *, used: bool = False) -> Pairs:
        """Take the tokens of a text, as `spend` does (tpm-2); one already *used* takes what is left at most."""
        bucket = self.get(team, name, now)
        short = bucket.left < count and not used
        taken = 0 if short else count
        bucket = bucket._replace(tokens=max(0.0, bucket.tokens - taken), overruns=bucket.overruns + short)
        self._buckets[team, name] = bucket
        if short and self._enforce:
            wait = bucket.wait_for(count)
            message = f"Token rate limit exceeded for {name}. Retry after {wait}s."
            headers = bucket._replace(tokens=0).headers("X-RateLimit-TPM")  # whatever is left, it is too little
            raise ApiProblem(429, "tpm_rate_limit_exceeded", message, headers=(*headers, ("Retry-After", str(wait))))
        return bucket.headers("X-RateLimit-TPM")

    def resize(self, team: str, name: str, capacity: int | None, per_minute: float | None, now: float) -> None:
        """Change the capacity or the refill, and fill the bucket."""
        bucket = self.get(team, name, now)
        capacity = capacity or bucket.capacity
        rate = per_minute / 60 if per_minute else bucket.rate
        self._buckets[team, name] = Bucket(capacity, rate, capacity, now, bucket.overruns)

    def fill(self, team: str, name: str, tokens: float, now: float) -> None:
        self._buckets[team, name] = self.get(team, name, now)._replace(tokens=tokens)
