"""pytest-aurous: the whole Aurous Labs API for a test suite, offline.

Ask for the fixture `aurous`, or use `Aurous` as a context manager.

Names are loaded when first asked for, so that a suite that does not use them pays nothing.
(PYTEST_DONT_REWRITE: a warning filter on the command line may load us before pytest can rewrite.)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._app import Snapshot
    from ._aurous import Aurous
    from ._calls import Calls
    from ._catalog import Script
    from ._clock import Clock
    from ._faker import AurousProvider
    from ._fault import Fault
    from ._outbox import Delivery
    from ._pitfalls import Pitfall
    from ._quota import Limit
    from ._resources.characters import Character
    from ._resources.files import File
    from ._resources.generations import Image, Video
    from ._resources.team import ApiKey
    from ._resources.uploads import Upload
    from ._resources.webhooks import WebhookEndpoint
    from ._server import AurousServer
    from ._signing import sign_webhook, verify_webhook
    from ._team import Team
    from ._wire import Call
    from .errors import (
        AurousError,
        AurousLookupError,
        AurousNetworkBlocked,
        AurousPitfallWarning,
        AurousScriptError,
        AurousSignatureError,
        AurousTransitionError,
        AurousUnfiredFault,
        AurousUnmatchedRequest,
        AurousWarning,
    )

__all__ = (
    "ApiKey",
    "Aurous",
    "AurousError",
    "AurousLookupError",
    "AurousNetworkBlocked",
    "AurousPitfallWarning",
    "AurousProvider",
    "AurousScriptError",
    "AurousServer",
    "AurousSignatureError",
    "AurousTransitionError",
    "AurousUnfiredFault",
    "AurousUnmatchedRequest",
    "AurousWarning",
    "Call",
    "Calls",
    "Character",
    "Clock",
    "Delivery",
    "Fault",
    "File",
    "Image",
    "Limit",
    "Pitfall",
    "Script",
    "Snapshot",
    "Team",
    "Upload",
    "Video",
    "WebhookEndpoint",
    "sign_webhook",
    "verify_webhook",
)

_ROOMS: Final = {
    "ApiKey": "_resources.team",
    "Aurous": "_aurous",
    "AurousProvider": "_faker",
    "AurousServer": "_server",
    "Call": "_wire",
    "Calls": "_calls",
    "Character": "_resources.characters",
    "Clock": "_clock",
    "Delivery": "_outbox",
    "Fault": "_fault",
    "File": "_resources.files",
    "Image": "_resources.generations",
    "Limit": "_quota",
    "Pitfall": "_pitfalls",
    "Script": "_catalog",
    "Snapshot": "_app",
    "Team": "_team",
    "Upload": "_resources.uploads",
    "Video": "_resources.generations",
    "WebhookEndpoint": "_resources.webhooks",
    "sign_webhook": "_signing",
    "verify_webhook": "_signing",
}

pytest_plugins: tuple[str, ...] = ("pytest_aurous.plugin",)
"""Makes `-p pytest_aurous` work from a checkout that is only on `sys.path`."""


# No `__dir__`: pytest looks at each name of a plugin, and would load them all.
def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOMS.get(name, 'errors')}", __name__), name)
