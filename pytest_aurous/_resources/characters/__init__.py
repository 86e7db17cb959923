"""Characters: the record, its machine, the ten calls, and what a test sees of them."""

from __future__ import annotations

from .calls import ENDPOINTS
from .live import Character, Characters
from .machine import LIFECYCLE, require_ready
from .record import CharacterRow

__all__ = ("ENDPOINTS", "LIFECYCLE", "Character", "CharacterRow", "Characters", "require_ready")
