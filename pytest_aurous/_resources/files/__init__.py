"""Files: the record, three endpoints, and the live records."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import File, Files
from .record import FileRow, require_file

__all__ = ("ENDPOINTS", "File", "FileRow", "Files", "require_file")
