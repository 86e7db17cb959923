"""Names of hosts."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

BASE_URL: Final = "https://api.aurous-labs.com"


UPLOAD_HOST: Final = "https://aurous.storage"
"""The host of signed uploads."""

_UPLOAD: Final = urlsplit(UPLOAD_HOST).netloc
_VENDOR: Final = (".aurous-labs.com", ".aurous.storage")


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
    """Whether *host* is the upload host."""
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


def host_of(url: SplitResult) -> str:
    """Return the host as the ``Host`` header has it: with its port unless it is the default of the scheme."""
    default = {"http": 80, "https": 443}[url.scheme]
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else ascii_host(host)
    return f"{host}:{url.port}" if url.port not in {None, default} else host
