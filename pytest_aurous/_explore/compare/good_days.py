"""Compare good days: undisturbed runs, which have to do the same."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..._core.base.chains import leaves
from ..._core.base.errors import shown
from ..._core.base.redaction import redacted
from ..._core.wire.call import Call
from .identity import Key, keys_of
from .returned import without_addresses

if TYPE_CHECKING:
    from ..laws import Day

_Sent = tuple[Key, int | None]
"""What a request is, and the status of its response."""
_NOTHING: Final = "no other request"


def difference(first: Day, later: Day) -> str | None:
    """Return what a later run did that the first one did not do, as the rest of a sentence; None if they are equal.

    Requests of threads and tasks that work side by side count in any order. What differs only in form does not count.
    """
    if type(first.error) is not type(later.error):
        return f"raised {told(later.error)}" if later.error is not None else "raised nothing"
    once, twice = _sent(first), _sent(later)
    if first.concurrent or later.concurrent:
        here, there = Counter(once), Counter(twice)
        if here == there:
            return None
        one = next((call for call, sent in zip(first.calls, once, strict=True) if here[sent] > there[sent]), None)
        other = next((call for call, sent in zip(later.calls, twice, strict=True) if there[sent] > here[sent]), None)
        return f"sent other requests:{_both(one, other)}"
    if once == twice:
        return None
    if not twice:
        return "sent no request"
    both = [*zip(once, twice, strict=False)]
    number = next((n for n, (this, that) in enumerate(both) if this != that), len(both))
    one, other = (day.calls[number] if number < len(day.calls) else None for day in (first, later))
    return f"sent other requests, first in request {number + 1}:{_both(one, other)}"


def _sent(day: Day) -> list[_Sent]:
    return [*zip(keys_of(day.calls), [call.status for call in day.calls], strict=True)]


def _both(one: Call | None, other: Call | None) -> str:
    texts = [_shown(call) for call in (one, other)]
    if texts[0] == texts[1]:  # the bodies differ
        texts = [f"{text} {shown(call.content)}" for text, call in zip(texts, (one, other), strict=True) if call]
    return redacted(f"\n  first run: {texts[0]}\n  later run: {texts[1]}")


def _shown(call: Call | None) -> str:
    if call is None:
        return _NOTHING
    return f"{call.operation or 'unmatched'}: {call.method} {call.path} -> {call.status or 'no response'}"


def differing_in_form(first: Day, second: Day) -> list[str]:
    """Return the operations whose bodies differ between equal days, which can only be in form."""
    bodies = [{(call.operation or call.method, call.content) for call in day.calls} for day in (first, second)]
    return sorted({f"the body of {operation}" for operation, _ in bodies[0] ^ bodies[1]})


def told(error: BaseException) -> str:
    """Return the type of an exception, or of each in a group, and the first line of its message if it can be read."""
    return "; ".join(map(_told, leaves(error)))


def _told(error: BaseException) -> str:
    with suppress(Exception):
        return without_addresses(f"{type(error).__name__}: {error}".partition("\n")[0]).removesuffix(": ")
    return type(error).__name__
