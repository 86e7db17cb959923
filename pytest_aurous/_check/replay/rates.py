"""The rate buckets of a recording: whether its headers fit the documented burst, refill and price of a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from math import ceil, floor
from typing import Final, NamedTuple

from ..._facade import BUCKETS, CATALOG, Endpoint
from ..recording.survey import Survey
from ..recording.view import NOT_LET_IN, View
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
_CLOSE: Final = 3.0
"""Seconds by which the time may differ at which a bucket is full."""
_PART: Final = 0.999
"""The largest part of a token that a header does not show."""
_JITTER: Final = 1.0
"""Seconds by which requests may arrive earlier or later than the recording shows: their order is not known either."""


class _Shown(NamedTuple):
    """A response with rate headers: its exchange, what it shows, and how many tokens requests before it took."""

    view: View
    left: int
    cost: int
    unknown: int


@dataclass
class _Step:
    """What two responses of one bucket show together: the tokens left, and the fewest and the most possible ones.

    It is *quick* if no token has been added between them, and *exact* if a request that took more than its *cost*
    would have left fewer.
    """

    view: View
    after: int
    left: int
    low: int
    high: int
    cost: int
    quick: bool
    exact: bool
    full: bool

    @property
    def fewer(self) -> bool:
        """Whether there are fewer tokens than requests of the recording have left."""
        return self.left < self.low


class Rates:
    """Judges the rate headers of a recording, from the recording alone.

    Attributes:
        gaps: Between which exchanges requests that are not in the recording took tokens. It is so where another step of
            the same kind shows that a request takes one token; else the price of a request, or the refill, differs.
    """

    def __init__(self, survey: Survey) -> None:
        self.gaps: list[Gap] = []
        self._points: dict[tuple[int, str], Point] = {}
        buckets: dict[tuple[str, str], list[_Shown]] = {}
        unknown: dict[tuple[str, str], int] = {}
        for view in survey.views if survey.timed else ():
            for bucket in _buckets(view, survey):
                left = _number(view.exchange.received.get(REMAINING))
                if view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS:
                    continue  # it takes no token, and a proxy may have sent it
                if left is None or view.lost:
                    unknown[bucket] = unknown.get(bucket, 0) + 1
                    continue
                cost = 0 if view.exchange.status in NOT_LET_IN else 1
                buckets.setdefault(bucket, []).append(_Shown(view, left, cost, unknown.pop(bucket, 0)))
        found: dict[tuple[str, str], list[_Step]] = {}
        for bucket, shown in buckets.items():
            rate = BUCKETS[bucket[1]][1] / 60
            for one in shown:
                self._judge_reset(one.view, one.left, rate)
            found[bucket] = list(_steps(_in_order(shown, rate), rate, bucket[1]))
        every = [step for steps in found.values() for step in steps]
        prices = {step.cost for step in every if step.exact and (step.quick or step.full)}
        refilled = {step.cost for step in every if step.exact and not step.quick}
        dearer = _dearer(every)
        for bucket, steps in found.items():
            own = {step.cost for step in steps if step.exact and not step.quick}
            once = len([step for step in steps if step.fewer and not step.quick]) == 1
            for step in steps:
                self._judge(step)
                right = step.cost in (prices if step.quick else refilled if once else own)
                if step.fewer and right and step.view.operation not in dearer:
                    prices_of = ANY if bucket[1] in _PAID else FREE
                    what = "requests that are not in it took tokens"
                    self.gaps.append(Gap(step.after, step.view.index, bucket[1], what, bucket[0], prices_of))

    def point(self, view: View, name: str, fake: str) -> Point | None:
        """Return what is known of a rate header; None if nothing is. *fake* is the value of the fake."""
        where, seen = f"header.{name}", view.exchange.received[name]
        if _number(seen) is None:
            return Point(where, "form", OTHER, seen, fake)
        if name == LIMIT:
            either = callable(view.row.bucket) and view.refused and _names(view, view.row)
            return Point(where, "value", seen != fake and not either, seen, fake)
        return self._points.get((view.index, name))

    def _judge(self, step: _Step) -> None:
        """Judge the tokens that are left."""
        expected = Words(f"{step.low} to {step.high}" if step.low < step.high else f"{step.low}")
        differs = step.fewer or step.left > step.high
        self._points[step.view.index, REMAINING] = Point(
            f"header.{REMAINING}", "value", differs, Words(step.left), expected
        )

    def _judge_reset(self, view: View, left: int, rate: float) -> None:
        received = view.exchange.received
        reset, capacity = _number(received.get(RESET)), _number(received.get(LIMIT))
        if reset is not None and capacity is not None:
            full = (view.exchange.dated or view.at) + (capacity - left - 0.5) / rate
            differs = abs(reset - full) > _CLOSE + 0.5 / rate
            point = Point(f"header.{RESET}", "value", differs, received[RESET], Words(f"{full:.0f}"))
            self._points[view.index, RESET] = point


def _steps(shown: Sequence[_Shown], rate: float, name: str) -> Iterator[_Step]:
    """Yield each response after the first with the tokens that are possible after the response before it."""
    first = shown[0]
    capacity = _number(first.view.exchange.received.get(LIMIT)) or BUCKETS[name][0]
    most = first.left + (0.0 if first.left == capacity - first.cost else _PART)  # a full bucket has no part of a token
    for before, one in pairwise(shown):
        capacity = _number(one.view.exchange.received.get(LIMIT)) or BUCKETS[name][0]
        capacity = max(capacity, before.left, one.left + one.cost)  # a wrong limit is a difference of its own
        passed = one.view.at - before.view.at
        earlier, later = (max(_JITTER, each.view.exchange.seconds) for each in (before, one))
        low = floor(before.left + max(0.0, passed - earlier) * rate)
        if passed < 0:  # in another order than recorded
            low = ceil(before.left - _JITTER * rate)
        low = min(capacity, low) - one.cost - one.unknown
        high = floor(min(capacity, most + (passed + later) * rate)) - one.cost
        most = min(capacity, most + passed * rate) - one.cost
        exact = not one.unknown and one.left == floor(most)
        most = min(max(most, one.left), one.left + _PART)
        quick, full = passed * rate < 1, one.left == capacity - one.cost
        step = one.view, before.view.index, one.left, max(0, low), max(0, high), one.cost
        yield _Step(*step, quick=quick, exact=exact, full=full)


def _dearer(steps: Sequence[_Step]) -> set[str]:
    """Return the operations after which the same number of tokens is missing each time."""
    missing: dict[str, list[int]] = {}
    for step in steps:
        missing.setdefault(step.view.operation, []).append(step.low - step.left)
    return {name for name, some in missing.items() if len(some) > 1 and len({*some}) == 1 and some[0] > 0}


def _in_order(shown: Sequence[_Shown], rate: float) -> list[_Shown]:
    """Return responses in an order in which they are possible: what is sent within a second may arrive in any order."""
    found: list[_Shown] = []
    for one in shown:
        place = len(found)
        if found and one.left > found[-1].left + 0.999 + (one.view.at - found[-1].view.at) * rate - one.cost:
            while place and one.view.at - found[place - 1].view.at < _JITTER and one.left > found[place - 1].left:
                place -= 1
        found.insert(place, one)
    return found


def _buckets(view: View, survey: Survey) -> list[tuple[str, str]]:
    """Return the buckets that a request may have taken a token from; several if its body is not known."""
    if view.row.signed or not view.row.bucket:
        return []
    return [(team_of(survey, view), name) for name in _names(view, view.row)]


def _names(view: View, row: Endpoint) -> Sequence[str]:
    if not callable(row.bucket):
        return (row.bucket,)
    if view.refused:  # no page says from which of the two
        capacity = _number(view.exchange.received.get(LIMIT))
        return [name for name in _CREATE if BUCKETS[name][0] == capacity][:1]
    return (_CREATE[view.synthesizes],) if view.whole else ()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < _DIGITS else None
