"""Credits: what a team has, what is held for running work, and what was charged (cred-1 to cred-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from . import _messages as say
from ._wire import ApiProblem

__all__ = ("BillingMode", "Ledger", "plain")

BillingMode = Literal["metered", "exempt"]


def plain(amount: float) -> str:
    """Write an amount of credits: at most four decimals, and no more zeros than it needs."""
    return f"{amount:.4f}".rstrip("0").rstrip(".")


def _as_documented(amount: float) -> str:
    """Write an amount as the vendor's messages do, whose example is ``2.0`` (err-7)."""
    text = plain(amount)
    return text if "." in text else f"{text}.0"


class Ledger:
    """The credits of one team. Its callers hold the fake's lock.

    Args:
        credits: The balance at the start.
        billing_mode: ``metered`` or ``exempt``.
        changed: Told of each change.

    Attributes:
        credits: The balance: held and available together; falls when a hold is committed.
        billing_mode: An ``exempt`` team is never charged nor refused.
    """

    __slots__ = ("_changed", "_holds", "_number", "billing_mode", "credits")

    def __init__(
        self,
        credits: float,  # noqa: A002 - the vendor's word
        billing_mode: BillingMode = "metered",
        changed: Callable[[str], object] = str,
    ) -> None:
        self.credits = credits
        self.billing_mode: BillingMode = billing_mode
        self._holds: dict[int, float] = {}
        self._number = 0
        self._changed = changed

    @property
    def held(self) -> float:
        """Credits held for work that is under way."""
        return sum(self._holds.values())

    @property
    def available(self) -> float:
        """Credits that new work can use."""
        return self.credits - self.held

    def hold(self, amount: float, code: str) -> int:
        """Hold *amount* credits and return the number of the hold.

        Raises:
            ApiProblem: 402 *code*, where too little is available; nothing has happened then (cred-3).
        """
        if self.billing_mode == "exempt":
            amount = 0
        elif amount > self.available:
            message = say.NO_CREDITS.format(available=_as_documented(self.available), needed=_as_documented(amount))
            raise ApiProblem(402, code, message)
        self._number += 1
        self._holds[self._number] = amount
        if amount:
            self._changed(f"held credits {plain(self.held - amount)} -> {plain(self.held)}")
        return self._number

    def commit(self, hold: int) -> None:
        """Charge a hold: the work succeeded."""
        amount = self._holds.pop(hold)
        self.credits -= amount
        if amount:
            self._changed(f"credits {plain(self.credits + amount)} -> {plain(self.credits)}")

    def release(self, hold: int) -> None:
        """Give a hold back: the work failed or was cancelled."""
        amount = self._holds.pop(hold)
        if amount:
            self._changed(f"held credits {plain(self.held + amount)} -> {plain(self.held)}, released")

    def state(self) -> tuple[float, BillingMode, dict[int, float], int]:
        """Return what `restore` takes."""
        return self.credits, self.billing_mode, dict(self._holds), self._number

    def restore(self, state: tuple[float, BillingMode, dict[int, float], int]) -> None:
        """Go back to a `state`."""
        self.credits, self.billing_mode, holds, self._number = state
        self._holds = dict(holds)
