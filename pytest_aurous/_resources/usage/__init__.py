"""Usage: buckets and events, computed from the generations of the fake."""

from __future__ import annotations

from .endpoints import ENDPOINTS

__all__ = ("ENDPOINTS",)
