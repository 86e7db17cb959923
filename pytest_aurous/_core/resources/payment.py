"""Paying for work: when a request orders it, and when it has succeeded (cred-2)."""

from __future__ import annotations

from decimal import Decimal

from ..world.world import World
from .webhooks import check_balance


def pay(world: World, team: str, amount: Decimal | float, code: str) -> int:
    """Hold the credits for ordered work, or spend them at once, and return the number of the hold.

    Raises:
        ApiProblem: 402 *code*, if too little is available (cred-3).
    """
    before = world.accounts[team].credits
    hold = world.ledger(team).hold(amount, code)
    _warn(world, team, before, world.clock.time())
    return hold


def charge(world: World, team: str, hold: int, at: float, amount: Decimal | None = None) -> Decimal:
    """Charge a hold, or an *amount* in its place, and return what was charged: the work succeeded."""
    before = world.accounts[team].credits
    charged = world.ledger(team).commit(hold, amount)
    _warn(world, team, before, at)
    return charged


def _warn(world: World, team: str, before: Decimal, at: float) -> None:
    if world.accounts[team].credits < before:
        check_balance(world, team, at)
