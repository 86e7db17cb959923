"""Styles of images and videos, which the vendor calls LoRAs: the records, four endpoints and the live records."""

from __future__ import annotations

from .calls import ENDPOINTS, require_style
from .live import Lora, Loras, VideoLora, VideoLoras
from .record import LoraRow, VideoLoraRow

__all__ = ("ENDPOINTS", "Lora", "LoraRow", "Loras", "VideoLora", "VideoLoraRow", "VideoLoras", "require_style")
