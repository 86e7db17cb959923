"""Credits: what a team has, what is held for running work, and what was charged (cred-1 to cred-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Final, Literal

from .._wire import messages as say
from .._wire.refusal import ApiProblem
from .undo import Undo

__all__ = ("BillingMode", "Ledger", "exact", "json_number", "plain", "product", "total")

BillingMode = Literal["metered", "exempt"]

# A context of our own: whatever precision the code under test sets for its thread, nothing here is rounded.
# The digits are enough for every float.
_CONTEXT: Final = Context(prec=400, rounding=ROUND_HALF_UP)
_add: Final = _CONTEXT.add
_subtract: Final = _CONTEXT.subtract
_multiply: Final = _CONTEXT.multiply
_DECIMALS: Final = -6
_SMALLEST: Final = Decimal(1).scaleb(_DECIMALS)


def exact(amount: Decimal | float) -> Decimal:
    """Return an amount of credits as a decimal number, rounded to a millionth of a credit.

    A float counts as its shortest decimal text, so 19.425 is exactly that, and ``3 * 6.475`` is, too.
    """
    number = Decimal(str(amount))
    fine = number.as_tuple().exponent
    return _CONTEXT.quantize(number, _SMALLEST) if isinstance(fine, int) and fine < _DECIMALS else number


def product(*factors: float) -> Decimal:
    """Multiply without an error of floats."""
    return exact(reduce(_multiply, map(exact, factors)))


def total(amounts: Iterable[Decimal | float]) -> Decimal:
    """Add without an error of floats."""
    return reduce(_add, map(exact, amounts), Decimal(0))


def json_number(amount: Decimal) -> float:
    """Return an amount as a plain number for JSON and for tests: an int where only whole numbers took part."""
    exponent = amount.as_tuple().exponent
    return float(amount) if isinstance(exponent, int) and exponent < 0 else int(amount)


def plain(amount: Decimal | float) -> str:
    """Write an amount of credits with no more decimals than it needs."""
    text = f"{exact(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_documented(amount: Decimal) -> str:
    """Write an amount as the vendor's messages do, whose example is ``2.0`` (err-7)."""
    text = plain(amount)
    return text if "." in text else f"{text}.0"


class Ledger:
    """The credits of one team, all as exact decimal numbers. Its callers hold the fake's lock.

    Args:
        credits: The balance at the start.
        billing_mode: ``metered`` or ``exempt``.
        changed: Called with a text for each change.
        undo: Takes changes back.

    Attributes:
        credits: The balance: held and available together; falls when a hold is committed.
        held: Credits held for work that is under way.
        billing_mode: An ``exempt`` team is never charged nor refused.
    """

    __slots__ = ("_changed", "_holds", "_number", "_undo", "billing_mode", "credits", "held")

    def __init__(
        self,
        credits: Decimal | float,  # noqa: A002 - the vendor's word
        billing_mode: BillingMode = "metered",
        changed: Callable[[str], object] = str,
        undo: Undo | None = None,
    ) -> None:
        self.credits: Decimal = exact(credits)
        self.held: Decimal = Decimal(0)
        self.billing_mode: BillingMode = billing_mode
        self._holds: dict[int, Decimal] = {}
        self._number = 0
        self._changed = changed
        self._undo = undo or Undo()

    @property
    def available(self) -> Decimal:
        """Credits that new work can use."""
        return _subtract(self.credits, self.held)

    def hold(self, amount: Decimal | float, code: str) -> int:
        """Hold *amount* credits and return the number of the hold.

        Raises:
            ApiProblem: 402 *code*, where too little is available; nothing has happened then (cred-3).
        """
        price = exact(amount)
        if self.billing_mode == "exempt":
            price = Decimal(0)
        elif price > self.available:
            message = say.NO_CREDITS.format(available=_as_documented(self.available), needed=_as_documented(price))
            raise ApiProblem(402, code, message)
        self._undo.attributes(self, "_number")
        self._number += 1
        self._undo.item(self._holds, self._number)
        self._holds[self._number] = price
        self._hold(_add(self.held, price))
        return self._number

    def commit(self, hold: int) -> None:
        """Charge a hold: the work succeeded."""
        self._undo.item(self._holds, hold)
        self._undo.attributes(self, "credits", "held")
        price = self._holds.pop(hold)
        before = self.credits
        self.held = self._without(price)
        self.credits = _subtract(before, price)
        if price:
            self._changed(f"credits {plain(before)} -> {plain(self.credits)}")

    def release(self, hold: int) -> None:
        """Give a hold back: the work failed or was cancelled."""
        self._undo.item(self._holds, hold)
        self._hold(self._without(self._holds.pop(hold)), ", released")

    def _without(self, price: Decimal) -> Decimal:
        return _subtract(self.held, price) if self._holds else Decimal(0)

    def _hold(self, held: Decimal, why: str = "") -> None:
        self._undo.attributes(self, "held")
        before, self.held = self.held, held
        if held != before:
            self._changed(f"held credits {plain(before)} -> {plain(held)}{why}")

    def state(self) -> tuple[Decimal, Decimal, BillingMode, dict[int, Decimal], int]:
        """Return what `restore` takes."""
        return self.credits, self.held, self.billing_mode, dict(self._holds), self._number

    def restore(self, state: tuple[Decimal, Decimal, BillingMode, dict[int, Decimal], int]) -> None:
        """Go back to a `state`."""
        self.credits, self.held, self.billing_mode, holds, self._number = state
        self._holds = dict(holds)
