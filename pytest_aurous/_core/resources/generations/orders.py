"""What create requests for images and videos have in common."""

from __future__ import annotations

from typing import Any, Final

from ...wire import messages as say
from ...wire.refusal import ApiProblem
from ..base.endpoint import Context
from ..base.fields import Reader, boolean, is_https, optional, url
from ..files import require_file
from ..media import PROMPT, SEED

FIELDS: Final[dict[str, Reader]] = {
    "prompt": PROMPT,
    "seed": optional(SEED, note="By default drawn, as for -1."),
    "enhance_prompt": optional(boolean, default=False),
    "webhook_url": url(2048),
}
"""The fields of both."""


def cost_of(base: float, enhance: float = 0) -> dict[str, Any]:
    """Return the ``cost`` of a generation, in credits (cred-4)."""
    return {"amount": base + enhance, "currency": "credit", "breakdown": {"base": base, "enhance": enhance}}


def draw_seed(ctx: Context, sent: int | None) -> int:
    """Return the seed that was sent; draw one for None and -1."""
    return ctx.world.random.randrange(2**31) if sent is None or sent == -1 else sent


def require_picture(ctx: Context, reference: str, param: str) -> None:
    """Refuse a reference that is neither a file of the team nor an https URL."""
    if reference.startswith("file_"):
        require_file(ctx.world, ctx.team, reference, param)
    elif not is_https(reference):
        raise ApiProblem(400, "invalid_format", say.NO_PICTURE.format(param=param, got=reference), param)
