"""The rate buckets of a recording: whether its headers fit the documented burst, refill and price of a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import pairwise
from math import ceil, floor
from typing import Final, NamedTuple

from ..._facade import BUCKETS, CATALOG
from ..recording.survey import Survey
from ..recording.view import CLOSE, NOT_LET_IN, View
from ..values import OTHER, Point, Words
from .gaps import Gap
from .teams import team_of

LIMIT: Final = "x-ratelimit-limit"
REMAINING: Final = "x-ratelimit-remaining"
RESET: Final = "x-ratelimit-reset"
_CREATE: Final = ("characters_post", "characters_synthesize")
"""The buckets of an operation that has two: without and with a synthesis."""
_PAID: Final = frozenset({*(row.bucket for row in CATALOG.by_operation.values() if row.pays), _CREATE[1]})
_DIGITS: Final = 12
_PART: Final = 0.999
"""The largest part of a token that a header does not show."""
_JITTER: Final = 1.0
"""Seconds by which requests may arrive earlier or later than the recording shows: their order is not known either."""


class _Step(NamedTuple):
    """A response after another one of its bucket: the tokens that are left, and the fewest and the most possible."""

    bucket: tuple[str, str]
    after: int
    view: View
    left: int
    low: int
    high: int

    @property
    def fits(self) -> bool:
        """Whether each request between them took its token."""
        return self.low <= self.left <= self.high


class Rates:
    """Judges the rate headers of a recording, from the recording alone."""

    def __init__(self, survey: Survey) -> None:
        self.gaps: list[Gap] = []  # between which exchanges requests that are not in the recording took tokens
        # For each exchange the rule of its tokens, where those that are no replay and no refusal differ, too.
        self.rules: dict[int, dict[str, str]] = {}
        self._points: dict[tuple[int, str], Point] = {}
        alike: dict[tuple[bool, bool, bool, bool], list[_Step]] = {}
        for bucket, views in _buckets(survey).items():
            rate = BUCKETS[bucket[1]][1] / 60
            for step, quick in _steps(bucket, views, rate):
                kind = step.view.refused, step.view.replayed, quick, step.view.exchange.status in NOT_LET_IN
                alike.setdefault(kind, []).append(step)
            for view in views:
                self._judge_reset(view, rate)
        for (refused, replayed, quick, free), steps in alike.items():
            every = [step for kind, some in alike.items() if kind[2] == quick for step in some]
            usual = _is_usual(steps, int(not free)) or (not (refused or replayed) and _is_usual(every))
            self._judge(steps, usual=usual)
            if not (refused or replayed) and not (usual and any(step.fits for step in steps)):
                several = [step.view.index for some in alike.values() for step in some]
                self.rules = {index: {f"header.{REMAINING}": "rate-1"} for index in several}

    def point(self, view: View, name: str, fake: str) -> Point | None:
        """Return what is known of a rate header; None if nothing is. *fake* is the value of the fake."""
        where, seen = f"header.{name}", view.exchange.received[name]
        if _number(view, name) is None:
            return Point(where, "form", OTHER, seen, fake)
        if name == LIMIT:
            either = callable(view.row.bucket) and view.refused and _bucket(view)
            return Point(where, "value", seen != fake and not either, seen, fake)
        return self._points.get((view.index, name))

    def _judge(self, steps: Sequence[_Step], *, usual: bool) -> None:
        """Judge the tokens that are left after requests of one kind; where the rule *usual*ly holds, few are a gap."""
        for step in steps:
            expected = Words(f"{step.low} to {step.high}" if step.low < step.high else f"{step.low}")
            where, kind = f"header.{REMAINING}", "more" if step.left > step.high else "value"
            self._points[step.view.index, REMAINING] = Point(where, kind, not step.fits, Words(step.left), expected)
            if usual and step.left < step.low:
                team, bucket = step.bucket
                what = "requests that are not in it took tokens"
                self.gaps.append(Gap(step.after, step.view.index, bucket, what, team, bucket in _PAID))

    def _judge_reset(self, view: View, rate: float) -> None:
        """Judge at which whole second a bucket is full, within `CLOSE`; one token may be more or less."""
        reset, capacity, left = (_number(view, name) for name in (RESET, LIMIT, REMAINING))
        if reset is not None and capacity is not None and left is not None:
            early = floor(view.at + (capacity - left - 2) / rate) - CLOSE
            late = ceil(view.ends + (capacity - left + 1) / rate) + CLOSE
            expected = Words(f"{view.at + (capacity - left) / rate:.0f}")
            point = Point(f"header.{RESET}", "value", not early <= reset <= late, Words(reset), expected)
            self._points[view.index, RESET] = point


def _is_usual(steps: Sequence[_Step], other: int = 1) -> bool:
    """Whether a rule holds: where each third exchange is missing, half of the responses agree but for one *other*."""
    return 3 * len([step for step in steps if step.left >= step.low]) >= len(steps) - other


def _steps(bucket: tuple[str, str], views: Sequence[View], rate: float) -> Iterator[tuple[_Step, bool]]:
    """Yield each response after the ones before it, and whether no token was added since the last one."""
    shown = [(view, _number(view, REMAINING) or 0, int(view.exchange.status not in NOT_LET_IN)) for view in views]
    most, top = max(left + cost for _, left, cost in shown), shown[0][1] + _PART
    for (before, old, _), (view, left, cost) in pairwise(shown):
        capacity = _number(view, LIMIT) or BUCKETS[bucket[1]][0]
        full = max(capacity - 1, min(capacity, most))  # headers may show one token less throughout
        passed, jitter = view.at - before.at, max(_JITTER, view.exchange.seconds)
        added = min(0.0, passed) + max(0.0, passed - max(_JITTER, before.exchange.seconds))
        low = min(full, floor(old + added * rate)) - cost
        high = min(capacity, floor(top + (passed + jitter) * rate)) - cost
        step = _Step(bucket, before.index, view, left, max(0, low), max(0, high))
        # No bucket has less than no token, also where a fake lets in more requests than its limits allow.
        top = min(left + _PART, max(_PART, top + passed * rate - cost) if step.fits else left + _PART)
        yield step, passed * rate < 1


def _buckets(survey: Survey) -> dict[tuple[str, str], list[View]]:
    """Return the responses of each bucket that show its tokens, in the order in which the API has handled them.

    Of requests that overlap, it may have handled any first, and of those sent in one second if nothing shows when they
    ended: the most tokens show which. Others are in order, although a bucket may fill faster than they empty it.
    """
    found: dict[tuple[str, str], list[View]] = {}
    for view in survey.views if survey.timed else ():
        unknown = _number(view, REMAINING) is None or view.exchange.status == HTTPStatus.TOO_MANY_REQUESTS
        if not (unknown or view.row.signed) and (name := _bucket(view)):
            found.setdefault((team_of(survey, view), name), []).append(view)
    for views in found.values():
        for place in range(1, len(views)):
            for at in range(place, 0, -1):
                before, view = views[at - 1 : at + 1]
                apart = view.at >= (before.ends if before.exchange.seconds else before.at + _JITTER)
                if apart or (_number(before, REMAINING) or 0) >= (_number(view, REMAINING) or 0):
                    break
                views[at - 1 : at + 1] = view, before
    return found


def _bucket(view: View) -> str:
    """Return the bucket that a request takes a token from; empty if its body is not known, and without one."""
    if not callable(view.row.bucket):
        return view.row.bucket
    if view.refused:  # no page says from which of the two
        return next((name for name in _CREATE if BUCKETS[name][0] == _number(view, LIMIT)), "")
    return _CREATE[view.synthesizes] if view.whole else ""


def _number(view: View, name: str) -> int | None:
    text = view.exchange.received.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None
