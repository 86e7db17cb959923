"""The one version of the API, which each response names (ver-1 to ver-4)."""

from __future__ import annotations

from datetime import date
from typing import Final

from . import messages as say
from .call import Call
from .refusal import ApiProblem

VERSION: Final = "2026-05-15"
FORM: Final = r"^\d{4}-\d{2}-\d{2}$"
"""The pattern of a version (ver-1)."""


def check_version(call: Call, *, prior_dates: bool) -> None:
    """Refuse an unknown version; with *prior_dates*, earlier dates are known (ver-3)."""
    version = call.incoming.get("aurous-version", VERSION)
    if version != VERSION and not (prior_dates and _is_prior_date(version)):
        known = f"{VERSION} and any prior date" if prior_dates else VERSION
        raise ApiProblem(
            400, "unknown_version", say.UNKNOWN_VERSION.format(version=version, known=known), "Aurous-Version"
        )


def _is_prior_date(version: str) -> bool:
    try:
        written = date.fromisoformat(version).isoformat()
    except ValueError:
        return False
    return written == version < VERSION  # Python reads other forms, too
