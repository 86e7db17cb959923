"""The journal: every call in order of arrival."""

from __future__ import annotations

from ._clock import iso
from ._wire import Call

__all__ = ("Journal", "line_of")


class Journal:
    """Where the pipeline writes."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[Call] = []

    def arrive(self, call: Call, now: float) -> None:
        """Number a call and write it down, once, before anything is decided about it."""
        if call.number:
            return
        call.at = now
        self.entries.append(call)
        call.number = len(self.entries)


def line_of(call: Call) -> str:
    """Return one call as one line, fit for 100 columns."""
    status = "no answer" if call.status is None else str(call.status)
    query = f"?{call.query}" if call.query else ""
    marks = " ".join(filter(None, (call.error_code, call.fault and f"({call.fault})")))
    return (
        f"  {call.number:>3}  {iso(call.at)[11:19]}  {call.method:<6} {call.path}{query} -> {status} {marks}".rstrip()
    )
