from collections.abc import Callable
from typing import Any

import pytest

from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.ledger import BillingMode, Ledger
from pytest_aurous._core.world.state import State


def opened(
    credits: float,  # noqa: A002 - the vendor's word
    billing_mode: BillingMode = "metered",
    changed: Callable[[str], object] = str,
) -> Ledger:
    ledger = Ledger(State(), "a", changed)
    ledger.open(credits, billing_mode)
    return ledger


@pytest.fixture(name="ledger")
def _ledger() -> Ledger:
    return opened(10)


def balance(ledger: Ledger) -> tuple[Any, ...]:
    account = ledger.account
    return account.credits, account.held, account.available


def test_cred_2_success_charges_the_hold(ledger: Ledger) -> None:
    """A commit takes what was held from the balance, once."""
    hold, other = ledger.hold(4, "x"), ledger.hold(1, "x")
    ledger.commit(hold)

    assert balance(ledger) == (6, 1, 5)
    assert hold != other
    with pytest.raises(KeyError):
        ledger.commit(hold)


@pytest.mark.parametrize("settle", [Ledger.commit, Ledger.release])
def test_cred_2_credits_that_are_spent_at_once_are_never_held(settle: Callable[[Ledger, int], None]) -> None:
    """The hold is empty, so that neither a success nor a failure changes anything, and each change is noted once."""
    noted: list[str] = []
    ledger = Ledger(State(), "a", noted.append, at_create=True)
    ledger.open(10)

    hold = ledger.hold(4, "x")
    assert balance(ledger) == (6, 0, 6)
    settle(ledger, hold)

    assert balance(ledger) == (6, 0, 6)
    assert noted == ["credits 10 -> 6"]
    with pytest.raises(KeyError):
        settle(ledger, hold)


def test_each_change_is_told() -> None:
    """With what it was before; what is refused has changed nothing."""
    told: list[str] = []
    ledger = opened(10, changed=told.append)
    hold, other = ledger.hold(4, "x"), ledger.hold(1.5, "x")
    with pytest.raises(ApiProblem):
        ledger.hold(8, "x")
    ledger.commit(hold)
    ledger.release(other)

    assert told == [
        "held credits 0 -> 4",
        "held credits 4 -> 5.5",
        "credits 10 -> 6",
        "held credits 1.5 -> 0, released",
    ]


def test_large_amounts_are_told_to_the_last_credit() -> None:
    """Not rounded to a few digits."""
    told: list[str] = []
    ledger = opened(12_345_678.5, changed=told.append)
    ledger.commit(ledger.hold(4, "x"))

    assert told[-1] == "credits 12345678.5 -> 12345674.5"
