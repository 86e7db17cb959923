"""Protect a served fake from web pages in a browser on this machine: check the headers of requests."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

from .._core.wire.hosts import is_loopback
from .._core.wire.reply import Reply
from .replies import ACCESS, refused

_HOST: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII)
Headers = Sequence[tuple[str, str]]
"""The headers of a request, with names in lower case."""


class HttpRequest(NamedTuple):
    """A request that has arrived, and the URL of the server as the client has it."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    own: str


def refuse_host(hosts: Sequence[str], named: bool, *, remote: bool = False) -> Reply | None:  # noqa: FBT001
    """Return the refusal of a request for another host, or None.

    A web page can point its own host name at this machine (DNS rebinding). The browser then lets the page use the
    fake as its own server, but still sends the page's name as ``Host``.

    Args:
        hosts: The ``Host`` headers of the request.
        named: Whether there must be such a header, as in HTTP/1.1.
        remote: Whether the host may have any name: then a token keeps web pages out.
    """
    host = ", ".join(hosts)  # two are the name of no host
    if not host:
        why = "The request has no Host header, which HTTP/1.1 requires."
        return refused(400, why, page=ACCESS) if named else None
    match = _HOST.fullmatch(host)
    name = (match[1] or match[2]).lower().removesuffix(".") if match else ""
    if name and (remote or is_loopback(name)):
        return None
    return refused(
        421,
        f"The request is for the host {host!r}, and this server only accepts 127.0.0.1 and localhost, so that no web "
        "page can use it. Use one of these, or start it with --allow-remote or allow_remote=True: then it accepts any "
        "name of a host, such as a container's, and control requests need a token.",
        page=ACCESS,
    )


def refuse_control(request: HttpRequest) -> Reply | None:
    """Return the refusal of a control request that may come from a web page of another origin, or None."""
    origins, sites, kinds = (
        [value for name, value in request.headers if name == wanted]
        for wanted in ("origin", "sec-fetch-site", "content-type")
    )
    # Browsers write both alike: in lower case, without the port that each URL has.
    foreign = [origin for origin in origins if origin != request.own]
    foreign += [site for site in sites if site.strip().lower() not in {"same-origin", "none"}]
    if foreign:
        return refused(
            403,
            f"A web page of another origin ({foreign[0]}) must not control the fake: only a page of {request.own} may. "
            "Send control requests from a test or from the server of your page.",
            page=ACCESS,
        )
    is_json = bool(kinds) and all(kind.partition(";")[0].strip().lower() == "application/json" for kind in kinds)
    if request.method == "GET" or is_json or not (request.body or kinds or origins or sites):
        return None
    found = f"the Content-Type {kinds[0]!r}" if kinds else "no Content-Type"
    return refused(
        415,
        f"A control request takes JSON, but this one has {found}: send Content-Type: application/json. "
        "With curl: --json '{...}', or -H 'Content-Type: application/json' -d '{...}'.",
        page=ACCESS,
    )


def sent_marks(headers: Headers, cookie: str) -> list[str]:
    """Return the marks of the tokens that a request has: as a header, and as the cookie of that name."""
    found: list[str] = []
    for name, value in headers:
        scheme, _, token = value.partition(" ")
        if name == "authorization" and scheme.lower() == "bearer":
            found.append(mark_of(token.strip(" \t").encode("latin-1")))
        if name == "cookie":
            pairs = (pair.strip().partition("=") for pair in value.split(";"))
            found += [mark for key, _, mark in pairs if key == cookie]
    return found


def refuse_token(marks: Collection[str], token: str | None) -> Reply | None:
    """Return the refusal of a control request without the token of a shared machine, or None."""
    # Texts would have to be ASCII.
    if token is None or any(compare_digest(one.encode(), mark_of(token.encode()).encode()) for one in marks):
        return None
    why = "This is not the token of this server" if marks else "Control requests to this server need its token"
    return refused(
        401,
        f"{why}: send it as Authorization: Bearer TOKEN, or enter it on the page. It is what AUROUS_CONTROL_TOKEN had "
        "where the server was started; without that, the server printed one.",
        page=ACCESS,
    )


def mark_of(token: bytes) -> str:
    """Return what a cookie has instead of the token itself."""
    return sha256(b"aurous control " + token).hexdigest()
