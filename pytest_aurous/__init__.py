"""pytest-aurous: the whole Aurous Labs API for a test suite, offline.

Use the fixture `aurous`, or `Aurous` as a context manager.

Names are imported on first access, so a suite that does not use them does not pay for them.
(PYTEST_DONT_REWRITE: a warning filter on the command line may import this module before pytest can rewrite it.)
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._core.base.errors import (
        AurousCrash,
        AurousError,
        AurousExplorationError,
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
    from ._core.base.names import CharacterStatus, ErrorCode, Event, GenerationStatus, Operation
    from ._core.engine.pipeline import Snapshot
    from ._core.engine.pitfalls import Pitfall
    from ._core.engine.signing import sign_webhook, verify_webhook
    from ._core.faults.fault import Fault
    from ._core.resources.catalog import Script
    from ._core.resources.characters.record import Character
    from ._core.resources.content.provider import AurousProvider
    from ._core.resources.files import File
    from ._core.resources.generations.record import Image, Video
    from ._core.resources.team import ApiKey
    from ._core.resources.uploads import Upload
    from ._core.resources.webhooks import WebhookEndpoint
    from ._core.time.clock import Clock
    from ._core.wire.call import Call
    from ._core.world.outbox import Delivery
    from ._core.world.settings import AurousSettings
    from ._explore.day import BadDay
    from ._explore.report.result import Case, Exploration
    from ._fake.aurous import Aurous
    from ._fake.calls import Calls
    from ._fake.limits import Limit
    from ._fake.team import Team
    from ._serve.server import AurousServer
    from .plugin.options import aurous_explore, aurous_settings

__all__ = (
    "ApiKey",
    "Aurous",
    "AurousCrash",
    "AurousError",
    "AurousExplorationError",
    "AurousLookupError",
    "AurousNetworkBlocked",
    "AurousPitfallWarning",
    "AurousProvider",
    "AurousScriptError",
    "AurousServer",
    "AurousSettings",
    "AurousSignatureError",
    "AurousTransitionError",
    "AurousUnfiredFault",
    "AurousUnmatchedRequest",
    "AurousWarning",
    "BadDay",
    "Call",
    "Calls",
    "Case",
    "Character",
    "CharacterStatus",
    "Clock",
    "Delivery",
    "ErrorCode",
    "Event",
    "Exploration",
    "Fault",
    "File",
    "GenerationStatus",
    "Image",
    "Limit",
    "Operation",
    "Pitfall",
    "Script",
    "Snapshot",
    "Team",
    "Upload",
    "Video",
    "WebhookEndpoint",
    "aurous_explore",
    "aurous_settings",
    "sign_webhook",
    "verify_webhook",
)

_HOME: Final = {
    "ApiKey": "_core.resources.team",
    "Aurous": "_fake.aurous",
    "AurousProvider": "_core.resources.content.provider",
    "AurousServer": "_serve.server",
    "AurousSettings": "_core.world.settings",
    "BadDay": "_explore.day",
    "Call": "_core.wire.call",
    "Calls": "_fake.calls",
    "Case": "_explore.report.result",
    "Character": "_core.resources.characters.record",
    "CharacterStatus": "_core.base.names",
    "Clock": "_core.time.clock",
    "Delivery": "_core.world.outbox",
    "ErrorCode": "_core.base.names",
    "Event": "_core.base.names",
    "Exploration": "_explore.report.result",
    "Fault": "_core.faults.fault",
    "File": "_core.resources.files",
    "GenerationStatus": "_core.base.names",
    "Image": "_core.resources.generations.record",
    "Limit": "_fake.limits",
    "Operation": "_core.base.names",
    "Pitfall": "_core.engine.pitfalls",
    "Script": "_core.resources.catalog",
    "Snapshot": "_core.engine.pipeline",
    "Team": "_fake.team",
    "Upload": "_core.resources.uploads",
    "Video": "_core.resources.generations.record",
    "WebhookEndpoint": "_core.resources.webhooks",
    "aurous_explore": "plugin.options",
    "aurous_settings": "plugin.options",
    "sign_webhook": "_core.engine.signing",
    "verify_webhook": "_core.engine.signing",
}

pytest_plugins: tuple[str, ...] = ("pytest_aurous.plugin",)
"""Makes `-p pytest_aurous` work from a checkout that is only on `sys.path`."""


def __dir__() -> list[str]:
    # pytest looks for fixtures in each name that a plugin lists, and would import them all.
    reader: str = sys._getframe(1).f_globals["__name__"]
    return [] if reader.startswith("_pytest.") else sorted(__all__)


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module(".errors", __name__)  # public, although the package itself imports it from elsewhere
    if name not in __all__:
        from ._core.base.errors import nearest  # a misspelled name is rare

        text = f"module {__name__!r} has no attribute {name!r}{nearest(name, __all__)}"
        raise AttributeError(text, obj=sys.modules[__name__])  # without a name: Python suggests nothing besides
    return getattr(import_module(f".{_HOME.get(name, 'errors')}", __name__), name)
