"""Characters: what is stored, the states, the endpoints, and what a test holds.

Begin with `row.py`, then `machine.py`; in `endpoints.py`, each endpoint stands above its function.
It must not know images, or anything else that uses a character.
"""

from __future__ import annotations

from .endpoints import ENDPOINTS
from .machine import enter, require_ready
from .record import Character, Characters
from .row import LIFECYCLE, CharacterRow

__all__ = ("ENDPOINTS", "LIFECYCLE", "Character", "CharacterRow", "Characters", "enter", "require_ready")
