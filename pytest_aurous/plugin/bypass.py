"""Explain why a connection to the vendor bypassed the fake."""

from __future__ import annotations

import sys
from typing import Final

from .._frames import INTERCEPTED, NOT_INTERCEPTED, callers, package_of

__all__ = ("explain_bypass", "reinstall")

_INTERCEPTION: Final = "pytest_aurous._httpx.interception"


def reinstall() -> None:
    """Put the interception in front again: a fixture that started after the fake may have replaced it."""
    if _INTERCEPTION in sys.modules:
        sys.modules[_INTERCEPTION].INTERCEPTION.to_front()


def explain_bypass() -> str:
    """Return why the fake did not respond, ending in a line break; empty where no fake could have."""
    client = _other_client()
    server = (
        f"this connection was made by {client}. Use the fixture aurous_server: it serves the same fake over HTTP, and "
        "AUROUS_BASE_URL leads to it. If the code has a base URL of its own, pass it aurous_server.url.\n"
    )
    interception = getattr(sys.modules.get(_INTERCEPTION), "INTERCEPTION", None)
    if interception is None or not interception.entered:
        return f"There is no fake here, and it would intercept only httpx and httpx2; {server}" if client else ""
    if client:
        return f"The fake is active, but it intercepts only httpx and httpx2; {server}"
    if before := interception.in_front():
        return (
            f"The fake is active, but {', '.join(before)} intercepts requests before it. Start that before the fake, "
            "or enter the fake again inside it: `with ..., aurous:`.\n"
        )
    return (
        "The fake is active, but it intercepts only httpx and httpx2 clients with their own transports; this "
        "connection was made in another way. Pass aurous.transport to an httpx client. For any other client, use the "
        "fixture aurous_server and its url.\n"
    )


def _other_client() -> str:
    """Return the HTTP client that connects in this thread, if the fake does not intercept it."""
    packages = [package_of(frame) for frame in callers(sys._getframe())]
    if not INTERCEPTED.isdisjoint(packages):
        return ""
    return next((package for package in reversed(packages) if package in NOT_INTERCEPTED), "")  # not requests' urllib3
