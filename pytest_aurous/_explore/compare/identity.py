"""What a request is: its operation, path and body, without ids and without what differs only in form.

So the same request is found in another run, in which threads or tasks send their requests in another order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..._core.base.data import ID, formless
from ..._core.wire.call import Call, kept

Key = tuple[str, str, str]
"""The operation, the path with the query, and the body of a request."""


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
