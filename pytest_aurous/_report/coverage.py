"""Which outcomes a suite has met, of those that the API can give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from .._framework.endpoint import NO_RESPONSE, Endpoint
from .._redaction import redacted
from .._wire.call import Call

__all__ = ("Coverage",)

Outcome = tuple[str, str]
"""Operation, and status with error code, such as ``("characters.create", "402 insufficient_credits")``."""


class Coverage:
    """What was met, and how often."""

    __slots__ = ("_met", "_rows")

    def __init__(self, rows: Mapping[str, Endpoint]) -> None:
        self._rows = rows
        self._met: Counter[Outcome] = Counter()

    def add(self, call: Call) -> None:
        """Count what became of a call; one that no endpoint took is none."""
        if call.operation:
            status = NO_RESPONSE if call.status is None else redacted(f"{call.status} {call.error_code or ''}".rstrip())
            self._met[call.operation, status] += 1

    def dump(self) -> list[list[Any]]:
        """Return what `merge` takes, in plain lists."""
        return [[*outcome, count] for outcome, count in self._met.items()]

    def merge(self, dumped: Iterable[Any]) -> None:
        """Add what another process has met."""
        for operation, status, count in dumped:
            self._met[operation, status] += count

    def json(self) -> dict[str, Any]:
        """Return the whole: for each operation how often each outcome was met, 0 for those that never were."""
        operations = {
            name: {status: self._met[name, status] for status in sorted({*row.outcomes, *self._others(name)})}
            for name, row in self._rows.items()
        }
        met, of = self._sums()
        return {"operations": operations, "met": met, "possible": of}

    def title(self) -> str:
        """Return the sums in one line."""
        met, of = self._sums()
        called = sum(any(name == one for one, _ in self._met) for name in self._rows)
        return f"aurous coverage: {called} of {len(self._rows)} operations, {met} of {of} outcomes"

    def table(self, width: int = 100, *, full: bool = False) -> str:
        """Return each operation that was called with what was met, and one line for the rest.

        Args:
            width: Columns.
            full: Whether to show every operation, and which outcomes were never met.
        """
        lines: list[str] = []
        rest = 0
        for name, row in self._rows.items():
            met = [f"{status} x{count}" for (one, status), count in sorted(self._met.items()) if one == name]
            if not met and not full:
                rest += 1
                continue
            never = [status for status in row.outcomes if not self._met[name, status]] if full else []
            lines.append(name)
            for label, statuses in (("met", met or ["nothing"]), ("never", never)):
                text = ", ".join(status.replace(" ", "\xa0") for status in statuses)
                lines += wrap(text, width, initial_indent=f"  {label:<7}", subsequent_indent=" " * 9)
        if rest:
            text = f"{rest} operations were never called; -v shows all, and which outcomes were never met"
            lines += wrap(text, width)
        return redacted("\n".join(lines).replace("\xa0", " "))

    def _sums(self) -> tuple[int, int]:
        known = [(name, status) for name, row in self._rows.items() for status in row.outcomes]
        return sum(bool(self._met[outcome]) for outcome in known), len(known)

    def _others(self, name: str) -> list[str]:
        return [status for one, status in self._met if one == name]
