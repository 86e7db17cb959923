"""Count which outcomes the tests met, of all that the API has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from .._core.base.redaction import redacted
from .._core.resources.base.endpoint import NO_RESPONSE
from .._core.resources.catalog import CATALOG
from .._core.wire.call import Call, Watcher


class Coverage(Watcher):
    """How often each operation had each outcome: a status with its error code, such as ``402 insufficient_credits``."""

    def __init__(self) -> None:
        self._rows = CATALOG.by_operation
        self._met: dict[str, Counter[str]] = {name: Counter() for name in self._rows}

    def leave(self, call: Call) -> None:
        if call.operation:
            outcome = NO_RESPONSE if call.status is None else f"{call.status} {call.error_code or ''}".rstrip()
            self._met[call.operation][redacted(outcome)] += 1

    def dump(self) -> dict[str, dict[str, int]]:
        return {name: dict(met) for name, met in self._met.items() if met}

    def merge(self, dumped: Mapping[str, Mapping[str, int]]) -> None:
        for name, met in dumped.items():
            self._met[name].update(met)

    def json(self) -> dict[str, Any]:
        """Return the counts of each operation, 0 for outcomes that were never met, and the sums."""
        operations = {
            name: {outcome: met[outcome] for outcome in sorted({*self._rows[name].outcomes, *met})}
            for name, met in self._met.items()
        }
        met, possible = self._sums()
        return {"operations": operations, "met": met, "possible": possible}

    def title(self) -> str:
        called = sum(map(bool, self._met.values()))
        met, possible = self._sums()
        return f"aurous coverage: {called} of {len(self._rows)} operations, {met} of {possible} outcomes"

    def table(self, width: int = 100, *, full: bool = False) -> str:
        """Return the outcomes of each operation that was called; if *full*, of all, and those never met."""
        lines: list[str] = []
        for name, met in self._met.items():
            if met or full:
                lines.append(name)
                lines += _wrapped("met", [f"{outcome} x{count}" for outcome, count in sorted(met.items())], width)
                never = [outcome for outcome in self._rows[name].outcomes if not met[outcome]]
                lines += _wrapped("never", never, width) if full and never else []
        if (others := sum(not met for met in self._met.values())) and not full:
            text = f"{others} operations were never called; -v shows all, and which outcomes were never met"
            lines += wrap(text, width)
        return redacted("\n".join(lines))

    def _sums(self) -> tuple[int, int]:
        """Return how many of the possible outcomes were met, and how many there are."""
        met = [bool(self._met[name][outcome]) for name, row in self._rows.items() for outcome in row.outcomes]
        return sum(met), len(met)


def _wrapped(label: str, outcomes: Iterable[str], width: int) -> list[str]:
    """Wrap outcomes into lines, without breaking an outcome."""
    text = ", ".join(outcome.replace(" ", "\xa0") for outcome in outcomes) or "nothing"
    lines = wrap(text, width, initial_indent=f"  {label:<7}", subsequent_indent=" " * 9)
    return [line.replace("\xa0", " ") for line in lines]
