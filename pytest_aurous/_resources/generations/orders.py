"""What an order of an image and one of a video have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..._framework.endpoint import Context
from ..._framework.fields import boolean, integer, is_https, text, url
from ..._framework.schema import obj
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem
from ..files import require_file
from . import machine
from .record import AMOUNT, BREAKDOWN, render

__all__ = ("ERRORS", "ESTIMATE", "FIELDS", "creation", "draw_seed", "estimation", "require_picture")

FIELDS: Final = {
    "prompt": text(4000),
    "seed": integer(-1, 2**63 - 1),
    "enhance_prompt": boolean,
    "webhook_url": url(2048),
}
"""What both take."""
ERRORS: Final = (
    "400 character_not_ready",
    "400 invalid_format",
    "400 invalid_request",
    "400 missing_field",
    "400 mutually_exclusive_input",
    "400 parameter_invalid_combination",
    "400 unsupported_lora_for_mode",
    "400 value_out_of_range",
    "404 resource_not_found",
)
ESTIMATE: Final = obj(
    object={"const": "estimate"},
    estimated_cost=obj(amount=AMOUNT, breakdown=BREAKDOWN),
    currency={"const": "credit"},
)

Read = Callable[[Context], tuple[dict[str, Any], dict[str, Any]]]
"""Reads the body of an order: the columns that it tells, and the price."""


def creation(media_type: str, read: Read) -> Callable[[Context], dict[str, Any]]:
    """Return the handler that takes an order."""

    def create(ctx: Context) -> dict[str, Any]:
        """Hold the price, and start the work (cred-2, cred-3)."""
        told, price = read(ctx)
        hold = ctx.world.ledgers[ctx.team].hold(price["amount"], "balance_too_low")
        row = machine.add(ctx.world, ctx.team, media_type, price, hold=hold, creation_request_id=ctx.request_id, **told)
        return render(ctx.world, row)

    return create


def estimation(read: Read) -> Callable[[Context], dict[str, Any]]:
    """Return the handler that only says what an order would cost (img-9)."""

    def estimate(ctx: Context) -> dict[str, Any]:
        """Tell the price."""
        _, price = read(ctx)
        cost = {"amount": price["amount"], "breakdown": price["breakdown"]}
        return {"object": "estimate", "estimated_cost": cost, "currency": price["currency"]}

    return estimate


def draw_seed(ctx: Context, sent: int | None) -> int:
    """Return the seed that was sent, or one of chance."""
    return ctx.world.random.randrange(2**31) if sent in {None, -1} else int(sent or 0)


def require_picture(ctx: Context, reference: str, param: str) -> None:
    """Refuse a picture that is neither a file of the team nor a public URL."""
    if reference.startswith("file_"):
        require_file(ctx.world, ctx.team, reference, param)
    elif not is_https(reference):
        raise ApiProblem(400, "invalid_format", say.NO_PICTURE.format(param=param, got=reference), param)
