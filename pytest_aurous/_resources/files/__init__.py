"""Files: the record, its three calls, and what a test sees of it."""

from __future__ import annotations

from .calls import ENDPOINTS, FileRow, require_file
from .live import File, Files

__all__ = ("ENDPOINTS", "File", "FileRow", "Files", "require_file")
