"""The team as the fake stores it."""

from __future__ import annotations

from dataclasses import dataclass

from ..._framework.schema import column
from ..._time.clock import iso
from ..._world.ledger import BillingMode
from ..._world.world import World


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """A stored team; its credits are in its ledger."""

    id: str
    name: str
    created_at: str
    team: str = column(hidden=True, default="")


def create_team(world: World, name: str, credits: float, billing_mode: BillingMode = "metered") -> str:  # noqa: A002 - the vendor's word
    """Create a team with its ledger and return its id."""
    row = world.table(TeamRow).insert(TeamRow(id=world.ids.new("team"), name=name, created_at=iso(world.clock.time())))
    world.ledger(row.id).open(credits, billing_mode)
    return row.id
