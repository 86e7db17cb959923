"""The replay: each recorded request is sent to a fresh fake, whose state follows what the recording shows."""

from __future__ import annotations

from .replay import Replay
from .replayed import SHARED, Replayed

__all__ = ("SHARED", "Replay", "Replayed")
