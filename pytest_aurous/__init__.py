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
    from ._core.base.errors import AurousCrash as AurousCrash
    from ._core.base.errors import AurousError as AurousError
    from ._core.base.errors import AurousExplorationError as AurousExplorationError
    from ._core.base.errors import AurousLookupError as AurousLookupError
    from ._core.base.errors import AurousNetworkBlocked as AurousNetworkBlocked
    from ._core.base.errors import AurousPitfallWarning as AurousPitfallWarning
    from ._core.base.errors import AurousScriptError as AurousScriptError
    from ._core.base.errors import AurousSignatureError as AurousSignatureError
    from ._core.base.errors import AurousTransitionError as AurousTransitionError
    from ._core.base.errors import AurousUnfiredFault as AurousUnfiredFault
    from ._core.base.errors import AurousUnmatchedRequest as AurousUnmatchedRequest
    from ._core.base.errors import AurousWarning as AurousWarning
    from ._core.base.names import CharacterStatus as CharacterStatus
    from ._core.base.names import ErrorCode as ErrorCode
    from ._core.base.names import Event as Event
    from ._core.base.names import GenerationStatus as GenerationStatus
    from ._core.base.names import Operation as Operation
    from ._core.engine.pipeline import Snapshot as Snapshot
    from ._core.engine.pitfalls import Pitfall as Pitfall
    from ._core.engine.signing import sign_webhook as sign_webhook
    from ._core.engine.signing import verify_webhook as verify_webhook
    from ._core.faults.fault import Fault as Fault
    from ._core.resources.catalog import Script as Script
    from ._core.resources.characters import Character as Character
    from ._core.resources.content.provider import AurousProvider as AurousProvider
    from ._core.resources.files import File as File
    from ._core.resources.generations import Image as Image
    from ._core.resources.generations import Video as Video
    from ._core.resources.team import ApiKey as ApiKey
    from ._core.resources.uploads import Upload as Upload
    from ._core.resources.webhooks import WebhookEndpoint as WebhookEndpoint
    from ._core.time.clock import Clock as Clock
    from ._core.wire.call import Call as Call
    from ._core.world.outbox import Delivery as Delivery
    from ._core.world.settings import AurousSettings as AurousSettings
    from ._explore.day import BadDay as BadDay
    from ._explore.report.result import Case as Case
    from ._explore.report.result import Exploration as Exploration
    from ._fake.aurous import Aurous as Aurous
    from ._fake.calls import Calls as Calls
    from ._fake.limits import Limit as Limit
    from ._fake.team import Team as Team
    from ._serve.server import AurousServer as AurousServer
    from .plugin.options import aurous_explore as aurous_explore
    from .plugin.options import aurous_settings as aurous_settings

_HOME: Final = {
    "ApiKey": "_core.resources.team",
    "Aurous": "_fake.aurous",
    "AurousCrash": "errors",
    "AurousError": "errors",
    "AurousExplorationError": "errors",
    "AurousLookupError": "errors",
    "AurousNetworkBlocked": "errors",
    "AurousPitfallWarning": "errors",
    "AurousProvider": "_core.resources.content.provider",
    "AurousScriptError": "errors",
    "AurousServer": "_serve.server",
    "AurousSettings": "_core.world.settings",
    "AurousSignatureError": "errors",
    "AurousTransitionError": "errors",
    "AurousUnfiredFault": "errors",
    "AurousUnmatchedRequest": "errors",
    "AurousWarning": "errors",
    "BadDay": "_explore.day",
    "Call": "_core.wire.call",
    "Calls": "_fake.calls",
    "Case": "_explore.report.result",
    "Character": "_core.resources.characters",
    "CharacterStatus": "_core.base.names",
    "Clock": "_core.time.clock",
    "Delivery": "_core.world.outbox",
    "ErrorCode": "_core.base.names",
    "Event": "_core.base.names",
    "Exploration": "_explore.report.result",
    "Fault": "_core.faults.fault",
    "File": "_core.resources.files",
    "GenerationStatus": "_core.base.names",
    "Image": "_core.resources.generations",
    "Limit": "_fake.limits",
    "Operation": "_core.base.names",
    "Pitfall": "_core.engine.pitfalls",
    "Script": "_core.resources.catalog",
    "Snapshot": "_core.engine.pipeline",
    "Team": "_fake.team",
    "Upload": "_core.resources.uploads",
    "Video": "_core.resources.generations",
    "WebhookEndpoint": "_core.resources.webhooks",
    "aurous_explore": "plugin.options",
    "aurous_settings": "plugin.options",
    "sign_webhook": "_core.engine.signing",
    "verify_webhook": "_core.engine.signing",
}
"""The module of each public name."""
if not TYPE_CHECKING:
    __all__ = tuple(_HOME)

pytest_plugins: tuple[str, ...] = ("pytest_aurous.plugin",)
"""Makes `-p pytest_aurous` work from a checkout that is only on `sys.path`."""


def __dir__() -> list[str]:
    # pytest looks for fixtures in each name that a plugin lists, and would import them all.
    reader: str = sys._getframe(1).f_globals["__name__"]
    return [] if reader.startswith("_pytest.") else sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module(".errors", __name__)  # public, although the package itself imports it from elsewhere
    if name not in _HOME:
        from ._core.base.errors import nearest  # a misspelled name is rare

        text = f"module {__name__!r} has no attribute {name!r}{nearest(name, _HOME)}"
        raise AttributeError(text, obj=sys.modules[__name__])  # without a name: Python suggests nothing besides
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
