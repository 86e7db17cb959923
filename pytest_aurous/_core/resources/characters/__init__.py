"""Characters: the record, its state machine, eight endpoints, and the live records."""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .machine import LIFECYCLE, enter, require_ready
from .record import Character, Characters
from .row import CharacterRow

__all__ = ("ENDPOINTS", "LIFECYCLE", "Character", "CharacterRow", "Characters", "enter", "require_ready")
