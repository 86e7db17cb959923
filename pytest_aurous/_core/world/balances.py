"""Warnings of a low balance: at how many credits a team is warned, and when it was (hook-11)."""

from __future__ import annotations

from decimal import Decimal
from math import inf
from typing import Final

from .ledger import Account
from .state import Section, State

_THRESHOLD: Final = Decimal("10.0")
_HOUR: Final = 3600.0


class Balances:
    """The thresholds that a test has set, and the last warning of each team. Its callers hold the fake's lock."""

    __slots__ = ("_warned", "thresholds")

    def __init__(self, state: State) -> None:
        self.thresholds: Section[str, Decimal] = state.section("thresholds")
        self._warned: Section[str, float] = state.section("warned")

    def threshold(self, team: str) -> Decimal:
        """Return the credits at which *team* is warned; 10 by default (hook-11)."""
        return self.thresholds.get(team, _THRESHOLD)

    def warns(self, team: str, account: Account, at: float) -> bool:
        """Whether to warn *team* now, at most once an hour; if so, remember it."""
        quiet = at - self._warned.get(team, -inf) >= _HOUR
        low = account.billing_mode != "exempt" and account.credits <= self.threshold(team)
        if low and quiet:
            self._warned[team] = at
        return low and quiet
