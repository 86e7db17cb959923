"""Generations: images and videos are one kind of record, with one machine, one history and one price list."""

from __future__ import annotations

from .collections import Images, Videos
from .live import Image, Video
from .machine import IMAGES, VIDEOS
from .record import GenerationRow

__all__ = ("IMAGES", "VIDEOS", "GenerationRow", "Image", "Images", "Video", "Videos")
