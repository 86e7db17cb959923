"""Protect a served fake from web pages in a browser on this machine: check the headers of requests."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest
from ipaddress import IPv6Address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from .._core.base.errors import AurousError, hide_mistakes, see
from .._core.wire.hosts import is_loopback
from .._core.wire.reply import Reply
from .replies import ACCESS, refused

__tracebackhide__ = hide_mistakes

_HOST: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?", re.ASCII)
_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?", re.ASCII)
_PORTS: Final = {"http": 80, "https": 443}
Headers = Sequence[tuple[str, str]]
"""The headers of a request, with names in lower case."""


class HttpRequest(NamedTuple):
    """A request that has arrived, the URL of the server as the client has it, and more headers for its response."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    own: str
    more: tuple[tuple[str, str], ...]


def host_names(names: str | Iterable[str]) -> frozenset[str]:
    """Return names of hosts in the form that `refuse_host` compares; a text is one name.

    Raises:
        AurousError: For a name that no ``Host`` header can have.
    """
    found = {str(name): host_name(name) for name in ([names] if isinstance(names, str) else names)}
    for name in [name for name, plain in found.items() if plain is None]:
        raise AurousError(
            f"allow_host {name!r} is not the name of a host: expected a name such as 'fake' or "
            f"'host.docker.internal', without a scheme or a port.\n{see(ACCESS)}"
        )
    return frozenset(filter(None, found.values()))


def origins_of(origins: str | Iterable[str]) -> frozenset[str]:
    """Return origins in the form of an ``Origin`` header; a text is one origin.

    Raises:
        AurousError: For anything else, such as ``*``.
    """
    found = [str(one).lower().rstrip("/") for one in ([origins] if isinstance(origins, str) else origins)]
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise AurousError(
                f"cors {origin!r} is not an origin: expected a scheme, a host and a port, such as "
                f"'http://localhost:5173'. '*' would let every web page control the fake.\n{see(ACCESS)}"
            )
    return frozenset(found)


def host_name(name: str) -> str | None:
    """Return the name or address of a host in the form of a ``Host`` header; None if it is neither."""
    bare = name.strip("[]")
    try:
        return _name(f"[{IPv6Address(bare)}]" if ":" in bare else bare)  # a:80 is a name with a port
    except ValueError:
        return None


def refuse_host(allowed: Collection[str | None], hosts: Sequence[str], named: bool) -> Reply | None:  # noqa: FBT001
    """Return the refusal of a request for another host, or None.

    A web page can point its own host name at this machine (DNS rebinding). The browser then lets the page use the
    fake as its own server, but still sends the page's name as ``Host``.

    Args:
        allowed: The names that clients may use besides those of loopback.
        hosts: The ``Host`` headers of the request.
        named: Whether there must be such a header, as in HTTP/1.1.
    """
    if named and not hosts:
        return refused(400, "The request has no Host header, which HTTP/1.1 requires.", page=ACCESS)
    host = ", ".join(hosts)  # two are the name of no host
    name = _name(host)
    if not host or (name is not None and (is_loopback(name) or name in allowed)):
        return None
    advice = name or "NAME"
    return refused(
        421,
        f"The request is for the host {host!r}, and this server only accepts 127.0.0.1, localhost and the "
        f"address it listens on, so that no web page can use it. Use one of these, or allow the name: "
        f"pytest-aurous serve --allow-host {advice}, or AurousServer(aurous, allow_host=[{advice!r}]).",
        page=ACCESS,
    )


def refuse_control(request: HttpRequest, cors: Collection[str]) -> Reply | None:
    """Return the refusal of a control request that may come from a web page of an origin that *cors* lacks, or None."""
    method, headers, body, own = request.method, request.headers, request.body, request.own
    origins, sites, kinds = (
        [value for name, value in headers if name == wanted] for wanted in ("origin", "sec-fetch-site", "content-type")
    )
    allowed = [one for one in map(_origin, (own, *cors)) if one] if origins else []  # *own* may have an invalid port
    foreign = [site for site in sites if site.strip().lower() not in {"same-origin", "none"}]
    if (origins or foreign) and not any(_origin(origin) in allowed for origin in origins):
        who = repr(origins[0]) if origins else f"another origin (Sec-Fetch-Site: {foreign[0]})"
        why = f"A web page of {who} must not control the fake: only a page of {own} may, or of an origin"
        return refused(403, f"{why} that --cors allows.", page=ACCESS)
    is_json = bool(kinds) and all(kind.partition(";")[0].strip().lower() == "application/json" for kind in kinds)
    if method == "GET" or is_json or not (body or kinds or origins or sites):
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


def refuse_token(marks: Iterable[str], token: str | None) -> Reply | None:
    """Return the refusal of a control request without the token of a shared machine, or None."""
    # Texts would have to be ASCII.
    if token is None or any(compare_digest(one.encode(), mark_of(token.encode()).encode()) for one in marks):
        return None
    return refused(
        401,
        "This server needs the token that AUROUS_CONTROL_TOKEN has where it was started: send it as "
        "Authorization: Bearer TOKEN, or enter it on the page.",
        page=ACCESS,
    )


def mark_of(token: bytes) -> str:
    """Return what a cookie has instead of the token itself."""
    return sha256(b"aurous control " + token).hexdigest()


def _name(host: str) -> str | None:
    """Return the name in a ``Host`` header, without port, brackets and last dot; None for an invalid header."""
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower().removesuffix(".") or None if match else None


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, host and port of *url*, which are its origin; None if it has no origin."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        return None
