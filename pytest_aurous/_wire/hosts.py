"""Names of hosts: whose they are, and how they are written."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

__all__ = ("UPLOAD_HOST", "host_of", "is_loopback", "is_upload", "is_vendors")

UPLOAD_HOST: Final = "https://aurous.storage"
"""Where pictures are PUT."""

_UPLOAD: Final = urlsplit(UPLOAD_HOST).netloc

_VENDOR: Final = (".aurous-labs.com", ".aurous.storage")


def is_upload(host: str) -> bool:
    """Whether a host is the one where pictures are PUT."""
    return host == _UPLOAD


def is_vendors(host: str) -> bool:
    """Whether a host, without a port, is the vendor's."""
    return f".{host}".endswith(_VENDOR)


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, and nobody else can reach it."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def host_of(url: SplitResult) -> str:
    """Return the host as it stands on the wire: with its port only where it is not the usual one of the scheme."""
    usual = {"http": 80, "https": 443}[url.scheme]
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
    return f"{host}:{url.port}" if url.port not in {None, usual} else host
