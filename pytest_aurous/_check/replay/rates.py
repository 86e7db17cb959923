"""The rate buckets of a recording: whether its headers fit the documented burst, refill and price of a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import pairwise
from math import ceil, floor
from typing import Final, NamedTuple

from ..._facade import BUCKETS, CATALOG, Endpoint
from ..recording.survey import Survey
from ..recording.view import CLOSE, NOT_LET_IN, View
from ..values import OTHER, Point, Words
from .gaps import ANY, FREE, Gap
from .teams import team_of

LIMIT: Final = "x-ratelimit-limit"
REMAINING: Final = "x-ratelimit-remaining"
RESET: Final = "x-ratelimit-reset"
_CREATE: Final = ("characters_post", "characters_synthesize")
"""The buckets of an operation that has two: without and with a synthesis."""
_PAID: Final = frozenset(
    (*(row.bucket for row in CATALOG.by_operation.values() if row.pays and isinstance(row.bucket, str)), _CREATE[1])
)
"""The buckets of the requests that cost credits."""
_DIGITS: Final = 12
_PART: Final = 0.999
"""The largest part of a token that a header does not show."""
_JITTER: Final = 1.0
"""Seconds by which requests may arrive earlier or later than the recording shows: their order is not known either."""
_USUAL: Final = 3
"""A rule holds if one of this many responses agrees: where each third exchange is missing, half of them do."""


class _Shown(NamedTuple):
    """A response with rate headers: what it shows, what it costs, and how many requests before it show nothing."""

    view: View
    left: int
    cost: int
    unknown: int


class _Step(NamedTuple):
    """A response after another one of its bucket: the tokens that are left, and the fewest and the most possible."""

    bucket: tuple[str, str]
    after: int
    view: View
    left: int
    low: int
    high: int


class Rates:
    """Judges the rate headers of a recording, from the recording alone.

    Attributes:
        gaps: Between which exchanges requests that are not in the recording took tokens.
        rules: The rule of the remaining tokens, where it is no other for replayed and for refused requests.
    """

    def __init__(self, survey: Survey) -> None:
        self.gaps: list[Gap] = []
        self.rules: dict[str, str] = {}
        self._points: dict[tuple[int, str], Point] = {}
        alike: dict[tuple[str, bool], list[_Step]] = {}
        for bucket, shown in _buckets(survey).items():
            rate = BUCKETS[bucket[1]][1] / 60
            for one in shown:
                self._judge_reset(one.view, one.left, rate)
            for step, quick in _steps(bucket, shown, rate):
                alike.setdefault((_rule_of(step.view), quick), []).append(step)
        for (rule, _), steps in alike.items():
            if self._differ(steps) and rule == "rate-1":
                self.rules[f"header.{REMAINING}"] = rule

    def point(self, view: View, name: str, fake: str) -> Point | None:
        """Return what is known of a rate header; None if nothing is. *fake* is the value of the fake."""
        where, seen = f"header.{name}", view.exchange.received[name]
        if _number(seen) is None:
            return Point(where, "form", OTHER, seen, fake)
        if name == LIMIT:
            either = callable(view.row.bucket) and view.refused and _names(view, view.row)
            return Point(where, "value", seen != fake and not either, seen, fake)
        return self._points.get((view.index, name))

    def _differ(self, steps: Sequence[_Step]) -> bool:
        """Judge the tokens that are left after requests of one kind, and return whether the rule usually fails.

        Where it usually holds, missing tokens are a gap, and one token too many is nothing.
        """
        usual = _USUAL * len([step for step in steps if step.low <= step.left <= step.high]) >= len(steps)
        for step in steps:
            missing = step.left < step.low
            if usual and missing:
                prices, what = ANY if step.bucket[1] in _PAID else FREE, "requests that are not in it took tokens"
                self.gaps.append(Gap(step.after, step.view.index, step.bucket[1], what, step.bucket[0], prices))
            expected = Words(f"{step.low} to {step.high}" if step.low < step.high else f"{step.low}")
            differs = missing or step.left > step.high + usual
            point = Point(f"header.{REMAINING}", "value", differs, Words(step.left), expected)
            self._points[step.view.index, REMAINING] = point
        return not usual

    def _judge_reset(self, view: View, left: int, rate: float) -> None:
        """Judge at which whole second a bucket is full, within `CLOSE`; one token may be more or less."""
        received = view.exchange.received
        reset, capacity = _number(received.get(RESET)), _number(received.get(LIMIT))
        if reset is not None and capacity is not None:
            early = floor(view.at + (capacity - left - 2) / rate) - CLOSE
            late = ceil(view.at + view.exchange.seconds + (capacity - left + 1) / rate) + CLOSE
            expected = Words(f"{view.at + (capacity - left) / rate:.0f}")
            point = Point(f"header.{RESET}", "value", not early <= reset <= late, received[RESET], expected)
            self._points[view.index, RESET] = point


def _rule_of(view: View) -> str:
    """Return the rule of how many tokens a request takes."""
    return "rate-4" if view.exchange.status in NOT_LET_IN else "rate-5" if view.replayed else "rate-1"


def _steps(bucket: tuple[str, str], shown: Sequence[_Shown], rate: float) -> Iterator[tuple[_Step, bool]]:
    """Yield each response with the one before it, and whether no token was added between them."""
    most = max(one.left + one.cost for one in shown)
    for before, one in pairwise(shown):
        capacity = _number(one.view.exchange.received.get(LIMIT)) or BUCKETS[bucket[1]][0]
        full = max(capacity - 1, min(capacity, most))  # headers may show one token less throughout
        passed = one.view.at - before.view.at
        early, late = (passed + sign * max(_JITTER, one.view.exchange.seconds) for sign in (-1, 1))
        added = min(0.0, passed) + max(0.0, early)
        low = min(full, floor(before.left + added * rate)) - one.cost - one.unknown
        high = min(capacity, floor(before.left + _PART + late * rate)) - one.cost
        yield _Step(bucket, before.view.index, one.view, one.left, max(0, low), max(0, high)), passed * rate < 1


def _buckets(survey: Survey) -> dict[tuple[str, str], list[_Shown]]:
    """Return the responses of each bucket, in an order in which they are possible."""
    found: dict[tuple[str, str], list[_Shown]] = {}
    unknown: dict[tuple[str, str], int] = {}
    for view in survey.views if survey.timed else ():
        left, status = _number(view.exchange.received.get(REMAINING)), view.exchange.status
        if view.row.signed or not view.row.bucket or status == HTTPStatus.TOO_MANY_REQUESTS:
            continue  # a 429 takes no token, and a proxy may have sent it
        for name in _names(view, view.row):
            bucket = team_of(survey, view), name
            if left is None or view.lost:
                unknown[bucket] = unknown.get(bucket, 0) + 1
            else:
                cost = 0 if status in NOT_LET_IN else 1
                found.setdefault(bucket, []).append(_Shown(view, left, cost, unknown.pop(bucket, 0)))
    return {bucket: _in_order(shown) for bucket, shown in found.items()}


def _in_order(shown: Sequence[_Shown]) -> list[_Shown]:
    """Return responses in a possible order: what is sent within a second may arrive in any."""
    start, keys = shown[0].view.at, list[tuple[float, int]]()
    for one in shown:
        start = start if one.view.at - start < _JITTER else one.view.at
        keys.append((start, -one.left))
    return [shown[number] for number in sorted(range(len(shown)), key=keys.__getitem__)]


def _names(view: View, row: Endpoint) -> Sequence[str]:
    """Return the bucket that a request takes a token from; none if its body is not known."""
    if not callable(row.bucket):
        return (row.bucket,)
    if view.refused:  # no page says from which of the two
        capacity = _number(view.exchange.received.get(LIMIT))
        return [name for name in _CREATE if BUCKETS[name][0] == capacity][:1]
    return (_CREATE[view.synthesizes],) if view.whole else ()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < _DIGITS else None
