"""The account: the team, and the price list."""

from __future__ import annotations

from typing import Any, Final

from .._endpoint import Context, Endpoint
from .._version import VERSION
from .generations.videos import FACTORS, PER_SECOND
from .team import TeamRow

__all__ = ("ENDPOINTS",)


def team(ctx: Context) -> dict[str, Any]:
    """GET /v1/team."""
    row = ctx.world.table(TeamRow)[ctx.team]
    return {
        "id": row.id,
        "name": row.name,
        "credits": ctx.world.ledgers[row.id].credits,
        "created_at": row.created_at,
        "billing_email": f"billing@{row.name.lower().replace(' ', '-')}.example",
    }


def pricing(ctx: Context) -> dict[str, Any]:
    """GET /v1/pricing."""
    del ctx
    return {
        "object": "pricing",
        "version": VERSION,
        "currency": "credit",
        "description": "Rates of images and videos. A team may have others: ask an estimate.",
        "image": {"base": 1, "enhance_prompt_multiplier": 2, "reference_image_per_image": 0},
        "video": {"base_per_second": PER_SECOND, "resolution_factor": FACTORS},
    }


ENDPOINTS: Final = (
    Endpoint("team.retrieve", "GET", "/v1/team", team, bucket="reads"),
    Endpoint("pricing.retrieve", "GET", "/v1/pricing", pricing, bucket="reads", rules=("cred-4",)),
)
