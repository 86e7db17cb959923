"""Pitfalls: misuse of the API that the code under test got away with."""

from __future__ import annotations

from .kinds import KINDS
from .watch import Pitfall, Pitfalls

__all__ = ("KINDS", "Pitfall", "Pitfalls")
