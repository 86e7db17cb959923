"""Generations: images and videos are one kind of record, with one state machine and one history."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import Image, Images, Video, Videos
from .machine import IMAGES, VIDEOS, enter
from .record import GenerationRow

__all__ = ("ENDPOINTS", "IMAGES", "VIDEOS", "GenerationRow", "Image", "Images", "Video", "Videos", "enter")
