"""Amounts of credits: exact decimal numbers, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Final

# A context of our own: whatever precision the code under test sets for its thread, nothing here is rounded.
# The digits are enough for every float.
CONTEXT: Final = Context(prec=400, rounding=ROUND_HALF_UP)
# One of a million tokens, at a rate with two decimals: the vendor charges nothing finer.
_DECIMALS: Final = -8
_SMALLEST: Final = Decimal(1).scaleb(_DECIMALS)


def exact(amount: Decimal | float) -> Decimal:
    """Return an amount of credits as a decimal number, rounded to eight decimals.

    A float counts as its shortest decimal text, so 19.425 is exactly that, and ``3 * 6.475`` is, too.
    """
    number = Decimal(str(amount))
    fine = number.as_tuple().exponent
    return CONTEXT.quantize(number, _SMALLEST) if isinstance(fine, int) and fine < _DECIMALS else number


def total(amounts: Iterable[Decimal | float]) -> Decimal:
    return reduce(CONTEXT.add, map(exact, amounts), Decimal(0))


def product(*factors: float) -> Decimal:
    return exact(reduce(CONTEXT.multiply, map(exact, factors)))


def json_number(amount: Decimal) -> float:
    """Return an amount as a plain number for JSON and for tests: an int where only whole numbers took part."""
    exponent = amount.as_tuple().exponent
    return float(amount) if isinstance(exponent, int) and exponent < 0 else int(amount)


def plain(amount: Decimal | float) -> str:
    """Write an amount of credits without trailing zeros."""
    text = f"{exact(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
