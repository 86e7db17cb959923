"""The replay: each recorded request is sent to a fresh fake, whose state follows what the recording shows.

Begin with `replay.py`, whose order of steps is the algorithm; `follower.py` is that fake, and the only module here that
knows the core.
It must not know what a difference means: that is `compare.py` and `rules.py`, one folder up.
"""

from __future__ import annotations

from .replay import Replay
from .replayed import SHARED, Replayed

__all__ = ("SHARED", "Replay", "Replayed")
