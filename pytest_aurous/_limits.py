"""Rate limits: token buckets per team, refilled continuously on the fake's clock."""

from __future__ import annotations

from math import ceil
from typing import Final

__all__ = ("BUCKETS", "Buckets")

BUCKETS: Final = {
    "characters_get": (240, 120),
    "characters_post": (60, 30),
    "characters_synthesize": (12, 6),
    "reads": (1200, 600),
}
"""For each bucket its burst, which is its capacity, and its refill per minute."""

RateHeaders = tuple[tuple[str, str], tuple[str, str], tuple[str, str]]


class _Bucket:
    __slots__ = ("capacity", "last", "rate", "tokens", "touched")

    def __init__(self, capacity: int, per_minute: int, now: float) -> None:
        self.capacity = capacity
        self.rate = per_minute / 60
        self.tokens = float(capacity)
        self.touched = now
        self.last: tuple[int, int, RateHeaders] | None = None

    def spend(self, now: float) -> None:
        gained = max(0.0, now - self.touched) * self.rate
        self.tokens = max(0.0, min(float(self.capacity), self.tokens + gained) - 1)
        self.touched = now

    def headers(self) -> RateHeaders:
        left = int(self.tokens)
        full = ceil(self.touched + (self.capacity - self.tokens) / self.rate)
        if self.last is None or self.last[:2] != (left, full):
            self.last = (
                left,
                full,
                (
                    ("X-RateLimit-Limit", str(self.capacity)),
                    ("X-RateLimit-Remaining", str(left)),
                    ("X-RateLimit-Reset", str(full)),
                ),
            )
        return self.last[2]


class Buckets:
    """The buckets of all teams. Its callers hold the fake's lock, so each count is atomic (rate-3)."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def spend(self, team: str, name: str, now: float) -> RateHeaders:
        """Take one token and return the three headers of the answer (rate-1).

        An empty bucket refuses nobody yet: it stays empty, and the headers say so.
        """
        bucket = self._buckets.get((team, name))
        if bucket is None:
            bucket = self._buckets[team, name] = _Bucket(*BUCKETS[name], now)
        bucket.spend(now)
        return bucket.headers()
