"""Compare two runs: which requests are the same, whether undisturbed runs did the same, and what they returned.

A request is its operation, path and body, without ids and without what differs only in form. So it is found in another
run, in which threads or tasks send their requests in another order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from .._core.base.chains import leaves
from .._core.base.data import OPEN_ENUMS, is_mapping, is_row
from .._core.base.errors import shown
from .._core.base.forms import ID, INSTANT, URL, UUID, formless
from .._core.base.redaction import redacted
from .._core.wire.call import Call, kept

if TYPE_CHECKING:
    from .laws import Day

Key = tuple[str, str, str]
"""The operation, the path with the query, and the body of a request."""
_Sent = tuple[Key, int | None]
"""What a request is, and the status of its response."""
_NOTHING: Final = "no other request"
_FORM: Final = re.compile("|".join((rf"\b{ID.pattern}\b", UUID, INSTANT, URL.pattern, r" at 0x[0-9a-fA-F]+")))
"""Ids of the API, uuids, times, URLs, and addresses in memory."""


class Identities:
    """Identifies the requests of one run, which it has to see in order.

    An id stands for the request whose response has shown it first, so that a poll is one of the same record in each
    run, whichever id the record has there.
    """

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._seen: Counter[Key] = Counter()

    def key(self, call: Call) -> Key:
        """Return what a request is, after the requests that were seen."""
        target = f"{call.path}?{call.query}" if call.query else call.path
        return call.operation or call.method, self._plain(target), self._plain(_text(kept(call.content)))

    def see(self, call: Call) -> None:
        """See a request with its response."""
        key = self.key(call)
        self._seen[key] += 1
        found = ID.findall(_text(call.response.content)) if call.response is not None else ()
        for number, one in enumerate(dict.fromkeys(found)):
            self._labels.setdefault(one, f"<{' '.join(key)} {self._seen[key]}.{number}>")

    def _plain(self, text: str) -> str:
        return formless(ID.sub(lambda found: self._labels.get(found[0], found[0]), text))


def keys_of(calls: Sequence[Call]) -> list[Key]:
    """Return what each request of a run is."""
    identities, keys = Identities(), list[Key]()
    for call in calls:
        keys.append(identities.key(call))
        identities.see(call)
    return keys


def _text(body: bytes) -> str:
    return body.decode(errors="replace")


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


def told(error: BaseException) -> str:
    """Return the type of an exception, or of each in a group, and the first line of its message if it can be read."""
    return "; ".join(map(_told, leaves(error)))


def _told(error: BaseException) -> str:
    with suppress(Exception):
        return without_addresses(f"{type(error).__name__}: {error}".partition("\n")[0]).removesuffix(": ")
    return type(error).__name__


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
    if _is_picture(found) and _is_picture(wanted):
        return True
    with suppress(Exception):  # from their own `__eq__`, such as an array's
        if found == wanted:
            return True
    return _form(found) == _form(wanted)


def _is_picture(value: object) -> bool:
    """Whether *value* is a film, or a picture that is not cut: what it shows, such as its id, chance has drawn."""
    return isinstance(value, bytes) and ((value[:4], value[-8:-4]) == (b"\x89PNG", b"IEND") or value[4:8] == b"ftyp")


def _form(value: object) -> str:
    """Return the repr of *value* without what differs only in form; a repr that fails is empty."""
    text = ""
    with suppress(Exception):
        text = repr(value)
    return _FORM.sub("...", text)


def unaddressed(value: object) -> str:
    """Return the repr of *value* for a report, without addresses in memory, which differ from run to run."""
    return without_addresses(shown(value))


def without_addresses(text: str) -> str:
    """Return a text without addresses in memory."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)
