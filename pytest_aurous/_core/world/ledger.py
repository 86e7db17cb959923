"""Credits: the balance of a team, holds for running work, charges, and warnings (cred-1 to cred-5, hook-11)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf
from typing import Any, Final, Literal, NamedTuple

from ..base.amounts import CONTEXT, exact, plain
from ..wire.refusal import ApiProblem
from .state import Section, State

BillingMode = Literal["metered", "exempt"]
_THRESHOLD: Final = Decimal("10.0")
"""The credits at which a team is warned if a test has set no others (hook-11)."""
_HOUR: Final = 3600.0
"""Seconds between two warnings: each charge of a team that is low would be one (hook-11)."""


def _as_documented(amount: Decimal) -> str:
    """Write an amount as the vendor's messages do, whose example is ``2.0`` (err-7)."""
    text = plain(amount)
    return text if "." in text else f"{text}.0"


class Account(NamedTuple):
    """The credits of one team, as exact decimal numbers."""

    credits: Decimal  # held and available together; they fall when a hold is committed
    held: Decimal = Decimal(0)  # for work that is under way
    billing_mode: BillingMode = "metered"  # an ``exempt`` team is never charged or refused
    holds: int = 0  # how many there have been
    spent: Decimal = Decimal(0)  # what work has cost, whatever balance a test has set

    @property
    def available(self) -> Decimal:
        return CONTEXT.subtract(self.credits, self.held)


class Ledger:
    """Changes the credits of one team, and calls *changed* with a text for each change. Callers hold the fake's lock.

    With *at_create*, credits are spent at once, so that a hold holds nothing (cred-2).
    """

    def __init__(
        self, state: State, team: str, changed: Callable[[str], object] = str, *, at_create: bool = False
    ) -> None:
        self._accounts: Section[str, Account] = state.section("accounts")
        self._holds: Section[tuple[str, int], Decimal] = state.section("holds")
        self._team = team
        self._changed = changed
        self._at_create = at_create

    def open(self, credits: Decimal | float, billing_mode: BillingMode = "metered") -> None:  # noqa: A002 - the vendor's word
        self._accounts[self._team] = Account(exact(credits), billing_mode=billing_mode)

    @property
    def account(self) -> Account:
        return self._accounts[self._team]

    def set(self, credits: Decimal) -> None:  # noqa: A002 - the vendor's word
        self._change(credits=credits)

    def hold(self, amount: Decimal | float, code: str) -> int:
        """Hold credits, or spend them at once (cred-2), and return the number of the hold; refuse too much (cred-3)."""
        account, price = self.account, exact(amount)
        if account.billing_mode == "exempt":
            price = Decimal(0)
        elif price > account.available:
            there, needed = _as_documented(account.available), _as_documented(price)
            message = f"Team available balance is {there} credits, generation requires {needed}."
            raise ApiProblem(402, code, message)
        number = account.holds + 1
        if self._at_create:
            self._spend(price)
            price = Decimal(0)
        self._holds[self._team, number] = price
        held = CONTEXT.add(account.held, price)
        self._change(held=held, holds=number)
        self._report("held credits", account.held, held)
        return number

    def commit(self, hold: int, amount: Decimal | float | None = None) -> Decimal:
        """Charge a hold, or an *amount* in its place, and return what was charged: the work succeeded.

        What goes beyond the hold is charged as long as the balance is not below 0 (chat-4).
        """
        held = self._end(hold)
        price = held if amount is None or self.account.billing_mode == "exempt" else exact(amount)
        if price > held:
            price = max(held, min(price, CONTEXT.add(self.account.available, held)))
        self._spend(price, held=self._without(held))
        return price

    def release(self, hold: int) -> None:
        """Release a hold: the work failed or was cancelled."""
        account, price = self.account, self._end(hold)
        held = self._without(price)
        self._change(held=held)
        self._report("held credits", account.held, held, ", released")

    def _spend(self, price: Decimal, **changes: Decimal) -> None:
        account = self.account
        credits = CONTEXT.subtract(account.credits, price)  # noqa: A001 - the vendor's word
        self._change(credits=credits, spent=CONTEXT.add(account.spent, price), **changes)
        self._report("credits", account.credits, credits)

    def _end(self, hold: int) -> Decimal:
        price = self._holds[self._team, hold]
        del self._holds[self._team, hold]
        return price

    def _without(self, price: Decimal) -> Decimal:
        open_holds = any(team == self._team for team, _ in self._holds)
        return CONTEXT.subtract(self.account.held, price) if open_holds else Decimal(0)

    def _change(self, **changes: Any) -> None:
        self._accounts[self._team] = self.account._replace(**changes)

    def _report(self, what: str, before: Decimal, after: Decimal, why: str = "") -> None:
        if before != after:
            self._changed(f"{what} {plain(before)} -> {plain(after)}{why}")


class Balances:
    """Warnings of a low balance (hook-11): the thresholds that a test has set, and the last warning of each team.

    Its callers hold the fake's lock.
    """

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
