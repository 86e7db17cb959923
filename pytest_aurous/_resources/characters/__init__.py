"""Characters: the record, its state machine, eight endpoints, and the live records."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import Character, Characters
from .machine import LIFECYCLE, enter, require_ready
from .record import CharacterRow

__all__ = ("ENDPOINTS", "LIFECYCLE", "Character", "CharacterRow", "Characters", "enter", "require_ready")
