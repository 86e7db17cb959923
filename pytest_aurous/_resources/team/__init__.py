"""Teams: the record, the balance endpoint, and the keys that a test holds."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import ApiKey
from .record import TeamRow, create_team

__all__ = ("ENDPOINTS", "ApiKey", "TeamRow", "create_team")
