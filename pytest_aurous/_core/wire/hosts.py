"""Names of hosts, the functions of Python that resolve them, and how to refuse the vendor's names there."""

from __future__ import annotations

import _socket
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from ipaddress import ip_address
from types import ModuleType
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from ..base.errors import AurousNetworkBlocked, see

RESOLVERS: Final[list[tuple[ModuleType, str]]] = [
    (module, name)
    # A test may import `socket` anew, and gevent has another one: they call the functions of `_socket`.
    for module in (_socket, socket)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")  # `getfqdn` calls the last one
]
SERVE: Final = (
    "Use the fixture aurous_server, or AurousServer in a script: it serves the same fake over HTTP, and "
    "AUROUS_BASE_URL leads to it. If the code has a base URL of its own, pass it aurous_server.url."
)
"""How an HTTP client that the fake does not intercept gets to it."""
GUARD: Final = "_aurous_guard"
"""The attribute of a resolver that has the guard of a run of pytest."""

BASE_URL: Final = "https://api.aurous-labs.com"
UPLOAD_HOST: Final = "https://aurous.storage"

_UPLOAD: Final = urlsplit(UPLOAD_HOST).netloc
_VENDOR: Final = (".aurous-labs.com", ".aurous.storage")
_PRIVATE: Final = (".localhost", ".local", ".internal")


def ascii_host(host: str) -> str:
    """Return the name that a resolver looks up for *host*: IDNA turns other letters and dots into ASCII.

    Raises:
        UnicodeError: If no resolver accepts the name.

    Example:
        >>> ascii_host("api\u3002\uff41urous-labs.com")
        'api.aurous-labs.com'
    """
    return host if host.isascii() else host.encode("idna").decode()


def is_upload(host: str) -> bool:
    return host == _UPLOAD


def is_vendors(host: str) -> bool:
    """Whether *host*, without a port, is one of the vendor's."""
    return f".{host}".endswith(_VENDOR)


def is_loopback(host: str | None) -> bool:
    """Whether *host* is this machine, which no other machine can reach under that name."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def is_private(url: str) -> bool:
    """Whether a URL leads to no public host: host names are not resolved (chat-5)."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".") if url.startswith("https://") else ""
    except ValueError:  # such as an unclosed bracket
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE)
    return not address.is_global or address.is_multicast


def host_of(url: SplitResult) -> str:
    """Return the host as the ``Host`` header has it: with its port unless it is the default of the scheme."""
    default = {"http": 80, "https": 443}[url.scheme]
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else ascii_host(host)
    return f"{host}:{url.port}" if url.port not in {None, default} else host


def refusing(real: Any, check: Callable[[Any], None]) -> Any:
    """Wrap a resolver: *check* raises an exception if one of the vendor's names must not be resolved."""

    @wraps(real)
    def guarded(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        host = args[0] if args else options.get("host")
        if resolves_vendors(host):
            check(host)
        return real(*args, **options)

    return guarded


def resolves_vendors(host: object) -> bool:
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
    return f"this connection was made by {client}. {SERVE}\n"
