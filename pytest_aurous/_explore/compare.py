"""Compare two runs: which requests are the same, whether undisturbed runs did the same, and what they returned.

A request is its operation, path and body, without ids and without what differs only in form. So it is found in another
run, in which threads or tasks send their requests in another order.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote_plus

from .._core.base.chains import leaves
from .._core.base.data import as_object, in_strings, parsed
from .._core.base.errors import shown
from .._core.base.forms import ID, INSTANT, URL, UUID, formless
from .._core.base.redaction import redacted
from .._core.wire.call import Call, kept

if TYPE_CHECKING:
    from .laws import Day

Key = tuple[str, str, str]
"""The operation, the path with the query, and the body of a request."""
_ADDRESS: Final = r" at 0x[0-9a-fA-F]+"
_FORM: Final = re.compile(
    "|".join(
        (
            rf"\b{ID.pattern}\b",
            UUID,
            INSTANT,
            URL.pattern,
            _ADDRESS,
            r"[dD]ate(?:[tT]ime)?\([\d, ]+",
            r"\\x89PNG.*?IEND\\xaeB`\\x82",  # a picture that is not cut
            r"ftyp.*",  # a film
        )
    )
)
"""Ids of the API, uuids, times, URLs, addresses in memory, and pictures: chance has drawn what they show."""
_SHOWN: Final = 100
"""So many characters of a request are in a label: requests are sorted by what their bodies begin with."""
_NOTHING: Final = ("", "", ""), 0, "no other request"


class Identities:
    """Identifies the requests of one run, which it has to see in order.

    An id stands for the request whose response has shown it first, so that a poll is one of the same record in each
    run, whichever id the record has there. If *keyed*, an ``Idempotency-Key`` tells equal requests apart.
    """

    def __init__(self, *, keyed: bool = False) -> None:
        self._keyed = keyed
        self._labels: dict[str, str] = {}
        self._seen: Counter[Key] = Counter()

    def key(self, call: Call) -> Key:
        """Return what a request is, after the requests that were seen."""
        target = unquote_plus(f"{call.path}?{call.query}" if call.query else call.path)
        key = f" with {formless(key_of(call) or '')}" if self._keyed else ""
        return call.operation or call.method, self._plain(target), _changed(kept(call.content), self._plain) + key

    def see(self, call: Call) -> None:
        key = self.key(call)
        self._seen[key] += 1
        found: dict[str, None] = {}

        def note(text: str) -> str:
            found.update(dict.fromkeys(ID.findall(text)))
            return text

        if call.response is not None:
            _changed(call.response.content, note)
        # A label has not all of its request, which may have labels itself: a chain of them would grow without end.
        text = " ".join(key)
        digest = sha256(text.encode(errors="backslashreplace")).hexdigest()
        for number, one in enumerate(found):  # the x lets the digest have no form
            self._labels.setdefault(one, f"<{text[:_SHOWN]} x{digest} {self._seen[key]}.{number}>")

    def _plain(self, text: str) -> str:
        return formless(ID.sub(lambda found: self._labels.get(found[0], found[0]), text))


def key_of(call: Call) -> str | None:
    return call.sent_headers.get("idempotency-key") or None


def named_by(call: Call) -> list[Any]:
    """Return the parts of the path of a call, and the id of the record that its response shows."""
    return [*call.path.split("/"), as_object(call.response and call.response.json).get("id")]


def body_of(call: Call) -> str:
    """Return the body of a request as text, without ids and what differs only in form."""
    return _changed(kept(call.content), lambda text: formless(ID.sub("<id>", text)))


def keys_of(calls: Sequence[Call], *, keyed: bool = False) -> list[Key]:
    identities, keys = Identities(keyed=keyed), list[Key]()
    for call in calls:
        keys.append(identities.key(call))
        identities.see(call)
    return keys


def _changed(body: bytes, change: Callable[[str], str]) -> str:
    """Return a body as text, with its strings changed: those of JSON as they are, not as JSON escapes them."""
    with suppress(RecursionError):
        if (data := parsed(body)) is not None:
            return json.dumps(in_strings(change, data), ensure_ascii=False)
    return change(body.decode(errors="replace"))


def difference(first: Day, later: Day) -> str | None:
    """Return what a later run did that the first one did not do, as the rest of a sentence; None if they are equal.

    Requests of threads and tasks that work side by side are compared as a set: in which order they come, and how often
    one polls, may depend on who comes first. What differs only in form does not count.
    """
    if type(first.error) is not type(later.error):
        return f"raised {told(later.error)}" if later.error is not None else "raised nothing"
    if first.calls and not later.calls:
        return "sent no request"
    in_order = not first.concurrent and not later.concurrent
    sent = (_sent(day, in_order=in_order) for day in (first, later))
    for number, (one, other) in enumerate(zip_longest(*sent, fillvalue=_NOTHING), 1):
        if one[:2] != other[:2]:
            where = f", first in request {number}" if in_order else ""
            return redacted(f"sent other requests{where}:\n  first run: {one[2]}\n  later run: {other[2]}")
    return None


def _sent(day: Day, *, in_order: bool) -> list[tuple[Key, int, str]]:
    """Return what each request of a run is, the status of its response, and its text; sorted if in no order.

    Then an equal read counts once.
    """
    sent: list[tuple[Key, int, str]] = []
    for key, call in zip(keys_of(day.calls), day.calls, strict=True):
        body = f" {shown(call.content)}" if call.content else ""
        text = f"{call.operation or 'unmatched'}: {call.method} {call.path} -> {call.status or 'no response'}{body}"
        sent.append((key, call.status or 0, text))
    if in_order:
        return sent
    reads = {one[:2]: one for one, call in zip(sent, day.calls, strict=True) if call.method == "GET"}
    writes = [one for one, call in zip(sent, day.calls, strict=True) if call.method != "GET"]
    return sorted([*writes, *reads.values()])


def told(error: BaseException) -> str:
    """Return the type of an exception, or of each in a group, and the first line of its message if it can be read."""
    return "; ".join(map(_told, leaves(error)))


def _told(error: BaseException) -> str:
    with suppress(Exception):
        line, *_ = f"{type(error).__name__}: {error}".split("\n")
        return re.sub(_ADDRESS, "", line).removesuffix(": ")
    return type(error).__name__


def alike(found: Any, wanted: Any) -> bool:
    """Whether a result is as on the good day; ids, uuids, times, URLs and pictures may differ."""
    with suppress(Exception):  # from their own `__eq__`, such as an array's
        if found == wanted:
            return True
    return _text_of(found) == _text_of(wanted)


def _text_of(value: object) -> str:
    """Return the repr of *value* without what differs only in form; one that fails, or has no end, is empty."""
    with suppress(Exception):
        return _formed(value)
    return ""


def _formed(value: object) -> str:
    kind = type(value).__name__
    if isinstance(value, dict):
        parts = sorted(f"{_formed(key)}: {_formed(one)}" for key, one in cast("dict[object, object]", value).items())
    elif isinstance(value, list | tuple):
        parts = [*map(_formed, cast("list[object]", value))]
    else:
        # What `repr` escapes would be the first letter of a time or an id, and the next one of a URL.
        return _FORM.sub("...", re.sub(r"\\[nrt]", " ", repr(value)))
    return f"{kind}({', '.join(parts)})"


def unaddressed(value: object) -> str:
    """Return the repr of *value* for a report, without addresses in memory, which differ from run to run."""
    return re.sub(_ADDRESS, "", shown(value))
