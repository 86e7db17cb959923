"""The functions of Python that resolve names of hosts, and how to refuse the vendor's names there."""

from __future__ import annotations

import _socket
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import ModuleType
from typing import Any, Final

from ..base.errors import AurousNetworkBlocked, see
from .hosts import ascii_host, is_vendors

RESOLVERS: Final[list[tuple[ModuleType, str]]] = [
    (module, name)
    # A test may import `socket` anew, and gevent has another one: they call the functions of `_socket`.
    for module in (_socket, socket)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")  # `getfqdn` calls the last one
]
GUARD: Final = "_aurous_guard"
"""The attribute of a resolver that has the guard of a run of pytest."""


def refusing(real: Any, check: Callable[[Any], None]) -> Any:
    """Wrap a resolver: *check* raises an exception if one of the vendor's names must not be resolved."""

    @wraps(real)
    def guarded(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        host = args[0] if args else options.get("host")
        if is_vendor(host):
            check(host)
        return real(*args, **options)

    return guarded


def is_vendor(host: object) -> bool:
    """Whether *host*, as it is passed to a resolver, is one of the vendor's names."""
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if not isinstance(host, str):
        return False
    with suppress(UnicodeError):  # the resolver will refuse the name
        host = ascii_host(host)
    return is_vendors(host.lower().rstrip("."))


def refusal(who: str, host: Any, why: str, allow: str) -> AurousNetworkBlocked:
    """Return the exception for a connection that *who* makes; *why* no fake responds, and how to *allow* it."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    return AurousNetworkBlocked(
        f"{who}: a connection to {name} was blocked. It would have reached the real API, which costs money.\n{why}"
        f'If you want this connection, allow it with the setting network="allow", as in {allow}.\n'
        f"{see('how-to/no-network.html')}"
    )


def served(client: str) -> str:
    """Return how an HTTP client that is not intercepted gets to the fake, ending in a line break."""
    return (
        f"this connection was made by {client}. Use the fixture aurous_server, or AurousServer in a script: it serves "
        "the same fake over HTTP, and AUROUS_BASE_URL leads to it. If the code has a base URL of its own, pass it "
        "aurous_server.url.\n"
    )
