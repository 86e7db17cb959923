"""The balance endpoint."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.endpoint import Context, Endpoint
from ..._framework.schema import obj
from ..._world.ledger import json_number


def balance(ctx: Context) -> dict[str, Any]:
    """GET /v1/balance (cred-1)."""
    ledger = ctx.world.accounts[ctx.team]
    return {
        "credits": json_number(ledger.credits),
        "held_credits": json_number(ledger.held),
        "available_credits": json_number(ledger.available),
        "currency": "credit",
        "billing_mode": ledger.billing_mode,
    }


_NUMBER: Final = {"type": "number"}
_BALANCE: Final = obj(
    credits={**_NUMBER, "description": "The balance of the team, including held credits."},
    held_credits={**_NUMBER, "description": "Held for work in progress."},
    available_credits={**_NUMBER, "description": "The balance without held credits."},
    currency={"const": "credit", "description": "The unit of all amounts."},
    billing_mode={"enum": ["metered", "exempt"], "description": "An exempt team is never charged and never refused."},
)

ENDPOINTS: Final = (
    Endpoint("balance.retrieve", "GET", "/v1/balance", balance, bucket="reads", shape=_BALANCE, rules=("cred-1",)),
)
