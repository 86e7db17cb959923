"""One place of a response that was compared."""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class Point(NamedTuple):
    """One place of a response that was compared.

    Attributes:
        where: The place, such as ``status``, ``error.code``, ``header.retry-after`` or ``body.refs[].url``.
        kind: What was compared: ``status``, ``code``, ``type``, ``param``, ``missing``, ``added``, ``null``,
            ``json type``, ``enum``, ``form``, ``value``, ``rows``, ``order`` or ``omitted``.
        differs: Whether it differs.
        seen: What the recording has.
        fake: What the fake has.
        assumed: Whether no page of the vendor states what the fake has, only a rule of ours.
        record: The id of the row of a list that it is in; empty elsewhere.
    """

    where: str
    kind: str
    differs: bool
    seen: Any = None
    fake: Any = None
    assumed: bool = False
    record: str = ""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()
SAME: Final = False
OTHER: Final = True
