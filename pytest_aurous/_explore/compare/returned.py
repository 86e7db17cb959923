"""What runs returned: whether two results are alike, apart from what differs only in form."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, Final

from ..._core.base.data import ID, INSTANT, OPEN_ENUMS, URL, UUID, is_mapping, is_row
from ..._core.base.errors import shown

_FORM: Final = re.compile("|".join((rf"\b{ID.pattern}\b", UUID, INSTANT, URL.pattern, r" at 0x[0-9a-fA-F]+")))
"""Ids of the API, uuids, times, URLs, and addresses in memory."""


def unaddressed(value: object) -> str:
    """Return the repr of *value* for a report, without addresses in memory, which differ from run to run."""
    return without_addresses(shown(value))


def without_addresses(text: str) -> str:
    """Return a text without addresses in memory."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def alike(found: Any, wanted: Any, *, greased: bool = False) -> bool:
    """Whether a result is as on the good day; ids, uuids, times and URLs may differ.

    Args:
        found: The result.
        wanted: The result of the good day.
        greased: Whether unknown fields, and other values of open enums, count as alike.
    """
    try:
        return _alike(found, wanted, greased=greased)
    except RecursionError:  # a result that contains itself
        return _form(found) == _form(wanted)


def _alike(found: Any, wanted: Any, *, greased: bool) -> bool:
    if is_dataclass(found) and type(found) is type(wanted):
        found, wanted = ({one.name: getattr(value, one.name) for one in fields(value)} for value in (found, wanted))
    if is_mapping(found) and is_mapping(wanted):
        every = {**wanted} if greased else {**wanted, **found}
        names = [name for name in every if not (greased and name in OPEN_ENUMS)]
        return all(
            name in found and name in wanted and _alike(found[name], wanted[name], greased=greased) for name in names
        )
    if is_row(found) and is_row(wanted):
        pairs = list(zip(found, wanted, strict=False))
        return len(found) == len(wanted) and all(_alike(one, other, greased=greased) for one, other in pairs)
    if isinstance(found, date) and isinstance(wanted, date):
        return True
    with suppress(Exception):  # from their own `__eq__`, such as an array's
        if found == wanted:
            return True
    return _form(found) == _form(wanted)


def _form(value: object) -> str:
    """Return the repr of *value* without what differs only in form; a repr that fails is empty."""
    text = ""
    with suppress(Exception):
        text = repr(value)
    return _FORM.sub("...", text)
