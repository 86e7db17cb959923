"""What a request is: its operation, path and body, without ids and without what differs only in form.

So the same request is found in another run, in which threads or tasks send their requests in another order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from ..._core.wire.call import Call, kept
from ..._core.world.ids import ULID

Key = tuple[str, str, str]
"""The operation, the path with the query, and the body of a request."""

ID: Final = re.compile(rf"[a-z]+_{ULID}")
_UUID: Final = r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
_FORMS: Final = (
    ("<uuid>", _UUID),
    ("<time>", r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"),
    ("<time>", r"(?<![\w.])1\d{9}(?:\d{3}|\d{6}|\d{9}|\.\d+)?(?!\w)"),
    ("<{} hex>", r"(?<![^\W_])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![^\W_])"),
    (
        "<{} characters>",
        rf"(?<![\w-])(?![\w-]*{_UUID})(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{{11,}}(?![\w-])",
    ),
)
"""What programs draw anew in each run: uuids, times and random tokens, which are as long each time."""
_ANY_FORM: Final = re.compile("|".join(f"({pattern})" for _, pattern in _FORMS))


def formless(text: str) -> str:
    """Replace uuids, times and random tokens in a text by what they are.

    Example:
        >>> formless("order 6e9f1c6d at 2026-05-15T10:00:00Z")
        'order <8 hex> at <time>'
    """
    return _ANY_FORM.sub(lambda found: _FORMS[(found.lastindex or 1) - 1][0].replace("{}", str(len(found[0]))), text)


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
