"""Files: the record, three endpoints, and the live records."""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .record import File, Files
from .row import FileRow, require_file

__all__ = ("ENDPOINTS", "File", "FileRow", "Files", "require_file")
