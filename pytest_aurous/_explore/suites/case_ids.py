"""The ids of cases, read before there is a good day that would say which there are."""

from __future__ import annotations

import re
from typing import Final

from ..._core.base.errors import choices, nearest
from ..._core.resources.catalog import CATALOG
from ..kinds import KINDS
from ..workers.schedules import SCHEDULE

_CASE: Final = re.compile(r"([\w.]+)#[1-9]\d* (\w+)")
_EXAMPLE: Final = "'characters.create#1 lost'"


def wrong_with(case: str) -> str | None:
    """Return what is wrong with the id of a case, of a pair or of a schedule; None: it may be one.

    Example:
        >>> wrong_with("foo")
        "expected a case, such as 'characters.create#1 lost', or a schedule, such as 'first#2 | second#1'."
    """
    if SCHEDULE.fullmatch(case):
        return None
    problems = [_wrong_with_one(one) for one in case.split(" + ")]
    return next((problem for problem in problems if problem), None)


def _wrong_with_one(case: str) -> str | None:
    match = _CASE.fullmatch(case)
    if match is None:
        return f"expected a case, such as {_EXAMPLE}, or a schedule, such as 'first#2 | second#1'."
    operation, fault = match.groups()
    if fault not in KINDS:
        return f"{fault!r} is no fault; expected {choices(KINDS)}{nearest(fault, KINDS)}"
    if operation not in CATALOG.by_operation and not operation.startswith("webhooks."):
        return f"no operation has the name {operation!r}{nearest(operation, CATALOG.by_operation)}"
    return None
