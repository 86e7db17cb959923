"""Usage: buckets and events, computed from what the fake has billed."""

from __future__ import annotations

from .endpoints import ENDPOINTS

__all__ = ("ENDPOINTS",)
