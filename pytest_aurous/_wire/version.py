"""The one version of the API, which each response names (ver-1 to ver-4)."""

from __future__ import annotations

from typing import Final

from . import messages as say
from .call import Call
from .refusal import ApiProblem

VERSION: Final = "2026-05-15"


def check_version(call: Call) -> None:
    """Refuse an unknown version (ver-3)."""
    version = call.incoming.get("aurous-version", VERSION)
    if version != VERSION:
        raise ApiProblem(
            400, "unknown_version", say.UNKNOWN_VERSION.format(version=version, known=VERSION), "Aurous-Version"
        )
