"""What requests, images, videos and styles share: fields whose enums and bounds the columns state, too."""

from __future__ import annotations

from typing import Final

from .base.fields import integer, number, one_of, text

TIERS: Final = {"2k": 2048, "4k": 4096}
ASPECTS: Final = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (21, 9))
RATIOS: Final = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1), "3:4": (3, 4), "9:16": (9, 16), "21:9": (21, 9)}
FACTORS: Final = {"480p": 1, "720p": 1.5, "1080p": 2.5}
"""The price of each resolution of a video."""
SIDES: Final = (1024, 4096)
PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 4096
"""Of the sides of a file."""

PROMPT: Final = text(4000)
SIDE: Final = integer(*SIDES)
SIZE: Final = one_of(tuple(f"{tier}_{wide}_{high}" for tier in TIERS for wide, high in ASPECTS))
STEPS: Final = integer(1, 100)
GUIDANCE: Final = number(0.1, 30)
SHARE: Final = number(0, 1)
COUNT: Final = integer(1, 4)
SEED: Final = integer(-1, 2**63 - 1)
RESOLUTION: Final = one_of(tuple(FACTORS))
RATIO: Final = one_of(tuple(RATIOS))
DURATION: Final = number(2, 12)
