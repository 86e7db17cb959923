"""Headers: stored as sent, read without regard to case. The key, the version and the secrets that they carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from ..base.errors import AurousError, hide_mistakes, see, shown
from ..base.redaction import SECRET_HEADERS, redacted
from .refusal import ApiProblem
from .reply import Pairs

__tracebackhide__ = hide_mistakes

VERSION: Final = "2026-05-15"
"""The one version of the API, which each response names (ver-1 to ver-4)."""
VERSION_FORM: Final = r"^\d{4}-\d{2}-\d{2}$"
"""The pattern of a version (ver-1)."""
_IDEMPOTENCY_KEYS: Final = ("idempotency-key", "aurous-idempotent-key", "aurous-idempotency-key")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"(?! )[ -~\xa0-\xff]*(?<! )")


class Headers(Mapping[str, str]):
    """Headers as sent, read without regard to case; the values of a repeated name are joined by commas.

    Example:
        >>> Headers((("Retry-After", "12"),))["retry-after"]
        '12'
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    def __getitem__(self, name: str) -> str:
        name = name.lower()
        found = [value for key, value in self._pairs if key.lower() == name]
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def multi_items(self) -> list[tuple[str, str]]:
        """Return all names and values in order, as sent, including repeated names, as httpx does."""
        return list(self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower() for key, _ in self._pairs))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return redacted(f"Headers({dict(self)!r})")


def idempotency_key(fields: Mapping[str, str]) -> str | None:
    """Return the idempotency key, under any of its three names (idem-1)."""
    for name in _IDEMPOTENCY_KEYS:
        if name in fields:
            return fields[name]
    return None


def replaced(pairs: Pairs, more: tuple[tuple[str, str | None], ...]) -> Pairs:
    """Set headers, replacing headers of the same names; a value of None only removes."""
    named = {name.lower() for name, _ in more}
    kept = (pair for pair in pairs if pair[0].lower() not in named)
    return (*kept, *((name, value) for name, value in more if value is not None))


def sent_header(name: str, value: Any) -> str:
    """Return the *value* of a header as text, or raise an `AurousError` if HTTP cannot carry such a header."""
    text = value if isinstance(value, str) else shown(value)
    if not isinstance(value, str | int | float) or not _NAME.fullmatch(name) or not _VALUE.fullmatch(text):
        raise AurousError(
            f"The header {shown(name)}: {shown(value)} cannot be sent: expected a name such as 'X-Trace', "
            "and Latin-1 text without line breaks.\n"
            f"{see('reference/faults.html')}"
        )
    return text


def sent_key(headers: Mapping[str, str]) -> str:
    """Return the key that was sent, or nothing; ``X-Api-Key`` decides where both headers are (auth-1)."""
    key = headers.get("x-api-key")
    if key is None:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            key = ""
    return key.strip()


def check_version(headers: Mapping[str, str], *, prior_dates: bool) -> None:
    """Refuse an unknown version; with *prior_dates*, earlier dates are known (ver-3)."""
    version = headers.get("aurous-version", VERSION)
    if version != VERSION and not (prior_dates and _is_prior_date(version)):
        known = f"{VERSION} and any prior date" if prior_dates else VERSION
        raise ApiProblem(
            400, "unknown_version", f"Unknown API version {version!r}. Known versions: {known}.", "Aurous-Version"
        )


def _is_prior_date(version: str) -> bool:
    try:
        written = date.fromisoformat(version).isoformat()
    except ValueError:
        return False
    return written == version < VERSION  # Python reads other forms, too


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is never written: in HAR files, traces and copied tests."""
    return name.lower().endswith(SECRET_HEADERS)


def shown_header(name: str, value: str) -> str:
    """Return the value of a header as it may be written."""
    return "(redacted)" if is_secret_header(name) else value
