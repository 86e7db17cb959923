"""The ids of cases, in two forms: one to read, and a slug that no shell needs in quotes."""

from __future__ import annotations

import re
from typing import Final, get_args

from .._core.base.errors import choices, nearest
from .._core.base.names import Event
from .._facade import CATALOG
from .kinds import KINDS

SCHEDULE: Final = re.compile(r"(?:first|second)(?:[#-][1-9]\d*(?:(?: \| |-)(?:first|second)[#-][1-9]\d*)*)?")
"""The form of the id of a schedule of two workers, and of its slug."""
_CASE: Final = re.compile(r"([\w.]+)[#-]([1-9]\d*)[ -](\w+)")


def operations() -> list[str]:
    return [*CATALOG.by_operation, *(f"webhooks.{event}" for event in get_args(Event))]


def slug(case: str) -> str:
    """Return the id of a case or of a schedule in a form that no shell needs in quotes."""
    return re.sub(r"[# |]+", "-", case)


def read_id(case: str) -> str:
    """Return the id of a case that was written in either form; anything else is left as it is."""
    match = _CASE.fullmatch(case)
    return "{}#{} {}".format(*match.groups()) if match else case


def wrong_with(case: str) -> str | None:
    """Return what is wrong with the id of a case or of a schedule, in either form; None: it may be one."""
    if SCHEDULE.fullmatch(case):
        return None
    match = _CASE.fullmatch(case)
    if match is None:
        return "expected a case, such as 'characters.create-1-lost'."
    operation, _, fault = match.groups()
    if operation not in (known := operations()):
        return f"no operation has the name {operation!r}{nearest(operation, known)}"
    return None if fault in KINDS else f"{fault!r} is no fault; expected {choices(KINDS)}{nearest(fault, KINDS)}"
