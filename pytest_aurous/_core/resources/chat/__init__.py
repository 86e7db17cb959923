"""Chat completions: the record, its end and its stream, what the model says, and the endpoints.

Begin with `row.py`; `request.py` reads what a client sends, `replies.py` decides what the model says.
It must not know characters or images.
"""

from __future__ import annotations

from . import replies
from .endpoints import ENDPOINTS
from .record import Chat, Completion, Completions
from .replies import ScriptedReply, unused
from .row import CompletionRow, seen_at

__all__ = (
    "ENDPOINTS",
    "Chat",
    "Completion",
    "CompletionRow",
    "Completions",
    "ScriptedReply",
    "replies",
    "seen_at",
    "unused",
)
