"""The rate buckets of a recording: each has as many tokens as the first response shows."""

from __future__ import annotations

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


class Rates:
    """Fills the buckets of the fake."""

    def __init__(self, world: World, survey: Survey, teams: Teams) -> None:
        self._world = world
        self._survey = survey
        self._teams = teams
        self._known: set[tuple[str, str]] = set()

    def fill(self, done: Replayed) -> None:
        """Set the tokens of a bucket to those of its first response."""
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
        team, name, now = self._teams.of(view), _bucket(view, view.row), self._world.clock.time()
        capacity, per_minute = BUCKETS[name]
        if limit != capacity:
            done.ignored |= {*_COUNTS, f"header.{_LIMIT}"}
            done.inferred.append(f"the limit of {name} is {limit}, not {capacity}")
            return
        cost = 0 if view.exchange.status in _FREE else 1
        seen_before = (team, name) in self._known
        drained = left == 0 and self._world.buckets.get(team, name, now).left > cost + 1
        if seen_before and not drained:
            return
        tokens = float(left)
        if reset is not None:  # tells the fraction of a token
            tokens = min(max(tokens, capacity - (reset - now) * per_minute / 60), left + 0.999)
        self._world.buckets.fill(team, name, min(float(capacity), tokens + cost), now)
        self._known.add((team, name))
        done.ignored |= _COUNTS

    def forget(self, view: View) -> None:
        """Whether a request without a usable response cost a token, only the next response shows."""
        if view.row is not None:
            names = _CREATE if callable(view.row.bucket) else (view.row.bucket,)
            self._known -= {(self._teams.of(view), name) for name in names}


def _bucket(view: View, row: Endpoint) -> str:
    """Return the name of the bucket that a request takes its token from."""
    return _CREATE[view.synthesizes] if callable(row.bucket) else row.bucket


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < _DIGITS else None
