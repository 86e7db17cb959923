"""Generations: images and videos are one kind of record, with one state machine and one history.

Begin with `row.py`, then `machine.py`; `orders.py` reads requests and knows prices.
It must not know chats.
"""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .machine import enter
from .record import Image, Images, Video, Videos
from .row import IMAGES, VIDEOS, GenerationRow

__all__ = ("ENDPOINTS", "IMAGES", "VIDEOS", "GenerationRow", "Image", "Images", "Video", "Videos", "enter")
