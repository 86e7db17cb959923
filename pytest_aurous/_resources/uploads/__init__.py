"""Uploads: the ticket, three endpoints, and the live records."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import Upload, Uploads
from .record import POSES, UploadRow, take_tickets

__all__ = ("ENDPOINTS", "POSES", "Upload", "UploadRow", "Uploads", "take_tickets")
