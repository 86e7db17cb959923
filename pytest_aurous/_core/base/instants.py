"""Instants: read from what a test writes, and written as the API and other tools write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from .errors import AurousError, hide_mistakes, see, shown

__tracebackhide__ = hide_mistakes

FIRST: Final = -62_135_596_800.0
LAST: Final = 253_402_300_799.0
"""The first second of the year 1 and the last of 9999: the range of `datetime`."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MORE: Final = see("reference/records.html#the-clock")


def parse_instant(value: datetime | str) -> datetime:
    """Read an instant, or raise an `AurousError`; without a zone it is UTC."""
    parsed = read_instant(value)
    if parsed is None:
        raise AurousError(
            f"{shown(value)} is not an instant: "
            f"expected ISO 8601 such as '2026-05-08T10:00:00Z', or a datetime.\n{_MORE}"
        )
    return parsed


def read_instant(value: object) -> datetime | None:
    """Read an instant; without a zone it is UTC. Return None for any other value."""
    parsed = _read(value)
    if not isinstance(parsed, datetime):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def instant_of(value: object) -> float | None:
    """Return an instant in epoch seconds, without a zone in UTC; None for any other value."""
    parsed = read_instant(value)
    return None if parsed is None else parsed.timestamp()


def past_instant(value: object, now: float) -> float | None:
    """Return an instant with a time zone, up to *now*, in epoch seconds; None for any other value."""
    parsed = _read(value)
    if not isinstance(parsed, datetime) or parsed.utcoffset() is None:
        return None
    instant = parsed.timestamp()
    return min(instant, now) if FIRST <= instant <= now + 1e-6 else None  # `now()` rounds to a microsecond


def _read(value: object) -> object:
    """Return the instant in ISO 8601 text as a `datetime`; anything else as it is."""
    if isinstance(value, str):
        # Python 3.10 does not read Z, which every instant of this API has, and reads three or six decimals alone.
        text = value[:-1] + "+00:00" if value[-1:] in {"Z", "z"} else value
        text = re.sub(r"\.([0-9]+)", lambda found: f".{found[1]:0<6.6}", text) if "." in text else text
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    return value


def calendar_instant(value: datetime | str) -> datetime:
    """Read an instant of the years 1 to 9999 in UTC, or raise an `AurousError`."""
    instant = parse_instant(value)
    if not FIRST <= instant.timestamp() <= LAST + 1:  # as a float, the last microsecond rounds up
        raise AurousError(
            f"{shown(value)} is outside the calendar: expected an instant from 0001-01-01T00:00:00Z "
            f"to 9999-12-31T23:59:59Z.\n{_MORE}"
        )
    return instant


def moment(instant: float) -> datetime:
    """Return epoch seconds as an aware `datetime` in UTC; beyond the calendar, its first or last second."""
    return _EPOCH + timedelta(seconds=min(max(instant, FIRST), LAST))  # `fromtimestamp` has no 1969 on Windows


def iso(instant: float) -> str:
    """Format epoch seconds as the API does (time-1): UTC, whole seconds, ``Z``."""
    return _iso_second(int(instant // 1) if instant < LAST else int(LAST))


def iso_milliseconds(instant: float) -> str:
    """Format epoch seconds as usage does (time-1): UTC, whole milliseconds, ``Z``."""
    return moment(instant).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@lru_cache(maxsize=1024)  # a poll formats the same two timestamps each time
def _iso_second(second: int) -> str:
    return moment(second).replace(tzinfo=None).isoformat() + "Z"  # `strftime` writes the year 1 without zeros
