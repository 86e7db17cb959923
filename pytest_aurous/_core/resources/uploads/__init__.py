"""Uploads: the ticket, three endpoints, and the live records."""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .record import Upload, Uploads
from .row import POSES, UploadRow, take_tickets

__all__ = ("ENDPOINTS", "POSES", "Upload", "UploadRow", "Uploads", "take_tickets")
