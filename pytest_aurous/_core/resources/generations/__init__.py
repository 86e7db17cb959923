"""Generations: images and videos are one kind of record, with one state machine and one history."""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .machine import IMAGES, VIDEOS, enter
from .record import Image, Images, Video, Videos
from .row import RUNNING, GenerationRow

__all__ = ("ENDPOINTS", "IMAGES", "RUNNING", "VIDEOS", "GenerationRow", "Image", "Images", "Video", "Videos", "enter")
