"""The lines of a report: requests with what they met, what changed between them, and series of them folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import PurePath
from typing import Final, Literal, NamedTuple

from ..base.frames import Helpers, shown_line
from ..base.instants import iso
from ..base.redaction import redacted, shortened
from ..base.work import current_work
from .call import Call, stream_of

_LEAST: Final = 20
"""Columns that a path keeps, however long the outcome is: its ends say which request it was."""
SERIES: Final = 4
"""A series of at least this many identical polls or changes is folded."""
_STATUS: Final = re.compile(rb'"status":\s*"([^"]*)"')
WIDTH: Final = 100
NARROW: Final = 80
"""Columns of sentences, which are wrapped, in a timeline."""
Cause = Literal["call", "test", "clock", "delivery"]


class Note(NamedTuple):
    """One change, such as ``char_...: new, ready`` or ``credits 1000 -> 996``."""

    number: int  # of the call that caused it, or else of the last call before it
    by: Cause
    at: float
    text: str

    @property
    def during(self) -> bool:
        return self.by == "call"

    @property
    def change(self) -> str:
        """The text without the name of the record or delivery that changed."""
        return self.text.partition(": ")[2] or self.text


def shown_call(call: Call, helpers: Helpers) -> str:
    """Return one call as a line of at most 100 columns.

    Its operation gets a second line if it does not fit, and its place a line if that is not the file of the test.
    """
    lost = call.status is None
    query = f"?{call.query}" if call.query else ""
    about = None if lost else call.error_code or stream_of(call)
    marks = " ".join(filter(None, (about, call.fault and f"({call.fault})")))
    head, verb = f"  {call.number:>3}  {iso(call.at)[11:19]}  ", f"{call.method:<6} "
    tail = redacted(f" -> {'no response' if lost else call.status} {marks}".rstrip())
    left = WIDTH - len(head + verb) - min(_LEAST, len(call.path + query))
    tail = tail if len(tail) <= left else f"{tail[: left - 3]}..."
    operation, below = f"{call.operation}  " if call.operation else "", ""
    if len(operation) + len(tail) > left:
        operation, below = "", f"\n       {call.operation}"
    head += operation + verb
    return f"{head}{shortened(call.path + query, WIDTH - len(head) - len(tail))}{tail}{below}{_place_of(call, helpers)}"


def _place_of(call: Call, helpers: Helpers) -> str:
    """Return the line below a call that says where it was sent; empty if the test did, or if it is not known."""
    if call.place is None:
        return ""
    work = current_work()
    test = work.test.partition("::")[0] if work is not None else ""
    if test and PurePath(call.place[0]).as_posix().endswith(f"/{test}"):
        return ""
    return f"\n       at {shortened(shown_line(call.stack, helpers), WIDTH - 10)}"


def folded(
    calls: Iterable[Call], alone: Callable[[Call], bool] = lambda call: call.method != "GET"
) -> list[Call | str]:
    """Return the calls, and of each series of identical ones the first, one line such as ``x 12, 45 s``, and the last.

    A call that needs its own line stands *alone*: it belongs to no series. By default, only polls are folded.
    """
    items: list[Call | str] = []
    for _, group in groupby(calls, lambda call: (call.number * alone(call), *_seen(call))):
        series = list(group)
        if len(series) < SERIES:
            items += series
        else:
            took = round(series[-1].at - series[0].at, 3)
            items += [series[0], f"       x {len(series)}, {took:g} s", series[-1]]
    return items


def _seen(call: Call) -> tuple[object, ...]:
    """Return what identical calls have in common: the request, and what the client saw of the response."""
    response = call.response
    shown = _STATUS.findall(response.content) if response is not None else None
    sent = call.method, call.path, call.query, call.content, call.sent_headers.get("idempotency-key")
    return *sent, call.status, call.error_code, call.fault, str(shown)
