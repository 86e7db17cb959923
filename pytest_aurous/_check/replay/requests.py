"""The requests of a recording, as the fake has to get them: with its keys, its signed URLs and its page tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..._core.wire.call import Call
from ..._core.wire.hosts import BASE_URL, UPLOAD_HOST, is_upload
from ..._core.wire.reply import Pairs
from ..recording.view import NOT_LET_IN, View
from ..values import RECORD
from .follower import Follower
from .replayed import Replayed
from .teams import ReplayTeams

_REPLACED: Final = ("x-api-key", "authorization", "content-encoding", "content-length")
_OPAQUE: Final = frozenset({"page_token", "cursor"})
"""The parameters with a token of the page before."""
_CURSORS: Final = _OPAQUE | {"starting_after", "ending_before"}
_VALID: Final = 60
"""Seconds for which a URL is valid that no response shows."""


class Requests:
    """Makes the requests of a recording for the fake, with the URLs and page tokens to which its own are *bound*."""

    def __init__(self, follower: Follower, teams: ReplayTeams) -> None:
        self._follower = follower
        self._teams = teams
        self.bound: dict[str, str] = {}

    def make(self, done: Replayed) -> Callable[[], Call] | None:
        """Return what makes a request; None for a signed URL that was never seen."""
        url, exchange = self._url(done), done.view.exchange
        if url is None:
            return None
        headers, parts = self._headers(done.view), urlsplit(url)
        content = b"left out" if exchange.content is None else exchange.content
        return lambda: Call(exchange.method, parts.scheme, parts.netloc, parts.path, parts.query, headers, content)

    def _url(self, done: Replayed) -> str | None:
        view, url = done.view, done.view.exchange.url
        bare = view.operation == "images.output" and "token" not in view.query  # whether that is enough: img-8
        if url in self.bound and not bare:
            return self.bound[url]
        parts = urlsplit(url)
        base = UPLOAD_HOST if is_upload(view.exchange.host) else BASE_URL
        if view.row.signed and {"token", "signature"} & view.query.keys():
            if not view.args.get("upload_id") or view.exchange.status in NOT_LET_IN:
                done.why = "the response with its signed URL is not in the recording"
                return None
            uploads = view.operation == "characters.uploads.put"
            if uploads and self._follower.row(view.args["upload_id"]) is None:  # no response shows its ticket
                self._follower.put_upload(self._teams.of(view), view.args["upload_id"])
            token = "signature" if uploads else "token"
            return self._follower.sign(base, parts.path, self._follower.now + _VALID, token)
        query = parts.query
        if not _CURSORS.isdisjoint(view.query):
            pairs = [(name, self.bound.get(value, value)) for name, value in parse_qsl(query, keep_blank_values=True)]
            if view.succeeded and any(self._is_unknown(name, value) for name, value in pairs):
                pairs = [(name, value) for name, value in pairs if name not in _CURSORS]
                done.ignored.add("body.has_more")  # the fake shows its first page
            query = urlencode(pairs)
        return f"{base}{parts.path}{'?' + query if query else ''}"

    def _is_unknown(self, name: str, value: str) -> bool:
        """Whether a parameter is a cursor that the recording does not give out, of a row that it does not show."""
        given = value in self.bound.values() or self._follower.row(value) is not None
        return name in _CURSORS and not given and (name in _OPAQUE or RECORD.fullmatch(value) is not None)

    def _headers(self, view: View) -> Pairs:
        key, sent = self._teams.key_of(view), view.exchange.sent
        pairs = [(name, value) for name, value in view.exchange.headers if name.lower() not in _REPLACED]
        if key and "authorization" in sent and "x-api-key" not in sent:
            pairs.append(("Authorization", f"Bearer {key}"))
        elif key:
            pairs.append(("X-Api-Key", key))
        return tuple(pairs)
