"""Uploads: the ticket, its three calls, and what a test sees of it."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import Upload, Uploads
from .record import POSES, UploadRow, take_tickets

__all__ = ("ENDPOINTS", "POSES", "Upload", "UploadRow", "Uploads", "take_tickets")
