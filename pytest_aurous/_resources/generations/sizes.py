"""Sizes and prices of images (img-2, img-3, cred-4)."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, missing_field
from .orders import cost_of

GRID: Final = 32
SIDES: Final = (1024, 4096)
_TIERS: Final = {"2k": 2048, "4k": 4096}
_RATIOS: Final = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (21, 9))


def snapped(pixels: float) -> int:
    """Return the nearest multiple of 32."""
    return int((pixels + GRID / 2) // GRID * GRID)


def _preset(side: int, wide: int, high: int) -> tuple[int, int]:
    unit = side / sqrt(wide * high)  # the same area as the square
    return snapped(wide * unit), snapped(high * unit)


PRESETS: Final = {
    f"{tier}_{wide}_{high}": _preset(side, wide, high) for tier, side in _TIERS.items() for wide, high in _RATIOS
}
"""Width and height of each ``size``: ``2k_1_1`` is documented, the others have about the same area (A)."""


def measured(sent: dict[str, Any]) -> tuple[int, int, str | None]:
    """Remove width, height and size from *sent*, and return width, height and preset (img-3).

    Raises:
        ApiProblem: 400 for one side without the other, or for sides together with a size.
    """
    width, height, size = sent.pop("width", None), sent.pop("height", None), sent.pop("size", None)
    if size is not None and (width is not None or height is not None):
        raise ApiProblem(400, "parameter_invalid_combination", say.SIZE_TWICE, "size")
    if width is None and height is None:
        size = size or "2k_1_1"
        return *PRESETS[size], size
    if width is None or height is None:
        raise missing_field("width" if width is None else "height")
    return snapped(width), snapped(height), None


def price_of(count: int, *, enhance: bool) -> dict[str, Any]:
    """Return the cost of *count* pictures (cred-4)."""
    return cost_of(count, count if enhance else 0)
