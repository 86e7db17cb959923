"""Schedules of two workers: at which requests the turn passes from one to the other."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..._core.base.arguments import Check

PAGE: Final = "reference/exploring.html#two-workers"
FIRST: Final = "first"
SECOND: Final = "second"
SCHEDULE: Final = re.compile(rf"(?:{FIRST}|{SECOND})(?:#[1-9]\d*(?: \| (?:{FIRST}|{SECOND})#[1-9]\d*)*)?")
"""The form of the id of a schedule."""


class Point(NamedTuple):
    """The moment just before a request.

    Attributes:
        worker: Who sends it.
        number: 1 for the first request of that worker.
    """

    worker: str
    number: int

    def __str__(self) -> str:
        return f"{self.worker}#{self.number}"


class Schedule(NamedTuple):
    """Which worker begins, and the points at which it, and then the other, has to let the other one go on.

    Example:
        >>> str(Schedule("first", (Point("first", 2), Point("second", 1))))
        'first#2 | second#1'
    """

    begins: str
    points: tuple[Point, ...] = ()

    def __str__(self) -> str:
        return " | ".join(map(str, self.points)) or self.begins

    def then(self, point: Point) -> Schedule:
        """Return the schedule with one more switch."""
        return Schedule(self.begins, (*self.points, point))


def read_schedule(check: Check, text: object) -> Schedule:
    """Read the id of a schedule.

    Raises:
        AurousError: If it has another form.
    """
    if not isinstance(text, str) or not SCHEDULE.fullmatch(text):
        raise check.refuse("only", text, "the id of a schedule, such as 'first#2 | second#1'.")
    words = [word.partition("#") for word in text.split(" | ")]
    return Schedule(words[0][0], tuple(Point(name, int(number)) for name, _, number in words if number))
