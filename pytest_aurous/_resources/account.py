"""The team and the price list."""

from __future__ import annotations

from typing import Any, Final

from .._framework.endpoint import Context, Endpoint
from .._framework.schema import obj
from .._wire.version import VERSION
from .._world.ledger import json_number
from .generations.videos import FACTORS, PER_SECOND
from .team import TeamRow


def team(ctx: Context) -> dict[str, Any]:
    """GET /v1/team."""
    row = ctx.world.table(TeamRow)[ctx.team]
    return {
        "id": row.id,
        "name": row.name,
        "credits": json_number(ctx.world.accounts[row.id].credits),
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


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_TEAM: Final = obj(
    id={**_TEXT, "description": "`team_` and a ULID."},
    name={**_TEXT, "description": "Display name."},
    credits={**_NUMBER, "description": "The balance, including held credits."},
    created_at={**_TEXT, "description": "ISO 8601."},
    billing_email={**_TEXT, "description": "Derived from the name."},
)
_PRICING: Final = obj(
    object={"const": "pricing", "description": "Always `pricing`."},
    version={**_TEXT, "description": "The version of the API."},
    currency={"const": "credit", "description": "The unit of all prices."},
    description={**_TEXT, "description": "Text for people."},
    image={
        **obj(base=_NUMBER, enhance_prompt_multiplier=_NUMBER, reference_image_per_image=_NUMBER),
        "description": "Prices of an image.",
    },
    video={
        **obj(base_per_second=_NUMBER, resolution_factor=obj(**dict.fromkeys(FACTORS, _NUMBER))),
        "description": "Price of a second, and a factor for each resolution.",
    },
)

ENDPOINTS: Final = (
    Endpoint("team.retrieve", "GET", "/v1/team", team, bucket="reads", shape=_TEAM),
    Endpoint("pricing.retrieve", "GET", "/v1/pricing", pricing, bucket="reads", shape=_PRICING, rules=("cred-4",)),
)
